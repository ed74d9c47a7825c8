"""``narrate render`` from a manuscript to finished files, on the embedded voice."""

from __future__ import annotations

import errno
import hashlib
import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import av
import pytest

from pipeline import workflow
from pipeline.errors import StorageError
from pipeline.render.events import TakeMade
from pipeline.reports.run_record import RunRecord
from pipeline.reports.unchanged import nothing_to_do
from pipeline.store.files import storage_error
from pipeline.store.locking import project_lock
from pipeline.store.takes import TakeStore

from .conftest import MANIFEST, MANUSCRIPT, Narrate


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "run.json"
    }


def record(project: Path) -> RunRecord:
    return RunRecord.model_validate_json((project / "build" / "run.json").read_bytes())


def test_a_project_becomes_a_book_with_chapters_and_captions_in_sync(narrate: Narrate, project: Path) -> None:
    result = narrate("render", project)
    assert result.returncode == 0, result.stderr
    assert "build/ada-and-the-lamp.m4b" in result.stdout
    build = project / "build"
    timeline = json.loads((build / "timeline.json").read_bytes())
    with av.open(build / "ada-and-the-lamp.m4b") as book:
        marks = [
            (chapter["metadata"]["title"], float(chapter["start"] * chapter["time_base"]))
            for chapter in book.chapters()
        ]
        samples = sum(frame.samples for frame in book.decode(audio=0))
    starts = [chapter["start_sample"] / 24_000 for chapter in timeline["chapters"]]
    assert [title for title, _ in marks] == ["The Lamp", "The Stairs"]
    assert [start for _, start in marks] == pytest.approx(starts, abs=0.001)
    assert samples == pytest.approx(sum(chapter["samples"] for chapter in timeline["chapters"]), abs=1024)
    captions = (build / "ada-and-the-lamp.srt").read_text(encoding="utf-8")
    assert "9th of May" in captions
    assert "163 steps" in captions
    for file in record(project).files:
        data = (build / file.path).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file.size_bytes, file.sha256)


def test_a_second_render_makes_nothing_and_touches_nothing(narrate: Narrate, project: Path) -> None:
    narrate("render", project)
    before = {path: path.stat().st_mtime_ns for path in (project / "build").rglob("*") if path.name != "run.json"}
    result = narrate("render", project)
    assert result.returncode == 0
    assert "nothing to do" in result.stdout
    assert "0 takes made" in result.stdout
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_whatever_an_output_depends_on_is_noticed(narrate: Narrate, project: Path) -> None:
    narrate("render", project)
    lost = project / "build" / "mp3" / "1-the-lamp.mp3"
    lost.unlink()
    assert "nothing to do" not in narrate("render", project).stdout
    assert lost.exists()
    assert "nothing to do" in narrate("render", project).stdout
    for path, text in [
        ("book.md", MANUSCRIPT.replace("163", "164")),
        ("project.yaml", MANIFEST.replace("A. T", "B. T")),
    ]:
        (project / path).write_text(text, encoding="utf-8")
        assert "nothing to do" not in narrate("render", project).stdout
        assert "nothing to do" in narrate("render", project).stdout


def test_a_take_that_has_gone_is_made_again_as_the_plan_says(narrate: Narrate, project: Path) -> None:
    narrate("render", project)
    next((project / ".narration" / "takes").rglob("*.flac")).unlink()
    assert "1 of 4 segments" in narrate("plan", project).stdout
    result = narrate("render", project)
    assert "1 take made, 3 reused" in result.stdout
    assert narrate("verify", project).returncode == 0


def test_an_output_that_is_no_longer_asked_for_is_called_so(narrate: Narrate, project: Path) -> None:
    narrate("render", project)
    (project / "project.yaml").write_text(f"{MANIFEST}outputs: [{{format: mp3}}]\n", encoding="utf-8")
    told = narrate("render", project).stdout
    assert "  stale: ada-and-the-lamp.srt (no longer an output; `narrate clean`" in told
    assert "  stale: srt/  2 files (no longer an output; `narrate clean`" in told
    assert told.count("stale:") == 3, "of a folder's files one line tells"


