"""Chapters made in processes of their own are what they are in threads, and what goes wrong there is said here."""

from __future__ import annotations

import importlib
import inspect
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from pipeline import errors
from pipeline.assembly import chapters
from pipeline.assembly.chapters import encode_chapters
from pipeline.assembly.encoding import ChapterFile
from pipeline.assembly.making import ChapterJob
from pipeline.assembly.making_apart import Maker, makers
from pipeline.assembly.reading import OpenTake
from pipeline.assembly.sound import Sound
from pipeline.assembly.tags import Tags
from pipeline.assembly.timeline import ChapterTimeline, Clip
from pipeline.engines.protocol import WordTimes
from pipeline.errors import DamagedTake, InputError, NarrateError, Problem, StorageError
from pipeline.project.formats import OutputFormat
from pipeline.project.outputs import Output
from pipeline.project.profiles import EBU_R128, NONE, Profile

TAKE = 1024 * 60
Voice = Callable[..., np.ndarray]


@pytest.fixture(autouse=True)
def _apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chapters, "WORTH_IT_SECONDS", 0.0)
    monkeypatch.setattr(chapters, "usable_cores", lambda: 32)


@pytest.fixture
def open_take(voice: Voice) -> OpenTake:
    """Takes that another process can open as well."""
    takes = {f"{n}": (voice(3.0, level=0.1 + 0.1 * n) * 20_000).astype(np.int16)[:TAKE] for n in range(4)}
    return takes.__getitem__


def job(folder: Path, name: str, open_take: OpenTake, takes: int = 4) -> ChapterJob:
    """A chapter of the takes, again and again, with a frame of silence between them."""
    clips = tuple(Clip(f"{n % 4}", 0, 1024 + n * (TAKE + 1024), TAKE) for n in range(takes))
    none = np.empty(0, np.int32)
    samples = 1024 + takes * (TAKE + 1024)
    timeline = ChapterTimeline(name, name, "x", samples, clips, WordTimes(none, none, none, none))
    kinds = (OutputFormat.MP3, OutputFormat.M4A)
    files = tuple(ChapterFile(folder / f"{name}.{kind}", Output(format=kind), Tags(name, "Book")) for kind in kinds)
    return ChapterJob(timeline, files, open_take)


def made(folder: Path, profile: Profile, open_take: OpenTake) -> tuple[dict[str, bytes], dict[str, Sound]]:
    """The files' bytes and sounds by name."""
    told: list[str] = []

    def on_file(file: ChapterFile, _sound: Sound | None) -> None:
        assert threading.current_thread() is threading.main_thread()
        assert file.path.stat().st_size > 0
        told.append(file.path.name)

    jobs = [job(folder, name, open_take, takes) for name, takes in (("a", 4), ("b", 2), ("c", 3))]
    done: list[ChapterJob] = []
    sounds = encode_chapters(jobs, threads=2, on_done=done.append, profile=profile, on_file=on_file)
    assert sorted(each.timeline.slug for each in done) == ["a", "b", "c"]
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert sorted(told) == sorted(files)
    return files, {path.name: sound for path, sound in sounds.items()}


@pytest.mark.parametrize("profile", [NONE, EBU_R128], ids=["none", "ebu-r128"])
def test_files_and_sounds_are_what_they_are_in_threads(
    tmp_path: Path, profile: Profile, open_take: OpenTake, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "apart").mkdir()
    (tmp_path / "here").mkdir()
    processes: list[int] = []

    def watched(count: int, profile: Profile) -> AbstractContextManager[list[Maker]]:
        processes.append(count)
        return makers(count, profile)

    monkeypatch.setattr(chapters, "makers", watched)
    apart = made(tmp_path / "apart", profile, open_take)
    monkeypatch.setattr(chapters, "WORTH_IT_SECONDS", 1800.0)
    assert made(tmp_path / "here", profile, open_take) == apart
    assert processes == [2, 0]
    assert bool(apart[1]) == profile.active


