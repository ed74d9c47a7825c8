"""Results for machines have exactly the published shape (docs/formats.md), and agree with one another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.engines.instant import InstantEngine
from pipeline.manuscript.reading import read_manuscript
from pipeline.project.loading import load_project
from pipeline.project.models import Project
from pipeline.render.events import Event
from pipeline.render.plan import Plan, make_plan
from pipeline.render.running import render_missing
from pipeline.reports.plan_json import plan_json
from pipeline.reports.publishing import Published, publish
from pipeline.reports.run_record import RunRecord, read_run_record, remove_outputs, write_run_record
from pipeline.reports.run_summary import run_record
from pipeline.script.scripting import write_script
from pipeline.store.layout import Layout

BOOK = (
    "# One\n\n“Ready?” asked Ada.\n\n“No.”\n\n---\n\nShe waited.\n\n# Two\n\nIt was 9:15 p.m. on the 3rd of May 1815.\n"
)


class Voice(InstantEngine):
    """The instant engine under the name that the manifest binds."""

    name = "hibari"


def planned(folder: Path, book: str = BOOK, outputs: str = "") -> tuple[Project, Plan, Layout]:
    (folder / "book.md").write_text(book, encoding="utf-8")
    (folder / "project.yaml").write_text(f"title: Ada\nchapters: [{{source: book.md}}]\n{outputs}", encoding="utf-8")
    project = load_project(folder)
    script = write_script(read_manuscript(project), project, limit=5000)
    layout = Layout.of(project)
    return project, make_plan(script, project, Voice(), layout.takes), layout


def rendered(folder: Path, *, chapters: frozenset[str] | None = None, partial: bool = False, **book: str) -> Published:
    project, plan, layout = planned(folder, **book)
    selected = chapters or frozenset(chapter.script.slug for chapter in plan.chapters)
    heard: list[Event] = []
    done = render_missing(plan, Voice(), layout, run="r1", selected=selected, receiver=heard.append)
    published = publish(
        project, done.plan, layout, layout.outputs, selected=None, force=False, partial=partial, threads=2,
        receiver=heard.append,
    )  # fmt: skip
    record = run_record(plan, done, published, run="r1", started="2026-11-22T10:00:00Z", seconds=1.0, inputs="")
    write_run_record(layout.outputs, record)
    return published


def test_a_plan_has_the_published_shape(tmp_path: Path) -> None:
    document: dict[str, Any] = json.loads(plan_json(planned(tmp_path)[1]))
    assert list(document) == ["schema", "engine", "provider", "model", "totals", "segments"]
    assert document["schema"] == 1
    assert list(document["totals"]) == [
        "segments", "stored", "in_store", "to_make", "characters_to_make", "seconds_low", "seconds_high", "cents_low",
        "cents_high", "basis",
    ]  # fmt: skip
    for segment in document["segments"]:
        assert list(segment) == ["key", "chapter", "index", "text", "voice", "state", "in_store", "reason", "take"]
        assert (segment["state"], segment["reason"]) == ("missing", "new")
    assert document["totals"]["to_make"] == len({segment["key"] for segment in document["segments"]})


def test_a_timeline_has_the_published_shape_and_points_into_its_text(tmp_path: Path) -> None:
    rendered(tmp_path)
    build = tmp_path / "build"
    timeline = json.loads((build / "timeline.json").read_bytes())
    assert list(timeline) == ["schema", "sample_rate", "chapters"]
    assert (timeline["schema"], timeline["sample_rate"]) == (1, 24_000)
    at = 0
    for chapter in timeline["chapters"]:
        assert list(chapter) == ["slug", "title", "start_sample", "samples", "text", "clips", "words", "turns"]
        assert chapter["start_sample"] == at
        at += chapter["samples"]
        text = (build / chapter["text"]).read_text(encoding="utf-8")
        words = chapter["words"]
        assert list(words) == ["text", "start_sample", "end_sample", "char_start", "char_end"]
        assert len({len(column) for column in words.values()}) == 1
        spans = zip(words["char_start"], words["char_end"], strict=True)
        assert [text[start:end] for start, end in spans] == words["text"]
        assert words["start_sample"] == sorted(words["start_sample"])
        assert words["end_sample"][-1] <= chapter["samples"]
        for clip in chapter["clips"]:
            assert list(clip) == ["key", "take_start", "start_sample", "samples"]
    assert [chapter["slug"] for chapter in timeline["chapters"]] == ["one", "two"]


def test_run_json_has_the_published_shape(tmp_path: Path) -> None:
    rendered(tmp_path)
    document = json.loads((tmp_path / "build" / "run.json").read_bytes())
    assert " ".join(document) == (
        "schema run narrate started ended status exit_code engine provider model inputs chapters chapters_whole "
        "segments takes_made takes_reused segments_failed audio_seconds wall_seconds spent_cents reserved_cents "
        "unknown_charges caption_violations files stale"
    )
    assert list(document["files"][0]) == ["path", "kind", "chapter", "size_bytes", "sha256", "inputs", "sound"]
    assert read_run_record(tmp_path / "build") == RunRecord.model_validate(document)
    assert {file["path"] for file in document["files"]} == {
        str(path.relative_to(tmp_path / "build"))
        for path in (tmp_path / "build").rglob("*.*")
        if path.name != "run.json"
    }


def test_the_book_waits_for_all_its_chapters_and_older_files_are_called_stale(tmp_path: Path) -> None:
    rendered(tmp_path)
    edited = BOOK.replace("It was", "It is")
    published = rendered(tmp_path, chapters=frozenset({"one"}), book=edited)
    paths = {file.path for file in published.files}
    assert "mp3/1-one.mp3" in paths
    assert not any("two" in path or path.startswith("ada") for path in paths)
    of_the_book = {"ada.m4b", "ada.srt", "timeline.json", "index.html"}
    assert of_the_book | {"mp3/2-two.mp3", "srt/2-two.srt", "text/two.txt"} == set(published.stale)
    assert all((tmp_path / "build" / path).exists() for path in published.stale)


def test_a_partial_book_says_so_in_its_name(tmp_path: Path) -> None:
    published = rendered(tmp_path, chapters=frozenset({"two"}), partial=True)
    paths = {file.path for file in published.files}
    assert {"ada.partial.m4b", "ada.partial.srt", "mp3/2-two.mp3"} <= paths
    assert "ada.m4b" not in paths


@pytest.mark.parametrize("audio", ["wav", "flac", "mp3", "m4a", "opus"])
def test_every_chapter_format_is_made_and_opens(tmp_path: Path, audio: str) -> None:
    import av

    published = rendered(tmp_path, outputs=f"outputs: [{{format: {audio}}}]\n")
    files = [file.path for file in published.files if file.kind == audio]
    assert files == [f"{audio}/1-one.{audio}", f"{audio}/2-two.{audio}"]
    timeline = json.loads((tmp_path / "build" / "timeline.json").read_bytes())
    for path, chapter in zip(files, timeline["chapters"], strict=True):
        with av.open(tmp_path / "build" / path) as opened:
            stream = opened.streams.audio[0]
            seconds = sum(frame.samples / frame.sample_rate for frame in opened.decode(stream))
        assert seconds == pytest.approx(chapter["samples"] / 24_000, abs=0.1)


def test_cleaning_removes_what_was_made_and_nothing_else(tmp_path: Path) -> None:
    published = rendered(tmp_path)
    own = tmp_path / "build" / "notes.txt"
    own.write_text("mine")
    assert remove_outputs(tmp_path / "build") == len(published.files)
    assert [path for path in (tmp_path / "build").rglob("*") if path.is_file()] == [own]
    assert list((tmp_path / ".narration" / "takes").rglob("*.flac"))
