"""The M4B: sample-exact joints, marks in both stores, tags and cover, read back by a parser of our own."""

from __future__ import annotations

import struct
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.assembly.book import BookChapter, write_m4b
from pipeline.assembly.cover import read_cover
from pipeline.assembly.encoding import ChapterFile, encode_chapter
from pipeline.assembly.tags import DISCLOSURE, Tags
from pipeline.errors import Interrupted, StorageError
from pipeline.project.formats import OutputFormat
from pipeline.project.outputs import Output

FRAME = 1024
CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"udta", b"tref", b"edts", b"ilst", b"dinf"}


def boxes(data: bytes, path: str = "") -> Iterator[tuple[str, bytes]]:
    """Every box of an MP4 as ("moov/trak/…", payload); metadata items as "…/ilst/NAME"."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        header = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, at + 8)
            header = 16
        payload = data[at + header : at + size]
        name = f"{path}/{kind.decode('latin-1')}".lstrip("/")
        yield name, payload
        if kind in CONTAINERS or path.endswith("ilst"):
            yield from boxes(payload, name)
        elif kind == b"meta":
            yield from boxes(payload[4:], name)
        at += size


def items(data: bytes) -> dict[str, bytes]:
    """The iTunes metadata: item name to the value in its data box."""
    found = {}
    for name, payload in boxes(data):
        parts = name.split("/")
        if parts[-1] == "data" and "ilst" in parts:
            found[parts[-2]] = payload[8:]
    return found


def nero_chapters(data: bytes) -> list[tuple[int, str]]:
    """Nero's list: start in 100 ns, title."""
    (payload,) = [payload for name, payload in boxes(data) if name == "moov/udta/chpl"]
    count, at, found = payload[8], 9, []
    for _ in range(count):
        start, length = struct.unpack_from(">QB", payload, at)
        found.append((start, payload[at + 9 : at + 9 + length].decode()))
        at += 9 + length
    assert at == len(payload)
    return found


def text_track(data: bytes) -> tuple[int, list[int], int]:
    """QuickTime's chapter track: its time scale, each mark's duration, and how many tracks refer to it."""
    tracks = [payload for name, payload in boxes(data) if name == "moov/trak"]
    by_id = {}
    references = []
    for track in tracks:
        inner = dict(boxes(track))
        by_id[struct.unpack_from(">I", inner["tkhd"], 12)[0]] = inner
        references += [struct.unpack(">I", inner["tref/chap"])[0]] if "tref/chap" in inner else []
    inner = by_id[references[0]]
    assert inner["mdia/hdlr"][8:12] == b"text"
    table = inner["mdia/minf/stbl/stts"]
    runs = struct.iter_unpack(">II", table[8:])
    durations = [duration for count, duration in runs for _ in range(count)]
    return struct.unpack_from(">I", inner["mdia/mdhd"], 12)[0], durations, len(references)


