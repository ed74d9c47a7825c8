"""A lone chapter's files are made side by side, from takes that are read once, and come out as if made in turn."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from pipeline.assembly.chapters import encode_chapters
from pipeline.assembly.encoding import ChapterFile
from pipeline.assembly.keeping import kept
from pipeline.assembly.making import ChapterJob
from pipeline.assembly.reading import OpenTake
from pipeline.assembly.side_by_side import ahead, many, side_by_side
from pipeline.assembly.sound import Sound
from pipeline.assembly.tags import Tags
from pipeline.assembly.timeline import ChapterTimeline, Clip
from pipeline.engines.protocol import WordTimes
from pipeline.errors import StorageError
from pipeline.project.formats import OutputFormat
from pipeline.project.outputs import Output
from pipeline.project.profiles import EBU_R128, NONE, Profile

TAKE = 1024 * 40
KINDS = (OutputFormat.MP3, OutputFormat.M4A, OutputFormat.FLAC)
Voice = Callable[..., np.ndarray]


def job(folder: Path, open_take: OpenTake, kinds: tuple[OutputFormat, ...] = KINDS) -> ChapterJob:
    """Six takes with a frame of silence around each."""
    clips = tuple(Clip(f"take-{n}", 0, 1024 + n * (TAKE + 1024), TAKE) for n in range(6))
    none = np.empty(0, np.int32)
    timeline = ChapterTimeline("a", "A", "x", 1024 + 6 * (TAKE + 1024), clips, WordTimes(none, none, none, none))
    files = tuple(ChapterFile(folder / f"a.{kind}", Output(format=kind), Tags("a", "b")) for kind in kinds)
    return ChapterJob(timeline, files, open_take)


def spoken(voice: Voice) -> OpenTake:
    """Opens takes of two seconds, one louder than another."""
    return lambda key: np.asarray(voice(2.0, level=0.1 + 0.1 * int(key[-1])) * 20_000, np.int16)[:TAKE]


def made(
    folder: Path, profile: Profile, threads: int, voice: Voice
) -> tuple[dict[str, bytes], dict[str, Sound], list[str]]:
    """The files' bytes and sounds by name, and the takes that were opened."""
    opened: list[str] = []

    def open_take(key: str) -> np.ndarray:
        opened.append(key)
        return np.asarray(voice(2.0, level=0.1 + 0.1 * int(key[-1])) * 20_000, np.int16)[:TAKE]

    sounds = encode_chapters(
        [job(folder, open_take)],
        threads=threads,
        on_done=lambda _: None,
        profile=profile,
    )
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    return files, {path.name: sound for path, sound in sounds.items()}, opened


@pytest.mark.parametrize("profile", [NONE, EBU_R128], ids=["none", "ebu-r128"])
def test_files_side_by_side_are_what_they_are_in_turn(tmp_path: Path, profile: Profile, voice: Voice) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "three").mkdir()
    in_turn = made(tmp_path / "one", profile, 1, voice)
    assert sorted(in_turn[0]) == sorted(f"a.{kind}" for kind in KINDS)
    assert made(tmp_path / "three", profile, 3, voice) == in_turn
    assert in_turn[2] == [f"take-{n}" for n in range(6)]


@pytest.mark.parametrize("profile", [NONE, EBU_R128], ids=["none", "ebu-r128"])
@pytest.mark.parametrize("threads", [1, 3])
def test_each_file_is_told_once_in_its_place_and_before_its_chapter(
    tmp_path: Path, profile: Profile, threads: int, voice: Voice
) -> None:
    whole, told = job(tmp_path, spoken(voice)), []

    def on_file(made: ChapterFile, sound: Sound | None) -> None:
        assert made.path.stat().st_size > 0
        assert threading.current_thread() is threading.main_thread()
        told.append((made.path, sound))

    sounds = encode_chapters(
        [whole],
        threads=threads,
        on_done=lambda done: told.append((done, None)),
        profile=profile,
        on_file=on_file,
    )
    assert told.pop() == (whole, None)
    assert dict(told) == {file.path: sounds.get(file.path) for file in whole.files}
    assert len(told) == len(whole.files)


@pytest.mark.parametrize("threads", [1, 3])
def test_what_needs_no_encoder_is_done_while_encoders_run(tmp_path: Path, threads: int, voice: Voice) -> None:
    written = threading.Event()

    def open_take(_key: str) -> np.ndarray:
        assert written.wait(20), "nothing was done meanwhile"
        return np.asarray(voice(2.0) * 20_000, np.int16)[:TAKE]

    def meanwhile() -> None:
        assert threading.current_thread() is threading.main_thread()
        written.set()

    encode_chapters([job(tmp_path, open_take)], threads=threads, on_done=lambda _: None, meanwhile=meanwhile)
    assert len(list(tmp_path.iterdir())) == len(KINDS)


