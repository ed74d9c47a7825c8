"""MP3 files: ID3v2.3 read by a parser of our own, chapters within one-byte counts, no encoder's version."""

from __future__ import annotations

import re
import struct
from collections import defaultdict
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.assembly.cover import Cover
from pipeline.assembly.encoding import ChapterFile, encode_chapter
from pipeline.assembly.id3 import id3_tag
from pipeline.assembly.marks import marks_of
from pipeline.assembly.mp3_frames import finish_mp3
from pipeline.assembly.tags import DISCLOSURE, Tags
from pipeline.project.formats import OutputFormat
from pipeline.project.outputs import Output

PICTURE = Cover(b"\xff\xd8\xff not a real one", "mjpeg", "image/jpeg", 4, 4)
BOOK = Tags(
    title="The Ledger",
    album="The Ledger",
    author="M. Penrose",
    narrator="Großmutter 👵",
    publisher="Own Press",
    series="Lights",
    series_part="2",
    isbn="9780000000002",
    date="2024-03-05",
    description="A keeper and his book.",
    language="en-GB",
    cover=PICTURE,
    author_sort="Penrose, M.",
)


def frames(data: bytes) -> dict[str, list[bytes]]:
    """The frames of an ID3v2.3 tag, walked as its specification says; nothing may be left over."""
    assert data[:6] == b"ID3\x03\x00\x00"
    assert all(byte < 128 for byte in data[6:10])
    size = sum(byte << shift for byte, shift in zip(data[6:10], (21, 14, 7, 0), strict=True))
    return walked(data[10 : 10 + size])


def walked(body: bytes) -> dict[str, list[bytes]]:
    found, at = defaultdict(list), 0
    while at < len(body):
        name, size, flags = struct.unpack_from(">4sIH", body, at)
        assert re.fullmatch(rb"[A-Z0-9]{4}", name)
        assert flags == 0
        found[name.decode()].append(body[at + 10 : at + 10 + size])
        at += 10 + size
    assert at == len(body)
    return found


def text(payload: bytes) -> str:
    """A text frame's value: Latin-1, or UTF-16 with its byte order mark."""
    assert payload[0] in (0, 1)
    return payload[1:].decode("utf-16" if payload[0] else "latin-1")


def chapters(found: dict[str, list[bytes]]) -> dict[str, tuple[int, int, str]]:
    made = {}
    for payload in found["CHAP"]:
        name, rest = payload.split(b"\0", 1)
        start, end, first, last = struct.unpack_from(">IIII", rest)
        assert (first, last) == (0xFFFFFFFF, 0xFFFFFFFF)
        made[name.decode()] = (start, end, text(walked(rest[16:])["TIT2"][0]))
    return made


def contents(found: dict[str, list[bytes]]) -> dict[str, tuple[int, list[str]]]:
    """Tables of contents by name: flags and entries, whose count has to be the one byte that says it."""
    made = {}
    for payload in found["CTOC"]:
        name, rest = payload.split(b"\0", 1)
        entries = rest[2:].split(b"\0")
        assert entries.pop() == b""
        assert len(entries) == rest[1]
        made[name.decode()] = (rest[0], [entry.decode() for entry in entries])
    return made


def test_the_tag_says_what_the_book_is():
    found = frames(id3_tag(BOOK))
    wanted = {
        "TIT2": "The Ledger", "TALB": "The Ledger", "TPE1": "M. Penrose", "TPE2": "M. Penrose",
        "TCOM": "Großmutter 👵", "TPUB": "Own Press", "TCON": "Audiobook", "TYER": "2024", "TDAT": "0503",
        "TLAN": "eng", "MVNM": "Lights", "MVIN": "2", "TSOT": "Ledger, The", "TSOA": "Lights 002 - Ledger, The",
        "TSOP": "Penrose, M.",
    }  # fmt: skip
    assert {name: text(found[name][0]) for name in wanted} == wanted
    assert sorted(payload[1:].decode() for payload in found["TXXX"]) == [
        "ISBN\x009780000000002", "SERIES\0Lights", "SERIES-PART\x002",
    ]  # fmt: skip
    assert found["APIC"] == [b"\0image/jpeg\0\x03\0" + PICTURE.data]


def test_the_comment_is_a_comment_and_says_that_a_machine_speaks():
    (comment,) = frames(id3_tag(BOOK))["COMM"]
    assert comment == b"\0eng\0" + f"{DISCLOSURE}. A keeper and his book.".encode()
    (comment,) = frames(id3_tag(Tags("a", "b", description="Ein Wärter")))["COMM"]
    assert comment[:8] == b"\1und\xff\xfe\0\0"
    assert comment[8:].decode("utf-16") == f"{DISCLOSURE}. Ein Wärter"


