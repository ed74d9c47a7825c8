"""Sums of charges. What is unknown is counted beside the known sum and never becomes a number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from pipeline.reports.costs.attempts import Attempt
from pipeline.reports.costs.exact import ZERO, plain, plus, price_of


@dataclass(frozen=True, slots=True)
class Charges:
    """What attempts came to: ``cents`` is the sum of the known charges, ``unknown`` counts the others."""

    attempts: int = 0
    characters: int = 0
    audio_seconds: Decimal = ZERO
    cents: Decimal = ZERO
    unknown: int = 0

    def __add__(self, other: Charges) -> Charges:
        return Charges(
            self.attempts + other.attempts,
            self.characters + other.characters,
            plus(self.audio_seconds, other.audio_seconds),
            plus(self.cents, other.cents),
            self.unknown + other.unknown,
        )

    @property
    def shown(self) -> str:
        """``12.34``, or ``≥ 12.34 + 3 unknown``."""
        return f"≥ {plain(self.cents)} + {self.unknown:,} unknown" if self.unknown else plain(self.cents)


NOTHING = Charges()


def sum_of(charges: Iterable[Charges]) -> Charges:
    """All together; exact, in any order."""
    return sum(charges, NOTHING)


@dataclass(slots=True)
class Tally:
    """A sum under way: a million attempts are added to it without making a million sums."""

    attempts: int = 0
    characters: int = 0
    audio_seconds: Decimal = ZERO
    cents: Decimal = ZERO
    unknown: int = 0

    def add(self, attempt: Attempt) -> None:
        """Count one attempt."""
        self.attempts += 1
        self.characters += attempt.characters
        if attempt.audio_seconds is not None:
            self.audio_seconds = plus(self.audio_seconds, attempt.audio_seconds)
        if attempt.cost is None:
            self.unknown += 1
        else:
            self.cents = plus(self.cents, attempt.cost)

    def charges(self) -> Charges:
        """What it came to so far."""
        return Charges(self.attempts, self.characters, self.audio_seconds, self.cents, self.unknown)


@dataclass(frozen=True, slots=True)
class UnknownCharge:
    """A charge for reconciliation. ``estimate`` (audio seconds × rate, in cents) is shown beside it, never added."""

    project: str
    attempt: Attempt

    @property
    def estimate(self) -> Decimal | None:
        """What the audio would have cost at the rate of then; None without audio or rate."""
        seconds, rate = self.attempt.audio_seconds, self.attempt.rate
        return None if seconds is None or rate is None else price_of(seconds, rate)