def test_force_assembles_the_same_bytes_and_makes_no_take(narrate: Narrate, project: Path) -> None:
    narrate("render", project)
    before = hashes(project / "build")
    result = narrate("render", "--force", project)
    assert result.returncode == 0
    assert hashes(project / "build") == before
    assert record(project).takes_made == 0


def test_an_edit_remakes_its_segment_and_its_chapter_only(narrate: Narrate, project: Path) -> None:
    narrate("render", project)
    before = hashes(project / "build")
    (project / "book.md").write_text(MANUSCRIPT.replace("twice", "thrice"), encoding="utf-8")
    assert narrate("render", project).returncode == 0
    after = hashes(project / "build")
    changed = {path for path in after if after[path] != before.get(path)}
    assert record(project).takes_made == 1
    assert changed == {
        "ada-and-the-lamp.m4b", "ada-and-the-lamp.srt", "timeline.json",
        "mp3/2-the-stairs.mp3", "srt/2-the-stairs.srt", "text/the-stairs.txt", "index.html",
    }  # fmt: skip


def test_pauses_tags_and_bitrates_make_no_take(narrate: Narrate, project: Path) -> None:
    narrate("render", project)
    (project / "project.yaml").write_text(
        MANIFEST.replace("A. Tester", "B. Tester")
        + "pauses: {paragraph_ms: 1200}\noutputs: [{format: mp3, bitrate_kbps: 96}, {format: srt}]\n",
        encoding="utf-8",
    )
    result = narrate("render", project)
    assert result.returncode == 0
    assert record(project).takes_made == 0
    assert record(project).stale == ("ada-and-the-lamp.m4b",)
    assert "stale" in result.stdout


def test_chosen_chapters_leave_the_book_alone(narrate: Narrate, project: Path) -> None:
    result = narrate("render", "--chapters", "the-stairs", project)
    assert result.returncode == 0
    assert [file.path for file in record(project).files] == [
        "mp3/2-the-stairs.mp3", "srt/2-the-stairs.srt", "text/the-stairs.txt"]  # fmt: skip
    assert not (project / "build" / "ada-and-the-lamp.m4b").exists()
    assert narrate("render", "--chapters", "the-stars", project).returncode == 2


