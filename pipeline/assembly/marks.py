"""Chapter marks: where each chapter of a file begins, and what its name is where room is short."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from pipeline.assembly.timeline import TIMELINE_RATE

if TYPE_CHECKING:
    from av.container.core import Chapter

ONE_BYTE = 255
"""Nero's list and ID3's table of contents count chapters in one byte, Nero's list the bytes of a title too."""
TITLE_BYTES = ONE_BYTE
THREE_DIGITS = 999
"""Vorbis comments number chapters in three digits."""

_JOINER = "\u200d"


@dataclass(frozen=True, slots=True)
class Mark:
    """A chapter of a file: its samples count at 24,000 Hz from the file's start."""

    title: str
    start_sample: int
    samples: int

    @property
    def end_sample(self) -> int:
        """The sample after the chapter's last."""
        return self.start_sample + self.samples


def marks_of(chapters: Iterable[tuple[str, int]]) -> tuple[Mark, ...]:
    """The marks of chapters that lie one behind the other, from their titles and lengths in samples."""
    marks, at = [], 0
    for title, samples in chapters:
        marks.append(Mark(title, at, samples))
        at += samples
    return tuple(marks)


def container_chapters(marks: Sequence[Mark]) -> list[Chapter]:
    """The marks as PyAV's containers take them."""
    return [
        {
            "id": index,
            "start": mark.start_sample,
            "end": mark.end_sample,
            "time_base": Fraction(1, TIMELINE_RATE),
            "metadata": {"title": mark.title},
        }
        for index, mark in enumerate(marks)
    ]


def chapter_title(title: str) -> str:
    """A title as Nero's list can hold it: at most 255 bytes of UTF-8 (specs 1.6), cut where a character ends."""
    return cut_to_bytes(title, TITLE_BYTES)


def cut_to_bytes(text: str, most: int) -> str:
    """At most ``most`` bytes of UTF-8 of the text, never ending inside what a reader sees as one character.

    What belongs together is told by Unicode's categories (marks, joiners, skin tones, pairs of flag letters), which
    covers the clusters of UAX 29 but for conjoining Korean letters, which NFC has composed.
    """
    if len(text.encode()) <= most:
        return text
    end = len(text.encode()[:most].decode(errors="ignore"))
    while end and not _may_break(text, end):
        end -= 1
    return text[:end].rstrip()


def nero_shortfalls(marks: Sequence[Mark]) -> Iterator[str]:
    """What Nero's list cannot hold of the marks, in sentences for the person who renders."""
    store = "Nero's chapter list, which some players read,"
    if len(marks) > ONE_BYTE:
        yield f"{store} holds the first {ONE_BYTE} of {len(marks)} chapters: its count is one byte"
    long = sum(len(mark.title.encode()) > TITLE_BYTES for mark in marks)
    if long:
        yield f"{store} cuts {long} chapter title{'s' * (long > 1)} at {TITLE_BYTES} bytes"


def id3_shortfalls(marks: Sequence[Mark]) -> Iterator[str]:
    """The same of ID3's table of contents, which goes on in a second one."""
    if len(marks) > ONE_BYTE:
        shown = ONE_BYTE - 1
        yield f"players that read one table of contents only show the first {shown} of {len(marks)} chapters"


def vorbis_shortfalls(marks: Sequence[Mark]) -> Iterator[str]:
    """The same of Vorbis comments."""
    if len(marks) > THREE_DIGITS:
        yield f"Vorbis comments hold the first {THREE_DIGITS} of {len(marks)} chapters: they number in three digits"


def _may_break(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    if unicodedata.category(after).startswith("M") or _JOINER in (before, after) or _is_tone(after):
        return False
    if _is_flag(before) and _is_flag(after):
        run = len(text[:at]) - len(text[:at].rstrip("".join(map(chr, range(0x1F1E6, 0x1F200)))))
        return run % 2 == 0
    return True


def _is_tone(character: str) -> bool:
    return "\U0001f3fb" <= character <= "\U0001f3ff"


def _is_flag(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
