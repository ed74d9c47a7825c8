"""Phonemes cut into model calls: unpunctuated text would otherwise take gigabytes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.engines.hibari.phonemes import NO_WORD, Spoken

MAX_PHONEMES = 250
"""Phonemes in one model call at speed 1. The model takes 400 (hibari ``MAX_PHONEMES``); memory grows with the length
of the audio, and at 250 a worker stays well below its 400 MiB."""

_CLAUSE_END = re.compile(r"[;:,.!?—…][”\")]* ")
_WORD_END = re.compile(r" ")


def pieces(spoken: Spoken, speed: float) -> Iterator[Spoken]:
    """Parts of at most :data:`MAX_PHONEMES` (fewer where slow speech makes them longer), without bare silence.

    Cut after the last clause that ends in the second half of what fits, else after the last word, else anywhere.
    """
    limit = max(int(MAX_PHONEMES * min(speed, 1.0)), 1)
    at, length = 0, len(spoken.phonemes)
    while at < length:
        end = length if length - at <= limit else _cut(spoken.phonemes, at, at + limit)
        part = _stripped(spoken, at, end)
        if any(owner != NO_WORD for owner in part.owners):
            yield part
        at = end


def _cut(phonemes: str, start: int, limit: int) -> int:
    for pattern, earliest in ((_CLAUSE_END, (start + limit) // 2), (_WORD_END, start)):
        ends = [m.end() for m in pattern.finditer(phonemes, start, limit)]
        if ends and ends[-1] > earliest:
            return ends[-1]
    return limit


def _stripped(spoken: Spoken, start: int, end: int) -> Spoken:
    while start < end and spoken.phonemes[start] == " ":
        start += 1
    while end > start and spoken.phonemes[end - 1] == " ":
        end -= 1
    return Spoken(spoken.phonemes[start:end], spoken.owners[start:end])