def test_processes_are_started_where_a_book_is_long_enough_for_each(
    tmp_path: Path, open_take: OpenTake, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [job(tmp_path, name, open_take, takes=24) for name in ("a", "b", "c", "d")]  # a minute each
    monkeypatch.setattr(chapters, "WORTH_IT_SECONDS", 60.0)
    assert [chapters._processes(jobs, threads) for threads in (1, 2, 4, 5)] == [0, 2, 4, 0]
    monkeypatch.setattr(chapters, "WORTH_IT_SECONDS", 90.0)
    assert [chapters._processes(jobs, threads) for threads in (2, 4)] == [2, 0]
    assert chapters._processes(jobs * 50, 64) == 16
    monkeypatch.setattr(chapters, "usable_cores", lambda: 3)
    assert chapters._processes(jobs * 50, 64) == 3


@pytest.mark.skipif(sys.platform == "win32", reason="asks a shell")
def test_what_is_done_with_a_chapter_that_is_made_is_done_where_it_was_made(
    tmp_path: Path, open_take: OpenTake
) -> None:
    def noted(slug: str) -> partial[object]:
        return partial(subprocess.run, ["/bin/sh", "-c", f"echo $PPID > '{tmp_path}/{slug}.pid'"], check=True)

    jobs = [
        ChapterJob(each.timeline, each.files, each.open_take, noted(each.timeline.slug))
        for each in (job(tmp_path, name, open_take) for name in ("a", "b"))
    ]
    makers: list[int] = []

    def on_done(done: ChapterJob) -> None:
        makers.append(int((tmp_path / f"{done.timeline.slug}.pid").read_text()))

    encode_chapters(jobs, threads=2, on_done=on_done)
    assert len(makers) == 2
    assert os.getpid() not in makers


def test_a_take_that_fails_is_told_here_ends_the_others_and_leaves_no_half_made_file(
    tmp_path: Path, open_take: OpenTake
) -> None:
    long = job(tmp_path, "long", open_take, takes=4000)
    bad = job(tmp_path, "bad", {"0": np.zeros(10, np.int16)}.__getitem__)
    with pytest.raises(StorageError, match="take 0 is 61430 samples shorter") as refused:
        encode_chapters([long, bad], threads=2, on_done=lambda _: None)
    assert refused.value.hint == "run `narrate check --takes` to find damaged takes"
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_ends_what_is_being_made_and_keeps_what_is_finished(tmp_path: Path, open_take: OpenTake) -> None:
    def interrupted(_done: ChapterJob) -> None:
        raise KeyboardInterrupt

    jobs = [job(tmp_path, "long", open_take, takes=4000), job(tmp_path, "short", open_take)]
    with pytest.raises(KeyboardInterrupt):
        encode_chapters(jobs, threads=2, on_done=interrupted)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["short.m4a", "short.mp3"]


def test_what_cannot_be_sent_to_another_process_is_an_error_at_once(tmp_path: Path, open_take: OpenTake) -> None:
    jobs = [job(tmp_path, "a", open_take), job(tmp_path, "b", lambda key: np.zeros(len(key), np.int16))]
    with pytest.raises((AttributeError, pickle.PicklingError), match="lambda"):
        encode_chapters(jobs, threads=2, on_done=lambda _: None)


def test_an_error_that_looks_like_a_closed_pipe_is_told_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "takes_that_end.py").write_text("def opener(key):\n    raise EOFError('no more audio')\n")
    monkeypatch.syspath_prepend(tmp_path)
    opener = importlib.import_module("takes_that_end").opener
    with makers(1, NONE) as (maker,), pytest.raises(EOFError, match="no more audio") as told:
        maker.make(job(tmp_path, "a", opener), lambda file, sound: None)
    assert "chapter_pcm" in told.value.__notes__[0]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no signals")
def test_a_process_that_is_killed_is_told_in_a_line(tmp_path: Path, open_take: OpenTake) -> None:
    long = job(tmp_path, "long", open_take, takes=4000)
    with makers(1, NONE) as (maker,):
        killer = threading.Timer(1.0, maker.process.kill)
        killer.start()
        with pytest.raises(NarrateError, match="a process that makes chapters was ended by signal 9") as ended:
            maker.make(long, lambda file, sound: None)
        with pytest.raises(NarrateError, match="was ended by signal 9"):
            maker.make(long, lambda file, sound: None)
        maker.halt()
    assert "--jobs 1" in str(ended.value.hint)


def test_a_library_of_the_folder_it_is_started_in_is_not_taken_for_ours(
    tmp_path: Path, open_take: OpenTake, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("pipeline", "numpy", "pickle"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong library')")
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    with makers(1, NONE) as (maker,):
        maker.make(job(out, "a", open_take), lambda file, sound: None)
    assert len(list(out.iterdir())) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_no_process_outlives_a_killed_run(tmp_path: Path, open_take: OpenTake) -> None:
    order = tmp_path / "jobs"
    order.write_bytes(pickle.dumps(job(tmp_path, "long", open_take, takes=20_000)))
    code = f"""
import pickle, sys
from pipeline.assembly.making_apart import Maker, makers
from pipeline.project.profiles import NONE
with makers(1, NONE) as (maker,):
    print(maker.process.pid, flush=True)
    maker.make(pickle.loads(open({str(order)!r}, "rb").read()), lambda *told: None)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        pid = int(run.stdout.readline())
        until(lambda: any(path.suffix == ".part" for path in tmp_path.iterdir()))
        assert is_running(pid)
        run.kill()
    until(lambda: not is_running(pid))


def until(true: Callable[[], bool]) -> None:
    """Wait for it, at most 20 seconds."""
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Whether there is such a process that is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_ctrl_c_in_the_terminal_is_not_heard_by_the_processes(tmp_path: Path, open_take: OpenTake) -> None:
    with makers(1, NONE) as (maker,):
        assert os.getsid(maker.process.pid) != os.getsid(0)
        maker.make(job(tmp_path, "a", open_take), lambda file, sound: None)
        os.kill(maker.process.pid, signal.SIGINT)
        maker.make(job(tmp_path, "b", open_take), lambda file, sound: None)
    assert len(list(tmp_path.iterdir())) == 4


def test_every_error_of_ours_is_the_same_in_another_process() -> None:
    kinds = {kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, NarrateError)}
    special = {
        DamagedTake: DamagedTake("take abc is gone", key="abc"),
        InputError: InputError([Problem("project.yaml", 3, 1, "no")], hint="do"),
    }
    for kind in kinds:
        error = special.get(kind) or kind("what went wrong", hint="what to do")
        error.add_note("where")
        back = pickle.loads(pickle.dumps(error))
        assert type(back) is kind
        assert (str(back), back.args, vars(back)) == (str(error), error.args, vars(error))
