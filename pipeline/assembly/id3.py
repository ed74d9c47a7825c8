"""ID3v2.3 for MP3 files: tags, cover and chapters (id3v2.3.0 and its chapter frame addendum 1.0).

2.3, because Windows and old players do not read 2.4. FFmpeg's muxer would write a comment as a user-defined text, no
language, and a table of contents whose count wraps at 256 (specs 1.6).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from pipeline.assembly.marks import ONE_BYTE, Mark
from pipeline.assembly.tags import GENRE, Tags, described, iso_639_2, sort_album, sort_title
from pipeline.assembly.timeline import TIMELINE_RATE

_FRONT_COVER = b"\x03"
_TOP_LEVEL, _ORDERED = 2, 1
_NO_OFFSET = 0xFFFFFFFF


def id3_tag(tags: Tags, marks: Sequence[Mark] = ()) -> bytes:
    """The tag that an MP3 begins with."""
    body = b"".join(_frames(tags, marks))
    size = bytes((len(body) >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + size + body


def _frames(tags: Tags, marks: Sequence[Mark]) -> Iterator[bytes]:
    for name, value in _texts(tags).items():
        if value:
            yield _text_frame(name, value)
    for name, value in (("SERIES", tags.series), ("SERIES-PART", tags.series_part), ("ISBN", tags.isbn)):
        if value:
            encoding, end = _encoding(name + value)
            yield _frame(b"TXXX", bytes([encoding]), _encoded(name, encoding), end, _encoded(value, encoding))
    yield _comment(tags)
    if tags.cover is not None:
        yield _frame(b"APIC", b"\0", tags.cover.mime.encode(), b"\0", _FRONT_COVER, b"\0", tags.cover.data)
    yield from _chapters(marks)


def _texts(tags: Tags) -> dict[str, str | None]:
    year, month, day = [*(tags.date or "").split("-"), "", ""][:3]
    return {
        "TIT2": tags.title,
        "TALB": tags.album,
        "TPE1": tags.author,
        "TPE2": tags.author,
        "TCOM": tags.narrator,
        "TPUB": tags.publisher,
        "TCON": GENRE,
        "TYER": year,
        "TDAT": day + month if day else None,
        "TLAN": iso_639_2(tags.language),
        "TRCK": tags.numbered,
        "TIT1": tags.series,
        "MVNM": tags.series,
        "MVIN": tags.series_part,
        "TSOT": sort_title(tags.title, tags.language) if tags.track is None else None,
        "TSOA": sort_album(tags),
        "TSOP": tags.author_sort or tags.author,
    }


def _comment(tags: Tags) -> bytes:
    """One comment without a description of its own, which is the one that players show."""
    text = described(tags)
    encoding, end = _encoding(text)
    language = iso_639_2(tags.language).encode()
    return _frame(b"COMM", bytes([encoding]), language, _encoded("", encoding), end, _encoded(text, encoding))


def _chapters(marks: Sequence[Mark]) -> Iterator[bytes]:
    """A table of contents, and a frame for every chapter.

    A table counts its entries in one byte, so that one with more than 255 chapters ends in a table of the rest:
    every chapter is listed, and players that know one level only still show the first 254.
    """
    names = [f"chp{number}" for number in range(1, len(marks) + 1)]
    number, rest = 1, names
    while rest:
        more = len(rest) > ONE_BYTE
        listed = [*rest[: ONE_BYTE - 1], f"toc{number + 1}"] if more else rest
        yield _contents(f"toc{number}", listed, top=number == 1)
        rest = rest[ONE_BYTE - 1 :] if more else []
        number += 1
    for name, mark in zip(names, marks, strict=True):
        times = struct.pack(">IIII", _ms(mark.start_sample), _ms(mark.end_sample), _NO_OFFSET, _NO_OFFSET)
        yield _frame(b"CHAP", name.encode(), b"\0", times, _text_frame("TIT2", mark.title))


def _contents(name: str, listed: Sequence[str], *, top: bool) -> bytes:
    flags = _ORDERED | (_TOP_LEVEL if top else 0)
    entries = b"".join(entry.encode() + b"\0" for entry in listed)
    return _frame(b"CTOC", name.encode(), b"\0", bytes([flags, len(listed)]), entries)


def _ms(samples: int) -> int:
    return round(samples * 1000 / TIMELINE_RATE)


def _text_frame(name: str, text: str) -> bytes:
    encoding, _ = _encoding(text)
    return _frame(name.encode(), bytes([encoding]), _encoded(text, encoding))


def _encoding(text: str) -> tuple[int, bytes]:
    """ID3v2.3's number of the encoding that holds the text, and what ends a text in it."""
    return (0, b"\0") if text.isascii() else (1, b"\0\0")


def _encoded(text: str, encoding: int) -> bytes:
    return b"\xff\xfe" + text.encode("utf-16-le") if encoding else text.encode("ascii")


def _frame(name: bytes, *payload: bytes) -> bytes:
    return name + struct.pack(">IH", sum(map(len, payload)), 0) + b"".join(payload)
