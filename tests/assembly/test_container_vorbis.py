"""FLAC and Opus: comments, picture and chapters read from the bytes; nothing random, no version in them."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.assembly.book import BookChapter
from pipeline.assembly.cover import Cover, read_cover
from pipeline.assembly.encoding import ChapterFile, encode_chapter
from pipeline.assembly.tags import Tags
from pipeline.assembly.whole_book import write_whole_book
from pipeline.errors import StorageError
from pipeline.project.containers import Per
from pipeline.project.formats import OutputFormat
from pipeline.project.outputs import Output


def png() -> bytes:
    def piece(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = piece(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + piece(b"IDAT", zlib.compress(b"\0" * 52)) + piece(b"IEND", b"")


def comments(block: bytes) -> tuple[str, dict[str, str]]:
    """Vendor and comments of a Vorbis comment block, names in capitals."""
    (length,) = struct.unpack_from("<I", block)
    vendor, at = block[4 : 4 + length].decode(), 4 + length
    (count,) = struct.unpack_from("<I", block, at)
    at, found = at + 4, {}
    for _ in range(count):
        (length,) = struct.unpack_from("<I", block, at)
        name, value = block[at + 4 : at + 4 + length].decode().split("=", 1)
        assert name.upper() not in found
        found[name.upper()] = value
        at += 4 + length
    return vendor, found


def picture(block: bytes) -> tuple[int, str, tuple[int, int], bytes]:
    kind, length = struct.unpack_from(">II", block)
    at = 8 + length
    mime = block[8:at].decode()
    (described,) = struct.unpack_from(">I", block, at)
    width, height, _, _, size = struct.unpack_from(">IIIII", block, at + 4 + described)
    data = block[at + 24 + described :]
    assert len(data) == size
    return kind, mime, (width, height), data


def flac_blocks(data: bytes) -> dict[int, bytes]:
    assert data[:4] == b"fLaC"
    found, at, last = {}, 4, False
    while not last:
        last, kind, size = bool(data[at] & 128), data[at] & 127, int.from_bytes(data[at + 1 : at + 4], "big")
        found[kind] = data[at + 4 : at + 4 + size]
        at += 4 + size
    return found


def ogg_packets(data: bytes) -> tuple[set[int], list[bytes]]:
    """The serial numbers of an Ogg file's pages, and the packets in them; every page's checksum is checked."""
    serials, packets, open_packet, at = set(), [], b"", 0
    while at < len(data):
        assert data[at : at + 4] == b"OggS"
        serial, _, checksum, count = struct.unpack_from("<IIIB", data, at + 14)
        table = data[at + 27 : at + 27 + count]
        page = data[at : at + 27 + count + sum(table)]
        assert ogg_crc(page[:22] + bytes(4) + page[26:]) == checksum
        serials.add(serial)
        body = 27 + count
        for size in table:
            open_packet += page[body : body + size]
            body += size
            if size < 255:
                packets.append(open_packet)
                open_packet = b""
        at += len(page)
    return serials, packets


def ogg_crc(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc = ((crc << 8) & 0xFFFFFFFF) ^ OGG_TABLE[(crc >> 24) ^ byte]
    return crc


def _table() -> list[int]:
    found = []
    for byte in range(256):
        crc = byte << 24
        for _ in range(8):
            crc = ((crc << 1) ^ 0x04C11DB7 if crc & 0x80000000 else crc << 1) & 0xFFFFFFFF
        found.append(crc)
    return found


OGG_TABLE = _table()


def chapter(folder: Path, number: int, frames: int) -> BookChapter:
    pcm = np.random.default_rng(number).normal(0, 2000, frames * 1024).astype(np.int16)
    path = folder / f"{number}.flac"
    encode_chapter([pcm], [ChapterFile(path, Output(format=OutputFormat.FLAC), Tags("x", "y"))])
    return BookChapter(f"Kapitel {number} “ä”", len(pcm), path)


@pytest.fixture
def cover(tmp_path) -> Cover:
    (tmp_path / "cover.png").write_bytes(png())
    return read_cover(tmp_path / "cover.png")


@pytest.fixture
def tags(cover) -> Tags:
    return Tags(
        "Der Wärter", "Der Wärter", author="M. Penrose", narrator="Heart", publisher="Own", series="Lichter",
        series_part="3", isbn="978-3-16-148410-0", date="2024", language="de", cover=cover,
    )  # fmt: skip


WANTED = {
    "TITLE": "Der Wärter", "ALBUM": "Der Wärter", "ARTIST": "M. Penrose", "ALBUMARTIST": "M. Penrose",
    "COMPOSER": "Heart", "PERFORMER": "Heart", "PUBLISHER": "Own", "SERIES": "Lichter", "SERIES-PART": "3",
    "ISBN": "978-3-16-148410-0", "DATE": "2024", "GENRE": "Audiobook", "TITLESORT": "Wärter, Der",
    "ALBUMSORT": "Lichter 003 - Wärter, Der", "CHAPTER002NAME": "Kapitel 2 “ä”", "CHAPTER002": "00:00:01.280",
    "CHAPTER001NAME": "Kapitel 1 “ä”", "CHAPTER001": "00:00:00.000",
}  # fmt: skip


def test_a_book_in_flac_has_comments_picture_chapters_and_every_sample(tmp_path, tags, cover):
    chapters = [chapter(tmp_path, 1, 30), chapter(tmp_path, 2, 17)]
    path = tmp_path / "book.flac"
    write_whole_book(path, Output(format=OutputFormat.FLAC, per=Per.BOOK), chapters, tags)
    blocks = flac_blocks(path.read_bytes())
    vendor, found = comments(blocks[4])
    assert not re.search(r"[0-9]", vendor)
    assert WANTED.items() <= found.items()
    assert picture(blocks[6]) == (3, "image/png", (4, 4), cover.data)
    with av.open(str(path)) as container:
        heard = np.concatenate([frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)])
    wanted = [np.random.default_rng(n).normal(0, 2000, k * 1024).astype(np.int16) for n, k in ((1, 30), (2, 17))]
    assert np.array_equal(heard, np.concatenate(wanted))


def test_a_book_in_opus_has_the_same_and_no_random_serial(tmp_path, tags, cover):
    chapters = [chapter(tmp_path, 1, 30), chapter(tmp_path, 2, 17)]
    path = tmp_path / "book.opus"
    write_whole_book(path, Output(format=OutputFormat.OPUS, per=Per.BOOK), chapters, tags)
    serials, packets = ogg_packets(path.read_bytes())
    assert serials == {0}
    assert packets[0].startswith(b"OpusHead")
    assert packets[1].startswith(b"OpusTags")
    vendor, found = comments(packets[1][8:])
    assert not re.search(r"[0-9]", vendor)
    block = found.pop("METADATA_BLOCK_PICTURE")
    assert picture(base64.b64decode(block, validate=True)) == (3, "image/png", (4, 4), cover.data)
    assert WANTED.items() <= found.items()
    assert not re.search(rb"libopus|Lav[cf]", path.read_bytes())


def test_a_book_in_mp3_is_as_long_as_its_chapters_and_marked(tmp_path, tags):
    chapters = [chapter(tmp_path, n, 11 + n) for n in range(1, 5)]
    path = tmp_path / "book.mp3"
    write_whole_book(path, Output(format=OutputFormat.MP3, per=Per.BOOK), chapters, tags)
    with av.open(str(path)) as container:
        starts = [mark["start"] for mark in container.chapters()]
        assert sum(frame.samples for frame in container.decode(audio=0)) == sum(each.samples for each in chapters)
    ends = np.cumsum([each.samples for each in chapters])
    assert starts == [round(at / 24) for at in [0, *ends[:-1]]]


def test_a_chapter_that_is_not_as_long_as_its_timeline_is_named(tmp_path, tags):
    made = chapter(tmp_path, 1, 30)
    wrong = BookChapter(made.title, made.samples + 1024, made.audio)
    with pytest.raises(StorageError, match=r"1\.flac: 30720 samples where the timeline asks for 31744"):
        write_whole_book(tmp_path / "book.flac", Output(format=OutputFormat.FLAC), [wrong], tags)
    made.audio.unlink()
    with pytest.raises(StorageError, match=r"1\.flac: the chapter's audio cannot be read"):
        write_whole_book(tmp_path / "book.flac", Output(format=OutputFormat.FLAC), [made], tags)
    assert not (tmp_path / "book.flac").exists()