def test_a_chapter_has_its_number_and_no_sort_title_of_its_own():
    found = frames(id3_tag(Tags("One", "Book", track=2, tracks=12)))
    assert text(found["TRCK"][0]) == "2/12"
    assert "TSOT" not in found
    assert "TYER" not in found


def test_255_chapters_stand_in_one_table_and_more_in_tables_that_end_in_the_next():
    for count, tables in ((1, 1), (255, 1), (256, 2), (509, 2), (510, 3), (1000, 4)):
        found = frames(id3_tag(BOOK, marks_of((f"Kapitel {n} ä", 24_000) for n in range(1, count + 1))))
        listed = contents(found)
        assert len(listed) == tables
        assert [flags for flags, _ in listed.values()] == [3] + [1] * (tables - 1)
        order, table = [], "toc1"
        while table:
            entries = listed[table][1]
            table = entries.pop() if entries[-1].startswith("toc") else ""
            order += entries
        by_name = chapters(found)
        assert [by_name[name] for name in order] == [
            (1000 * n, 1000 * n + 1000, f"Kapitel {n + 1} ä") for n in range(count)
        ]


@pytest.fixture(scope="module")
def spoken(tmp_path_factory) -> bytes:
    """Ten seconds, silent for the most part, so that LAME fills many a frame."""
    rng = np.random.default_rng(3)
    pcm = np.concatenate([np.zeros(96_000), rng.normal(0, 2000, 48_000), np.zeros(96_000)]).astype(np.int16)
    path = tmp_path_factory.mktemp("mp3") / "one.mp3"
    marks = marks_of([("One", 120_000), ("Two", 120_000)])
    encode_chapter([pcm], [ChapterFile(path, Output(format=OutputFormat.MP3), BOOK, marks)])
    return path.read_bytes()


def crc16(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0xA001 if crc & 1 else 0)
    return crc


def test_no_encoder_s_version_is_in_the_frames_and_their_checksums_still_hold(spoken):
    assert not re.search(rb"LAME[0-9.]|Lav[cf][0-9.]", spoken)
    assert spoken.count(b"UUUUUUUU") > 50
    at = spoken.find(b"Info")
    start = at - 13  # header and side information of a mono frame in MPEG-2
    music, own = struct.unpack_from(">HH", spoken, at + 152)
    frame = 72 * 64_000 // 24_000
    assert music == crc16(spoken[start + frame :])
    head = bytearray(spoken[start : start + 190])
    head[at + 154 - start : at + 156 - start] = bytes(2)
    assert own == crc16(bytes(head))


def test_the_sound_is_the_one_that_the_encoder_made(spoken, tmp_path):
    """Versions are filler: without them the same samples come out, as many as went in."""
    (tmp_path / "one.mp3").write_bytes(spoken)
    (tmp_path / "two.mp3").write_bytes(spoken.replace(b"UUUUUUUU0", b"LAME3.100"))
    heard = []
    for name in ("one.mp3", "two.mp3"):
        with av.open(str(tmp_path / name)) as container:
            heard.append(np.concatenate([frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]))
    assert len(heard[0]) == 240_000
    assert np.array_equal(*heard)


@pytest.mark.parametrize("behind", [b"0", b"7", b"."])
def test_sound_right_behind_a_version_stays_as_it_is(spoken, tmp_path, behind: bytes):
    """The last character of the version is left out where a frame is full; sound may begin with that very byte."""
    raw = spoken[spoken.find(b"\xff\xf3") :].replace(b"UUUUUUUU0", b"LAME3.10" + behind)
    path = tmp_path / "raw.mp3"
    path.write_bytes(raw)
    finish_mp3(path, b"")
    made = path.read_bytes()
    assert len(made) == len(raw)
    assert made.count(b"UUUUUUUU" + behind) > 50
    assert b"LAME3" not in made


def test_another_reader_finds_the_chapters_and_the_tags(spoken, tmp_path: Path):
    (tmp_path / "one.mp3").write_bytes(spoken)
    with av.open(str(tmp_path / "one.mp3")) as container:
        found = [(each["start"], each["end"], each["metadata"]["title"]) for each in container.chapters()]
        assert found == [(0, 5000, "One"), (5000, 10_000, "Two")]
        assert container.metadata["composer"] == "Großmutter 👵"
        assert container.metadata["comment"].endswith("A keeper and his book.")