def test_what_fails_meanwhile_ends_the_encoders_and_leaves_no_half_made_file(tmp_path: Path, voice: Voice) -> None:
    def meanwhile() -> None:
        raise StorageError("the disk is full")

    with pytest.raises(StorageError, match="the disk is full"):
        encode_chapters(
            [job(tmp_path, spoken(voice)), job(tmp_path / "second", spoken(voice))],
            threads=1,
            on_done=lambda _: None,
            meanwhile=meanwhile,
        )
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix not in {".mp3", ".m4a", ".flac"}]
    assert not (tmp_path / "second").exists(), "no chapter was begun after that"


def test_with_nothing_to_encode_it_is_done_all_the_same() -> None:
    done: list[str] = []
    encode_chapters([], threads=2, on_done=lambda _: None, meanwhile=lambda: done.append("x"))
    assert done == ["x"]


def test_a_lane_that_fails_ends_the_others_and_the_taking_of_rows() -> None:
    done, taken = [], []

    def rows() -> Iterator[list[Callable[[], None]]]:
        for number in range(100_000):
            taken.append(number)
            yield [partial(done.append, number), partial(fail, number)]

    def fail(number: int) -> None:
        if number == 3:
            raise OSError(number)

    with pytest.raises(OSError, match="3"):
        side_by_side(2, rows())
    assert len(taken) < 100_000
    assert done == list(range(len(done)))


def test_a_fast_file_does_not_wait_for_a_slow_one() -> None:
    """Of twenty minutes, the last second is written to one file before the first is to the other."""
    fast_done = threading.Event()

    def rows() -> Iterator[list[Callable[[], None]]]:
        for _ in range(1199):
            yield [lambda: None, wait]
        yield [fast_done.set, wait]

    def wait() -> None:
        assert fast_done.wait(20), "the fast file was held back"

    side_by_side(2, rows())


def held(chapters: int) -> int:
    """How many blocks a file that stands still holds, where so many chapters are made at once."""
    taken: list[int] = []
    go_on = threading.Event()

    def rows() -> Iterator[list[Callable[[], object]]]:
        for number in range(5000):
            taken.append(number)
            yield [partial(go_on.wait, 20)]

    work = threading.Thread(target=many(chapters).run, args=(1, rows()))
    work.start()
    before = -1
    while before != len(taken):
        before = len(taken)
        go_on.wait(0.2)
    go_on.set()
    work.join()
    return before


def test_many_chapters_hold_no_more_audio_than_one() -> None:
    assert held(1) > 1000
    assert 60 * held(60) <= 1.2 * held(1)


def test_rows_that_cannot_be_taken_end_every_lane() -> None:
    done = []

    def rows() -> Iterator[list[Callable[[], None] | None]]:
        yield [partial(done.append, 1), None]
        raise StorageError("gone")

    with pytest.raises(StorageError, match="gone"):
        side_by_side(2, rows())
    assert done in ([], [1])


def test_what_is_taken_ahead_comes_whole_and_in_order() -> None:
    assert list(ahead(range(1000))) == list(range(1000))
    assert list(ahead(iter(()))) == []


def test_what_fails_ahead_is_raised_behind_what_came_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise StorageError("gone")

    taken: list[int] = []
    with pytest.raises(StorageError, match="gone"):
        taken.extend(ahead(items()))
    assert taken == [1]


def test_nothing_is_taken_any_more_when_nobody_asks() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    asked = ahead(items())
    assert next(asked) == 0
    asked.close()
    assert len(taken) < 20
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ahead")]


@pytest.mark.parametrize("profile", [NONE, EBU_R128], ids=["none", "ebu-r128"])
def test_one_file_that_cannot_be_written_leaves_none(tmp_path: Path, profile: Profile, voice: Voice) -> None:
    whole = job(tmp_path / "out", spoken(voice))
    bad = ChapterFile(tmp_path / "out" / "no" / "a.mp3", Output(format=OutputFormat.MP3), Tags("a", "b"))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "no").write_text("a file where a folder is needed")
    with pytest.raises(StorageError):
        encode_chapters(
            [ChapterJob(whole.timeline, (*whole.files, bad), whole.open_take)],
            threads=4,
            on_done=lambda _: None,
            profile=profile,
        )
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["no"]


def test_audio_is_read_from_its_source_until_a_pass_came_to_the_end(tmp_path: Path) -> None:
    pcm, reads = np.arange(-30_000, 30_000, dtype=np.int16), []

    def read() -> Iterator[np.ndarray]:
        reads.append(1)
        yield from np.array_split(pcm, 7)

    with kept(read, tmp_path / "folder") as audio:
        next(audio())
        for _ in range(3):
            np.testing.assert_array_equal(np.concatenate(list(audio())), pcm)
        assert len(reads) == 2
        assert list((tmp_path / "folder").iterdir()) == []