def test_events_are_json_lines_for_machines(narrate: Narrate, project: Path) -> None:
    result = narrate("render", "--events", "json", project)
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert events[0]["event"] == "render_started"
    made = [event for event in events if event["event"] == "take_made"]
    assert len(made) == events[0]["to_make"]
    assert {event["event"] for event in events} >= {"assembly_started", "file_written"}


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_can_be_resumed(narrate: Narrate, project: Path, kind: signal.Signals) -> None:
    paragraphs = "\n\n".join(f"{number} lamps were lit, and {number} went out. " * 12 for number in range(60))
    (project / "book.md").write_text(f"# The Lamps\n\n{paragraphs}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pipeline.cli.main", "render", "--events", "json", str(project)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if '"take_made"' in line:
                break
        process.send_signal(kind)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "run the same command to go on" in errors
    assert "Traceback" not in errors
    kept = len(list((project / ".narration" / "takes").rglob("*.json")))
    assert kept >= 1
    assert not list(project.rglob("*.part*"))
    plan = json.loads(narrate("plan", "--json", project).stdout)
    assert plan["totals"]["stored"] >= kept
    assert plan["totals"]["to_make"] > 0


def test_two_runs_on_one_project_do_not_meet(narrate: Narrate, project: Path) -> None:
    from pipeline.store.locking import project_lock

    with project_lock(project / ".narration"):
        result = narrate("render", project)
    assert result.returncode == 7
    assert "another run is at work" in result.stderr
    assert "process" in result.stderr
    assert narrate("render", project).returncode == 0


def test_a_damaged_take_is_found_by_check_and_made_again_when_it_is_needed(narrate: Narrate, project: Path) -> None:
    narrate("render", project)
    before = hashes(project / "build")
    take = next((project / ".narration" / "takes").rglob("*.flac"))
    data = bytearray(take.read_bytes())
    data[len(data) // 2] ^= 255
    take.write_bytes(data)
    result = narrate("check", "--takes", project)
    assert result.returncode == 6
    assert f"take {take.stem[:12]} is damaged" in result.stdout
    assert result.stderr.startswith("narrate: 1 stored take is damaged\n")
    result = narrate("render", "--force", project)
    assert result.returncode == 0
    assert f"{take.stem[:12]} is damaged" in result.stderr
    assert hashes(project / "build") == before
    assert narrate("check", "--takes", project).returncode == 0


def test_a_take_that_is_as_it_was_stored_and_cannot_be_read_ends_the_run_and_stays(
    narrate: Narrate, project: Path
) -> None:
    narrate("render", project)
    take = next((project / ".narration" / "takes").rglob("*.flac"))
    take.write_bytes(b"fLaC" + bytes(take.stat().st_size - 4))
    sidecar = json.loads(take.with_suffix(".json").read_bytes())
    sidecar["audio"]["sha256"] = hashlib.sha256(take.read_bytes()).hexdigest()
    del sidecar["digest"]
    take.with_suffix(".json").write_text(json.dumps(sidecar))
    result = narrate("render", "--force", project)
    assert result.returncode == 8
    assert f"the take {take.stem[:12]} is not a FLAC file" in result.stderr
    assert "Traceback" not in result.stderr
    assert take.exists()


def test_takes_that_the_disk_does_not_give_at_the_moment_end_the_run_and_stay(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(store: TakeStore, key: str) -> bytes:
        raise storage_error(store.audio_path(key), OSError(errno.EIO, "Input/output error"), "read")

    options = workflow.RenderOptions(force=True)
    workflow.render(project, engine=None, options=options, receiver=lambda _event: None)
    takes = hashes(project / ".narration" / "takes")
    monkeypatch.setattr(TakeStore, "_audio_bytes", away)
    with pytest.raises(StorageError, match="input/output error"):
        workflow.render(project, engine=None, options=options, receiver=lambda _event: None)
    assert hashes(project / ".narration" / "takes") == takes
    assert not (project / ".narration" / "damaged").exists()


def test_a_disk_that_does_not_keep_what_it_is_given_has_takes_made_again_once(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, made = TakeStore._audio_bytes, Counter[str]()

    def flipped(store: TakeStore, key: str) -> bytes | None:
        data = whole(store, key)
        return data and data[:-1] + bytes([data[-1] ^ 1])

    def count(event: object) -> None:
        if isinstance(event, TakeMade):
            made[event.key] += 1

    monkeypatch.setattr(TakeStore, "_audio_bytes", flipped)
    with pytest.raises(StorageError, match="damaged once more"):
        workflow.render(project, engine=None, options=workflow.RenderOptions(), receiver=count)
    assert set(made.values()) == {2}


def test_the_engine_of_the_command_line_is_the_one_whose_voices_are_needed(narrate: Narrate, project: Path) -> None:
    (project / "project.yaml").write_text(f"{MANIFEST}engine: kugelaudio\noutputs: [{{format: srt}}]\n")
    assert narrate("render", project).returncode == 2
    result = narrate("render", "--engine", "hibari", project)
    assert (result.returncode, result.stderr.count("has no binding")) == (0, 0)


def test_what_ends_a_run_early_stands_in_its_record_with_what_is_stale(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise StorageError("cannot write it: the disk is full")

    render = partial(
        workflow.render, project, engine=None, options=workflow.RenderOptions(), receiver=lambda _event: None
    )
    before = render().record
    (project / "book.md").write_text(MANUSCRIPT.replace("163 steps", "164 steps"), encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(TakeStore, "put", full)
        with pytest.raises(StorageError):
            render()
    record = RunRecord.model_validate_json((project / "build" / "run.json").read_bytes())
    assert (record.status, record.exit_code, record.run != before.run) == ("stopped", 8, True)
    assert {"mp3/2-the-stairs.mp3", "ada-and-the-lamp.m4b"} <= set(record.stale)
    assert "mp3/1-the-lamp.mp3" in {file.path for file in record.files}
    assert {*record.stale, *(file.path for file in record.files)} == {file.path for file in before.files}
    assert render().record.stale == ()


def test_an_edit_saved_while_a_run_begins_is_rendered_by_the_next(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare = workflow.prepare

    def edited_meanwhile(*arguments: Any, **options: Any) -> Any:
        prepared = prepare(*arguments, **options)
        (project / "book.md").write_text(MANUSCRIPT.replace("163 steps", "164 steps"), encoding="utf-8")
        return prepared

    with monkeypatch.context() as patch:
        patch.setattr(workflow, "prepare", edited_meanwhile)
        options = workflow.RenderOptions()
        workflow.render(project, engine=None, options=options, receiver=lambda _event: None)
    assert nothing_to_do(project, engine=None, out=None) is None


def test_a_run_that_waited_for_the_lock_renders_what_is_there_then(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def edited_while_waiting(*arguments: Any, **options: Any) -> Iterator[None]:
        (project / "book.md").write_text(MANUSCRIPT.replace("163 steps", "164 steps"), encoding="utf-8")
        yield

    monkeypatch.setattr(workflow, "project_lock", edited_while_waiting)
    workflow.render(project, engine=None, options=workflow.RenderOptions(), receiver=lambda _event: None)
    assert "164 steps" in (project / "build" / "text" / "the-stairs.txt").read_text()


def test_a_damaged_sidecar_of_a_take_that_nothing_uses_any_more_is_passed_over(narrate: Narrate, project: Path) -> None:
    narrate("render", project)
    (project / "book.md").write_text(MANUSCRIPT.replace("163 steps", "164 steps"), encoding="utf-8")
    for path in (project / ".narration" / "takes").rglob("*.json"):
        if b"163" in path.read_bytes():
            path.write_bytes(path.read_bytes().replace(b'"text"', b'"tect"'))
    result = narrate("plan", project)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("command", [["clean"], ["clean", "--takes", "--yes"]])
def test_nothing_is_removed_from_under_a_run(narrate: Narrate, project: Path, command: list[str]) -> None:
    narrate("render", project)
    before = hashes(project / ".narration" / "takes"), hashes(project / "build")
    with project_lock(project / ".narration"):
        result = narrate(*command, project)
    assert (result.returncode, "another run is at work" in result.stderr) == (7, True)
    assert (hashes(project / ".narration" / "takes"), hashes(project / "build")) == before


def test_a_take_that_goes_away_while_the_book_is_assembled_is_made_again(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish, gone = workflow._publish, []

    def losing(run: object, rendered: object) -> object:
        if not gone:
            gone.append(next((project / ".narration" / "takes").rglob("*.json")))
            gone[0].unlink()
        return publish(run, rendered)  # type: ignore[arg-type]

    monkeypatch.setattr(workflow, "_publish", losing)
    outcome = workflow.render(project, engine=None, options=workflow.RenderOptions(), receiver=lambda _event: None)
    assert outcome.error is None
    assert gone[0].exists()


def test_planning_loads_no_numbers_event_loop_or_retries(narrate: Narrate, project: Path) -> None:
    narrate("render", project)
    code = (
        "import sys\nfrom pipeline.cli.main import main\n"
        f"assert main(['plan', {str(project)!r}]) == 0\n"
        "print(sorted({'numpy', 'asyncio', 'tenacity', 'av', 'httpx'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "[]"


def test_starting_up_loads_no_audio_machine_learning_or_network_library() -> None:
    code = (
        "import sys\nfrom pipeline.cli.main import build_parser\nbuild_parser()\n"
        "heavy = {'numpy', 'av', 'onnxruntime', 'hibari', 'scipy', 'httpx', 'websockets', 'lxml', 'pydantic'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
