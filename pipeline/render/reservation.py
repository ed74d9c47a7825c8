"""What a request may cost at most, set aside before it leaves (DESIGN, "Reservation").

Seconds are rounded up to started ones, so that billing by exact and by started seconds are both covered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal

SLOWEST_UNKNOWN = 6.0
"""Characters a second while a voice's pace is unknown: half of what slow narration comes to."""
_EDGE_SECONDS = 2.0
"""Silence before and after, which short texts have as long ones do."""
_ENOUGH_CHARACTERS = 2_000
_TELLING_CHARACTERS = 80
"""Texts shorter than this say little about a pace."""
_SLACK = 0.8
"""The next text may be slower than the slowest so far."""
_MICROCENT = Decimal("0.000001")


@dataclass(slots=True)
class Paces:
    """The slowest pace seen for each voice, in characters a second."""

    _slowest: dict[str, float] = field(default_factory=dict)
    _characters: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @classmethod
    def of(cls, stored: Iterable[tuple[str, int, float]]) -> Paces:
        """From what is stored: voice, characters, seconds."""
        paces = cls()
        for voice, characters, seconds in stored:
            paces.heard(voice, characters, seconds)
        return paces

    def heard(self, voice: str, characters: int, seconds: float) -> None:
        """Learn from a take."""
        if characters < _TELLING_CHARACTERS or seconds <= 0:
            return
        pace = characters / seconds
        self._slowest[voice] = min(self._slowest.get(voice, pace), pace)
        self._characters[voice] += characters

    def slowest(self, voice: str) -> float:
        """The pace to reckon with."""
        seen = self._slowest.get(voice)
        if seen is None or (self._characters[voice] < _ENOUGH_CHARACTERS and seen * _SLACK > SLOWEST_UNKNOWN):
            return SLOWEST_UNKNOWN
        return seen * _SLACK

    def reserved_cents(self, voice: str, characters: int, cents_per_minute: Decimal) -> Decimal:
        """What a text of that length may cost with this voice."""
        return price_cents(characters / self.slowest(voice) + _EDGE_SECONDS, cents_per_minute)


def price_cents(seconds: float, cents_per_minute: Decimal) -> Decimal:
    """The price of so much audio by started seconds, rounded up to the microcent."""
    started = Decimal(repr(seconds)).to_integral_value(ROUND_CEILING)
    return (started * cents_per_minute / 60).quantize(_MICROCENT, ROUND_CEILING)
