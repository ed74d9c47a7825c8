"""How long speech will take and cost, before it is made."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

_PACE_LOW, _PACE_HIGH = 12.0, 19.0
"""Characters a second of narration where nothing was measured yet: English audiobooks run at 140-180 words a minute
(specs 1.4: BBC 160-180), about 6 characters a word with its space."""
_STYLE_SPREAD = 0.03
"""How far another part of a book may lie from the measured one for its style alone, as a share: dialogue, names and
sentence length change the pace. Chapters of a novel read by the embedded voice differ by 0.7 % (standard deviation)."""
_WIDEST_SPREAD = 0.4
_ENOUGH_CHARACTERS, _ENOUGH_TAKES = 2_000, 5
"""From how much stored text on a voice's own pace is trusted."""
_SOME_CHARACTERS = 300
"""From how much on it widens what is guessed: a slow voice, or lines of numbers, show early."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds of audio still to be made and their price in EUR cents; ``cents_high`` None: the rate is unknown."""

    seconds_low: float
    seconds_high: float
    cents_low: Decimal | None
    cents_high: Decimal | None
    basis: str


@dataclass(frozen=True, slots=True)
class VoicePace:
    """What was measured of one voice: its stored takes, their characters and seconds.

    ``squared_errors`` sums up (seconds² ) by how much single takes were longer or shorter than their characters tell.
    """

    takes: int
    characters: int
    seconds: float
    squared_errors: float

    @property
    def trusted(self) -> bool:
        """Whether that is enough to tell the pace of the rest."""
        return self.characters >= _ENOUGH_CHARACTERS and self.takes >= _ENOUGH_TAKES and self.seconds > 0

    def spread(self, characters: int) -> float:
        """How far ``characters`` of further text may lie from the measured pace, as a share of their seconds.

        Twice the standard error of the pace and of the text's own takes together, which is about 95 %, and what
        another style may do.
        """
        measured = self.squared_errors / self.seconds**2
        ahead = measured * self.characters / max(characters, 1)
        return min(_STYLE_SPREAD + 2 * math.sqrt(measured + ahead), _WIDEST_SPREAD)


def measured_paces(takes: Iterable[tuple[str, int, float]]) -> dict[str, VoicePace]:
    """The pace of every voice in ``takes`` (voice, characters, seconds)."""
    by_voice: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for voice, characters, seconds in takes:
        by_voice[voice].append((characters, seconds))
    return {voice: _pace(rows) for voice, rows in by_voice.items()}


def _pace(rows: Sequence[tuple[int, float]]) -> VoicePace:
    characters, seconds = sum(row[0] for row in rows), math.fsum(row[1] for row in rows)
    each = seconds / characters if characters else 0.0
    return VoicePace(len(rows), characters, seconds, math.fsum((row[1] - row[0] * each) ** 2 for row in rows))


@dataclass(frozen=True, slots=True)
class Pricing:
    """What an estimate rests on: measured paces, the voices' speeds (for guesses), the price, and what was assumed.

    ``cents_per_minute`` None: the rate is unknown. ``assumed`` is said in the basis of every estimate.
    """

    paces: Mapping[str, VoicePace]
    cents_per_minute: Decimal | None
    speeds: Mapping[str, float] = field(default_factory=dict)
    assumed: str = ""

    def estimate(self, missing: Iterable[tuple[str, int]]) -> Estimate:
        """Estimate the ``missing`` takes (voice, characters)."""
        ahead: dict[str, int] = defaultdict(int)
        for voice, characters in missing:
            ahead[voice] += characters
        low = high = 0.0
        for voice, characters in sorted(ahead.items()):
            shortest, longest = self._seconds(voice, characters)
            low += shortest
            high += longest
        return Estimate(
            seconds_low=round(low, 1),
            seconds_high=round(high, 1),
            cents_low=_cents(low, self.cents_per_minute),
            cents_high=_cents(high, self.cents_per_minute),
            basis=self._basis(ahead),
        )

    def _seconds(self, voice: str, characters: int) -> tuple[float, float]:
        pace = self.paces.get(voice)
        if pace is None or not pace.trusted:
            slowest, fastest = self._guessed(voice)
            return characters / fastest, characters / slowest
        likely, spread = characters * pace.seconds / pace.characters, pace.spread(characters)
        return likely * (1 - spread), likely * (1 + spread)

    def _guessed(self, voice: str) -> tuple[float, float]:
        """Characters a second, at least and at most, while little is measured."""
        speed, pace = self.speeds.get(voice, 1.0), self.paces.get(voice)
        paces = [_PACE_LOW * speed, _PACE_HIGH * speed]
        if pace is not None and pace.characters >= _SOME_CHARACTERS and pace.seconds > 0:
            paces.append(pace.characters / pace.seconds)
        return min(paces), max(paces)

    def _basis(self, voices: Iterable[str]) -> str:
        measured, guessed = [], []
        for voice in sorted(voices):
            pace = self.paces.get(voice)
            if pace is not None and pace.trusted:
                each = f"{pace.characters / pace.seconds:.1f} characters a second in {pace.takes:,} takes"
                measured.append(f"{voice} ({each})")
            else:
                guessed.append(voice)
        parts = [f"the measured pace of {', '.join(measured)}"] if measured else []
        if guessed:
            parts += _guesses(guessed, self._guessed)
        parts = parts or ["nothing to make"]
        return "; ".join([*parts, *([self.assumed] if self.assumed else [])])


def _guesses(voices: Iterable[str], guessed: Callable[[str], tuple[float, float]]) -> list[str]:
    """What is guessed, voices of one range together."""
    by_range: dict[str, list[str]] = defaultdict(list)
    for voice in voices:
        slowest, fastest = guessed(voice)
        by_range[f"{slowest:.3g}-{fastest:.3g}"].append(voice)
    return [
        f"{paces} characters a second for {', '.join(of_it)}, not yet measured" for paces, of_it in by_range.items()
    ]


def _cents(seconds: float, cents_per_minute: Decimal | None) -> Decimal | None:
    if cents_per_minute is None:
        return None
    exact = Decimal(repr(round(seconds, 3))) * cents_per_minute / 60
    return exact.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
