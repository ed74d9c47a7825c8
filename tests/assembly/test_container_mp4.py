"""M4B and M4A: our own items, Nero's list and index, walked box by box by a reader of the tests' own."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.assembly import mp4_boxes
from pipeline.assembly.book import BookChapter, write_m4b
from pipeline.assembly.cover import Cover
from pipeline.assembly.encoding import ChapterFile, encode_chapter
from pipeline.assembly.marks import chapter_title, id3_shortfalls, marks_of, nero_shortfalls, vorbis_shortfalls
from pipeline.assembly.mp4_boxes import box, retagged, with_user_data
from pipeline.assembly.mp4_tags import user_data
from pipeline.assembly.nero_chapters import nero_chapters
from pipeline.assembly.tags import Tags
from pipeline.project.formats import OutputFormat
from pipeline.project.outputs import Output

BOOK = Tags(
    title="The Ledger",
    album="The Ledger",
    author="M. Penrose",
    narrator="Heart",
    publisher="Own Press",
    series="Lights",
    series_part="2",
    isbn="978-3-16-148410-0",
    date="2024-03-05",
    description="ä" * 300,
    language="en-GB",
    cover=Cover(b"\xff\xd8\xff not a real one", "mjpeg", "image/jpeg", 4, 4),
    author_sort="Penrose, M.",
)
HOLDING = ("moov", "udta", "trak", "mdia", "minf", "stbl", "edts", "ilst", "tref")


def walk(data: bytes, path: str = "") -> Iterator[tuple[str, bytes]]:
    """Every box with its path; the sizes have to fill what holds them to the byte."""
    at = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        header = 8
        if size == 1:
            size, header = struct.unpack_from(">Q", data, at + 8)[0], 16
        name, payload = kind.decode("latin-1"), data[at + header : at + size]
        yield f"{path}{name}", payload
        if name == "meta":
            yield from walk(payload[4:], f"{path}meta/")
        elif name in HOLDING or path.endswith("ilst/"):
            yield from walk(payload, f"{path}{name}/")
        at += size
    assert at == len(data)


def items(data: bytes) -> dict[str, tuple[int, bytes]]:
    """iTunes items by name, free-form ones by theirs: kind of value, value."""
    (ilst,) = [payload for name, payload in walk(data) if name.endswith("meta/ilst")]
    found = {}
    for name, payload in walk(ilst):
        if "/" in name or len(name) != 4:
            continue
        inner = dict(walk(payload))
        if name == "----":
            assert inner["mean"] == b"\0\0\0\0com.apple.iTunes"
        key = inner["name"][4:].decode() if name == "----" else name
        found[key] = (struct.unpack_from(">I", inner["data"])[0], inner["data"][8:])
    return found


def sound(frames: int, seed: int = 1) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 3000, (frames - 2) * 1024)
    return np.pad(noise, 1024).astype(np.int16)


def one(folder: Path, frames: int = 40, name: str = "one", tags: Tags = BOOK) -> Path:
    path = folder / f"{name}.m4a"
    encode_chapter([sound(frames)], [ChapterFile(path, Output(format=OutputFormat.M4A), tags)])
    return path


def decoded(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return np.concatenate([frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)])


def test_every_tag_stands_under_the_names_that_players_read():
    found = items(user_data(BOOK))
    texts = {name: value.decode() for name, (kind, value) in found.items() if kind == 1}
    described = texts.pop("ldes")
    assert described.endswith("ä" * 300)
    assert described.startswith(texts.pop("desc"))
    assert texts == {
        "©nam": "The Ledger", "©alb": "The Ledger", "©ART": "M. Penrose", "aART": "M. Penrose",
        "©wrt": "Heart", "©nrt": "Heart", "©gen": "Audiobook", "©day": "2024-03-05", "©pub": "Own Press",
        "©cmt": BOOK.disclosure, "©grp": "Lights", "©mvn": "Lights", "SERIES": "Lights", "SERIES-PART": "2",
        "PUBLISHER": "Own Press", "ISBN": "978-3-16-148410-0", "LANGUAGE": "en-GB", "sonm": "Ledger, The",
        "soal": "Lights 002 - Ledger, The", "soar": "Penrose, M.", "soaa": "Penrose, M.", "soco": "Heart",
    }  # fmt: skip
    assert found["stik"] == (21, b"\x02")
    assert found["pgap"] == (21, b"\x01")
    assert found["©mvi"] == (21, b"\0\x02")
    assert found["covr"] == (13, BOOK.cover.data)
    assert len(items(user_data(BOOK))["desc"][1]) <= 255


def test_a_half_number_in_a_series_stands_in_words_alone():
    found = items(user_data(Tags("a", "The b", series="S", series_part="2.5", language="en")))
    assert "©mvi" not in found
    assert found["SERIES-PART"][1] == b"2.5"
    assert found["soal"][1] == b"S 002.5 - b, The"


def test_what_is_not_known_is_left_out():
    assert set(items(user_data(Tags("a", "b")))) == {"©nam", "©alb", "©gen", "©cmt", "desc", "ldes", "sonm", "soal",
                                                     "stik", "pgap"}  # fmt: skip


def test_a_file_keeps_its_sound_and_its_index_comes_first(tmp_path):
    path = one(tmp_path)
    names = [name for name, _ in walk(path.read_bytes()) if "/" not in name]
    assert names.index("moov") < names.index("mdat")
    heard = decoded(path)
    assert len(heard) == 40 * 1024
    assert np.corrcoef(heard, sound(40))[0, 1] > 0.9


@pytest.mark.parametrize("description", [None, "short", "x" * 200_000])
def test_other_tags_in_a_finished_file_leave_its_sound_where_its_index_says(tmp_path, description):
    path = one(tmp_path)
    other = tmp_path / "other.m4a"
    other.write_bytes(retagged(path.read_bytes(), user_data(Tags("Two", "b", description=description))))
    assert np.array_equal(decoded(path), decoded(other))
    assert items(other.read_bytes())["©nam"] == (1, b"Two")


def test_sound_beyond_four_gigabytes_gets_places_of_64_bits(tmp_path, monkeypatch):
    """A file with a hole in it stands for 4 GiB of sound."""
    path = tmp_path / "large.mp4"
    size = 1 << 32
    stco = box(b"stco", struct.pack(">III", 0, 1, size - 50))
    moov = box(b"moov", box(b"trak", box(b"mdia", box(b"minf", box(b"stbl", stco)))))
    with path.open("wb") as file:
        file.write(box(b"ftyp", b"M4B ") + struct.pack(">I4sQ", 1, b"mdat", size - 12))
        file.truncate(size)
        file.seek(size)
        file.write(moov)
    sizes = []
    monkeypatch.setattr(mp4_boxes, "move_up", lambda file, start, end, by: sizes.append((start, end, by)))
    with_user_data(path, box(b"udta"))
    ((start, end, by),) = sizes
    assert (start, end) == (12, size)
    with path.open("rb") as file:
        file.seek(12)
        found = dict(walk(file.read(by)))
    assert struct.unpack(">IIQ", found["moov/trak/mdia/minf/stbl/co64"]) == (0, 1, size - 50 + by)
    path.unlink()


@pytest.mark.parametrize("data", [b"", box(b"ftyp"), box(b"moov") + box(b"mdat"), b"\0\0\0\x04mdat"])
def test_what_is_no_file_of_the_muxer_is_refused(tmp_path, data):
    path = tmp_path / "bad.m4a"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"bad\.m4a|does not fit"):
        with_user_data(path, box(b"udta"))
    with pytest.raises(ValueError, match=r"index|fit"):
        retagged(data.replace(b"moov", b"free"), box(b"udta"))


def test_300_chapters_and_long_titles_are_whole_in_the_text_track_and_the_list_says_what_it_lacks(tmp_path):
    pcm = sound(3)
    audio = tmp_path / "one.m4a"
    encode_chapter([pcm], [ChapterFile(audio, Output(format=OutputFormat.M4A), Tags("a", "b"))])
    long = "Ein sehr langer Titel 👩‍👩‍👧 " * 12
    chapters = [BookChapter(long.strip() if n == 2 else f"Kapitel {n}", len(pcm), audio) for n in range(300)]
    write_m4b(tmp_path / "book.m4b", chapters, BOOK)
    with av.open(str(tmp_path / "book.m4b")) as container:
        assert [mark["metadata"]["title"] for mark in container.chapters()] == [each.title for each in chapters]
    found = dict(walk((tmp_path / "book.m4b").read_bytes()))
    assert found["moov/udta/chpl"] == nero_chapters(marks_of((each.title, each.samples) for each in chapters))[8:]
    assert list(nero_shortfalls(marks_of((each.title, each.samples) for each in chapters))) == [
        "Nero's chapter list, which some players read, holds the first 255 of 300 chapters: its count is one byte",
        "Nero's chapter list, which some players read, cuts 1 chapter title at 255 bytes",
    ]
    assert list(nero_shortfalls(marks_of([("a", 1)] * 255))) == []


def test_other_stores_of_chapters_say_where_they_end():
    many = marks_of([("a", 1)] * 1000)
    assert list(id3_shortfalls(many[:255])) == list(vorbis_shortfalls(many[:999])) == []
    assert list(id3_shortfalls(many[:256])) == [
        "players that read one table of contents only show the first 254 of 256 chapters"
    ]
    assert len(list(vorbis_shortfalls(many))) == 1


def test_nero_s_starts_are_exact_to_100_ns():
    payload = nero_chapters(marks_of([("a", 1_001), ("b", 24_000 * 3600 * 30), ("c", 1)]))[8:]
    assert payload[:9] == b"\1\0\0\0\0\0\0\0\3"
    starts, at = [], 9
    while at < len(payload):
        start, length = struct.unpack_from(">QB", payload, at)
        starts.append(start)
        at += 9 + length
    assert starts == [0, round(1_001 / 24_000 * 1e7), round((1_001 / 24_000 + 108_000) * 1e7)]


@pytest.mark.parametrize(
    ("title", "cut"),
    [
        ("é" * 200, "é" * 127),
        ("x" * 252 + "e\u0301", "x" * 252 + "e\u0301"),
        ("x" * 254 + "e\u0301", "x" * 254),
        ("x" * 240 + "👩\u200d👩\u200d👧", "x" * 240),
        ("x" * 250 + "👍🏽", "x" * 250),
        ("x" * 246 + "🇩🇪🇫🇷", "x" * 246 + "🇩🇪"),
        ("x" * 250 + "   yyyyyy", "x" * 250 + "   yy"),
    ],
)
def test_titles_are_cut_where_a_reader_sees_a_character_end(title, cut):
    assert chapter_title(title) == cut


@settings(max_examples=150, deadline=None)
@given(st.text(min_size=0, max_size=400))
def test_a_cut_title_fits_and_is_how_the_title_begins(title):
    cut = chapter_title(title.encode(errors="ignore").decode())
    assert len(cut.encode()) <= 255
    assert title.encode(errors="ignore").decode().startswith(cut)
