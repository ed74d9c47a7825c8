"""How long speech will take and cost, before it is made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

_PACE_LOW, _PACE_HIGH = 12.0, 19.0
"""Characters a second of narration where nothing was measured yet: English audiobooks run at 140-180 words a minute
(specs 1.4: BBC 160-180), about 6 characters a word with its space."""
_MEASURED_SPREAD = 0.08
"""How far the pace of the rest may lie from the measured one."""
_ENOUGH_CHARACTERS = 2_000
"""From how much stored text on a voice's own pace is trusted."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds of audio still to be made and their price in EUR cents; ``cents_high`` None: the rate is unknown."""

    seconds_low: float
    seconds_high: float
    cents_low: Decimal | None
    cents_high: Decimal | None
    basis: str


def estimate(
    *,
    stored: Sequence[tuple[str, int, float]],
    missing: Sequence[tuple[str, int]],
    cents_per_minute: Decimal | None,
) -> Estimate:
    """Estimate ``missing`` (voice, characters) from the pace of ``stored`` (voice, characters, seconds)."""
    characters: dict[str, int] = defaultdict(int)
    seconds: dict[str, float] = defaultdict(float)
    for voice, count, length in stored:
        characters[voice] += count
        seconds[voice] += length
    low = high = 0.0
    measured, guessed = set(), set()
    for voice, count in missing:
        if characters[voice] >= _ENOUGH_CHARACTERS and seconds[voice] > 0:
            pace = characters[voice] / seconds[voice]
            low += count / (pace * (1 + _MEASURED_SPREAD))
            high += count / (pace * (1 - _MEASURED_SPREAD))
            measured.add(voice)
        else:
            low += count / _PACE_HIGH
            high += count / _PACE_LOW
            guessed.add(voice)
    return Estimate(
        seconds_low=round(low, 1),
        seconds_high=round(high, 1),
        cents_low=_cents(low, cents_per_minute),
        cents_high=_cents(high, cents_per_minute),
        basis=_basis(measured, guessed),
    )


def _cents(seconds: float, cents_per_minute: Decimal | None) -> Decimal | None:
    if cents_per_minute is None:
        return None
    exact = Decimal(repr(round(seconds, 3))) * cents_per_minute / 60
    return exact.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def _basis(measured: set[str], guessed: set[str]) -> str:
    parts = []
    if measured:
        parts.append(f"measured pace of {', '.join(sorted(measured))}")
    if guessed:
        parts.append(f"{_PACE_LOW:g}-{_PACE_HIGH:g} characters a second for {', '.join(sorted(guessed))}")
    return "; ".join(parts) or "nothing to make"
