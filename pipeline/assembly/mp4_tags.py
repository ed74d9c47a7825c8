"""What an M4B or M4A says of itself: the iTunes items that players and audiobook servers read (specs 1.6).

Where readers differ, the value stands under each of their names: the narrator as composer, which servers read, and as
``©nrt``; series and part as movement and as free-form items; publisher and ISBN as free-form items, the only names
that FFmpeg-based readers know.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from pipeline.assembly.marks import Mark, cut_to_bytes
from pipeline.assembly.mp4_boxes import box
from pipeline.assembly.nero_chapters import nero_chapters
from pipeline.assembly.tags import GENRE, Tags, described, sort_album, sort_title

_BYTES, _TEXT, _JPEG, _PNG, _INTEGER = 0, 1, 13, 14, 21
_STIK_AUDIOBOOK = 2
_SHORT_DESCRIPTION_BYTES = 255
"""Readers of ``desc`` keep 255 bytes; ``ldes`` holds it all."""
_FREE_FORM = b"com.apple.iTunes"


def user_data(tags: Tags, marks: Sequence[Mark] = ()) -> bytes:
    """The ``udta`` box: the tags, and Nero's chapter list where there are marks."""
    handler = box(b"hdlr", bytes(8), b"mdirappl", bytes(9))
    meta = box(b"meta", bytes(4), handler, box(b"ilst", *_items(tags)))
    return box(b"udta", meta, nero_chapters(marks) if marks else b"")


def _items(tags: Tags) -> Iterator[bytes]:
    for name, value in _texts(tags).items():
        if value:
            yield _item(name.encode("latin-1"), _TEXT, value.encode())
    if tags.track is not None:
        yield _item(b"trkn", _BYTES, struct.pack(">HHHH", 0, tags.track, tags.tracks or 0, 0))
    if tags.series_part is not None and tags.series_part.isdecimal() and int(tags.series_part) < 1 << 16:
        yield _item("©mvi".encode("latin-1"), _INTEGER, struct.pack(">H", int(tags.series_part)))
    yield _item(b"stik", _INTEGER, bytes([_STIK_AUDIOBOOK]))
    yield _item(b"pgap", _INTEGER, b"\x01")
    if tags.cover is not None:
        yield _item(b"covr", _JPEG if tags.cover.mime == "image/jpeg" else _PNG, tags.cover.data)
    for name, value in _free_forms(tags).items():
        if value:
            yield _free_form(name, value)


def _texts(tags: Tags) -> dict[str, str | None]:
    return {
        "©nam": tags.title,
        "©ART": tags.author,
        "aART": tags.author,
        "©alb": tags.album,
        "©wrt": tags.narrator,
        "©nrt": tags.narrator,
        "©gen": GENRE,
        "©day": tags.date,
        "©cmt": tags.disclosure,
        "desc": cut_to_bytes(described(tags), _SHORT_DESCRIPTION_BYTES),
        "ldes": described(tags),
        "©pub": tags.publisher,
        "©grp": tags.series,
        "©mvn": tags.series,
        "sonm": sort_title(tags.title, tags.language) if tags.track is None else None,
        "soal": sort_album(tags),
        "soar": tags.author_sort or tags.author,
        "soaa": tags.author_sort or tags.author,
        "soco": tags.narrator,
    }


def _free_forms(tags: Tags) -> dict[str, str | None]:
    return {
        "SERIES": tags.series,
        "SERIES-PART": tags.series_part,
        "PUBLISHER": tags.publisher,
        "ISBN": tags.isbn,
        "LANGUAGE": tags.language,
    }


def _item(name: bytes, kind: int, value: bytes) -> bytes:
    return box(name, box(b"data", struct.pack(">II", kind, 0), value))


def _free_form(name: str, value: str) -> bytes:
    data = box(b"data", struct.pack(">II", _TEXT, 0), value.encode())
    return box(b"----", box(b"mean", bytes(4), _FREE_FORM), box(b"name", bytes(4), name.encode()), data)
