"""What a request may cost at most, set aside before it leaves (DESIGN, "Reservation").

Seconds are rounded up to started ones, so that billing by exact and by started seconds are both covered.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal

SLOWEST_UNKNOWN = 6.0
"""Letters a second while a voice's pace is unknown: half of what slow narration comes to."""
_READ_OUT = re.compile(r"[\d$€£¥%&@#/+*=<>^~|°§©®™]")
_READ_OUT_LETTERS = 9
"""A digit and a sign are read out as words: 777,777 as 62 letters, and pounds, slash, degrees."""
_SYLLABLES = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_SYLLABLE_LETTERS = 3
"""Han, kana and hangul: a character is a syllable or two."""
_CAPITALS = re.compile(r"[A-ZÀ-ÖØ-ÞΑ-ΩА-ЯЁ](?=[A-ZÀ-ÖØ-ÞΑ-ΩА-ЯЁ])")
_CAPITAL_LETTERS = 3
"""Within capitals, which may be spelt."""
_EDGE_SECONDS = 2.0
"""Silence before and after, which short texts have as long ones do."""
_ENOUGH_CHARACTERS = 2_000
_TELLING_CHARACTERS = 80
"""Texts shorter than this say little about a pace."""
_LEAST_CHARACTERS = 30
"""Texts shorter than this, such as a chapter's number, are mostly silence."""
_SLACK = 0.8
"""The next text may be slower than the slowest so far."""
_MICROCENT = Decimal("0.000001")


@dataclass(slots=True)
class Paces:
    """The slowest pace seen for each voice, in letters a second (:func:`letters`)."""

    _slowest: dict[str, float] = field(default_factory=dict)
    _characters: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @classmethod
    def of(cls, stored: Iterable[tuple[str, str, float]]) -> Paces:
        """From what is stored: voice, text, seconds."""
        paces = cls()
        for voice, text, seconds in stored:
            paces.heard(voice, text, seconds)
        return paces

    def heard(self, voice: str, text: str, seconds: float) -> None:
        """Learn from a take. A short one says little about a pace, but that it may be so slow."""
        if len(text) >= _TELLING_CHARACTERS and seconds > 0:
            pace = letters(text) / seconds
            self._slowest[voice] = min(self._slowest.get(voice, pace), pace)
            self._characters[voice] += len(text)
        elif len(text) >= _LEAST_CHARACTERS and seconds > _EDGE_SECONDS:
            pace = letters(text) / (seconds - _EDGE_SECONDS)
            if pace < self._slowest.get(voice, SLOWEST_UNKNOWN):
                self._slowest[voice] = pace

    def slowest(self, voice: str) -> float:
        """The pace to reckon with."""
        seen = self._slowest.get(voice)
        if seen is None or (self._characters[voice] < _ENOUGH_CHARACTERS and seen * _SLACK > SLOWEST_UNKNOWN):
            return SLOWEST_UNKNOWN
        return seen * _SLACK

    def reserved_cents(self, voice: str, text: str, cents_per_minute: Decimal) -> Decimal:
        """What a text may cost with this voice."""
        return price_cents(self.longest_seconds(voice, text), cents_per_minute)

    def longest_seconds(self, voice: str, text: str) -> float:
        """How long a text may take this voice."""
        return letters(text) / self.slowest(voice) + _EDGE_SECONDS


def letters(text: str) -> int:
    """How long a text is to a voice: its characters, those that are read out as words or syllables counted as such."""
    spoken = len(text)
    for found, each in (
        (_READ_OUT, _READ_OUT_LETTERS),
        (_SYLLABLES, _SYLLABLE_LETTERS),
        (_CAPITALS, _CAPITAL_LETTERS),
    ):
        spoken += (each - 1) * len(found.findall(text))
    return spoken


def price_cents(seconds: float, cents_per_minute: Decimal) -> Decimal:
    """The price of so much audio by started seconds, rounded up to the microcent."""
    started = Decimal(repr(seconds)).to_integral_value(ROUND_CEILING)
    return (started * cents_per_minute / 60).quantize(_MICROCENT, ROUND_CEILING)
