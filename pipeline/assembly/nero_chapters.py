"""Nero's chapter list, ``moov/udta/chpl``: what VLC, foobar2000 and older players read (specs 1.6)."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from pipeline.assembly.marks import ONE_BYTE, Mark, chapter_title
from pipeline.assembly.mp4_boxes import box
from pipeline.assembly.timeline import TIMELINE_RATE

_UNITS = 10_000_000
"""Starts count in 100 ns."""


def nero_chapters(marks: Sequence[Mark]) -> bytes:
    """The box: the first 255 marks, each title cut to 255 bytes, since both counts are one byte."""
    listed = marks[:ONE_BYTE]
    return box(b"chpl", struct.pack(">B3xIB", 1, 0, len(listed)), *(_entry(mark) for mark in listed))


def _entry(mark: Mark) -> bytes:
    title = chapter_title(mark.title).encode()
    start = round(mark.start_sample * _UNITS / TIMELINE_RATE)
    return struct.pack(">QB", start, len(title)) + title