def png() -> bytes:
    def piece(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = piece(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + piece(b"IDAT", zlib.compress(b"\0" * 52)) + piece(b"IEND", b"")


def chirp(frames: int, seed: int) -> np.ndarray:
    """A chapter as placing makes them: whole frames, silent first and last ones, sharp edges."""
    at = np.arange((frames - 2) * FRAME) / 24_000
    sweep = np.sin(2 * np.pi * (300 + 37 * seed) * at * (1 + at)) * np.exp(-2 * at)
    return np.pad(9000 * sweep, FRAME).astype(np.int16)


def encoded(folder: Path, pcm: np.ndarray, name: str, kbps: int | None = None) -> Path:
    path = folder / f"{name}.m4a"
    output = Output(format=OutputFormat.M4A, bitrate_kbps=kbps)
    encode_chapter([pcm], [ChapterFile(path, output, Tags(name, "Book"))])
    return path


def chapters(folder: Path, count: int, kbps: int | None = None) -> tuple[list[BookChapter], list[np.ndarray]]:
    """Chapters of different lengths, none a multiple of another."""
    pcms = [chirp(5 + n % 7, n) for n in range(count)]
    made = [BookChapter(f"Chapter {n}", len(pcm), encoded(folder, pcm, f"{n}", kbps)) for n, pcm in enumerate(pcms, 1)]
    return made, pcms


def decoded(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return np.concatenate([frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)])


@pytest.fixture(scope="module")
def sixty(tmp_path_factory) -> tuple[Path, list[BookChapter], list[np.ndarray]]:
    folder = tmp_path_factory.mktemp("sixty")
    made, pcms = chapters(folder, 60)
    (folder / "cover.png").write_bytes(png())
    tags = Tags(
        "The Ledger",
        "The Ledger",
        author="M. Penrose",
        narrator="Heart",
        date="2024",
        description="A keeper and his book.",
        language="en",
        cover=read_cover(folder / "cover.png"),
    )
    write_m4b(folder / "book.m4b", made, tags)
    return folder / "book.m4b", made, pcms


def test_sixty_chapters_start_where_the_timeline_says_to_the_sample(sixty):
    path, _, pcms = sixty
    heard, wanted = decoded(path), np.concatenate(pcms) / 32768
    assert len(heard) == len(wanted)
    at = 0
    for pcm in pcms:
        part = wanted[at + FRAME : at + FRAME + 1500]
        around = heard[at + FRAME - 200 : at + FRAME + 1500 + 200]
        offset = int(np.argmax(np.correlate(around, part, "valid"))) - 200
        assert offset == 0
        at += len(pcm)


def test_joined_packets_decode_as_if_each_chapter_were_played_alone(sixty):
    path, made, _ = sixty
    heard = decoded(path)
    at = 0
    for chapter in made:
        assert np.abs(heard[at : at + chapter.samples] - decoded(chapter.audio)).max() < 2e-4
        at += chapter.samples


def test_marks_stand_in_both_stores_at_the_chapters_starts(sixty):
    path, made, _ = sixty
    data = path.read_bytes()
    starts = np.cumsum([0] + [chapter.samples for chapter in made])
    listed = nero_chapters(data)
    assert [title for _, title in listed] == [chapter.title for chapter in made]
    assert np.abs(np.array([start for start, _ in listed]) - starts[:-1] / 24_000 * 1e7).max() <= 5_000
    scale, durations, references = text_track(data)
    assert references == 1
    assert len(durations) == 60
    assert np.abs(np.cumsum(durations) / scale - starts[1:] / 24_000).max() <= 0.001


def test_the_book_says_what_it_is(sixty):
    path, _, _ = sixty
    data = path.read_bytes()
    assert data[4:12] == b"ftypM4B "
    found = items(data)
    assert found["stik"] == b"\x02"
    assert found["©nam"] == found["©alb"] == b"The Ledger"
    assert found["©ART"] == found["aART"] == b"M. Penrose"
    assert found["©wrt"] == b"Heart"
    assert found["©gen"] == b"Audiobook"
    assert found["©day"] == b"2024"
    assert found["©cmt"].decode() == DISCLOSURE
    assert found["desc"].decode() == f"{DISCLOSURE}. A keeper and his book."
    assert found["covr"] == png()
    assert "©too" not in found


def test_the_index_stands_before_the_sound_so_that_a_stream_plays_at_once(sixty):
    names = [name for name, _ in boxes(sixty[0].read_bytes()) if "/" not in name]
    assert names.index("moov") < names.index("mdat")


def test_no_clock_and_no_version_is_written_and_the_same_book_has_the_same_bytes(sixty, tmp_path):
    path, made, _ = sixty
    data = path.read_bytes()
    inner = dict(boxes(data))
    assert struct.unpack_from(">II", inner["moov/mvhd"], 4) == (0, 0)
    assert b"Lav" not in data
    again = Tags(
        "The Ledger",
        "The Ledger",
        author="M. Penrose",
        narrator="Heart",
        date="2024",
        description="A keeper and his book.",
        language="en",
        cover=read_cover(path.parent / "cover.png"),
    )
    write_m4b(tmp_path / "again.m4b", made, again)
    assert (tmp_path / "again.m4b").read_bytes() == data


def test_joints_are_exact_at_the_higher_rate_too(tmp_path):
    made, pcms = chapters(tmp_path, 5, kbps=192)
    write_m4b(tmp_path / "book.m4b", made, Tags("B", "B"))
    heard = decoded(tmp_path / "book.m4b")
    assert len(heard) == 2 * sum(map(len, pcms))
    at = 0
    for chapter in made:
        part = decoded(chapter.audio)
        assert np.abs(heard[at : at + len(part)] - part).max() < 2e-4
        at += len(part)


def test_three_hundred_chapters_are_all_in_the_text_track_and_255_in_nero_s_list(tmp_path):
    pcm = chirp(3, 1)
    audio = encoded(tmp_path, pcm, "one")
    made = [BookChapter(f"Chapter {n}", len(pcm), audio) for n in range(300)]
    write_m4b(tmp_path / "book.m4b", made, Tags("B", "B"))
    data = (tmp_path / "book.m4b").read_bytes()
    assert len(text_track(data)[1]) == 300
    assert [title for _, title in nero_chapters(data)] == [f"Chapter {n}" for n in range(255)]
    with av.open(str(tmp_path / "book.m4b")) as container:
        assert len(container.chapters()) == 300
    assert len(decoded(tmp_path / "book.m4b")) == 300 * len(pcm)


def test_a_long_title_is_cut_between_characters(tmp_path):
    pcm = chirp(3, 1)
    made = [BookChapter("é" * 300, len(pcm), encoded(tmp_path, pcm, "one"))]
    write_m4b(tmp_path / "book.m4b", made, Tags("B", "B"))
    assert nero_chapters((tmp_path / "book.m4b").read_bytes()) == [(0, "é" * 127)]


def test_a_chapter_that_is_not_as_long_as_its_timeline_is_refused_and_the_older_book_stays(tmp_path):
    pcm = chirp(6, 1)
    (tmp_path / "book.m4b").write_bytes(b"older")
    made = [BookChapter("One", len(pcm) + FRAME, encoded(tmp_path, pcm, "one"))]
    with pytest.raises(StorageError, match="7 AAC packets where the timeline asks for 8"):
        write_m4b(tmp_path / "book.m4b", made, Tags("B", "B"))
    assert (tmp_path / "book.m4b").read_bytes() == b"older"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["book.m4b", "one.m4a"]


@pytest.mark.parametrize("damage", [b"", b"not an m4a file at all"])
def test_a_damaged_chapter_is_named(tmp_path, damage):
    (tmp_path / "one.m4a").write_bytes(damage)
    with pytest.raises(StorageError, match=r"one\.m4a"):
        write_m4b(tmp_path / "book.m4b", [BookChapter("One", 6 * FRAME, tmp_path / "one.m4a")], Tags("B", "B"))


def test_a_chapter_that_is_gone_is_named(tmp_path):
    with pytest.raises(StorageError, match=r"gone\.m4a"):
        write_m4b(tmp_path / "book.m4b", [BookChapter("One", FRAME, tmp_path / "gone.m4a")], Tags("B", "B"))


def test_a_stop_leaves_no_book(tmp_path):
    made, _ = chapters(tmp_path, 2)
    stop = threading.Event()
    stop.set()
    with pytest.raises(Interrupted):
        write_m4b(tmp_path / "book.m4b", made, Tags("B", "B"), stop)
    assert not (tmp_path / "book.m4b").exists()


def test_a_book_needs_a_chapter(tmp_path):
    with pytest.raises(ValueError, match="chapter"):
        write_m4b(tmp_path / "book.m4b", [], Tags("B", "B"))
