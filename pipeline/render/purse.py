"""What a run may still spend: known charges, what unknown ones may come to, and requests under way.

The rule of every budget: what is known to be spent, plus unknown charges at their reservation, plus the reservations of
requests under way, plus the one asked for, is at most the budget. Decimal EUR cents throughout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

PROJECT_BUDGET = "the project's budget"

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Cap:
    """A budget: its ``name`` for messages, its cents, and what counts against it from before this run: of it,
    ``unknown_before`` is set aside for charges that nobody knows."""

    name: str
    cents: Decimal
    before: Decimal = _NOTHING
    unknown_before: Decimal = _NOTHING


@dataclass(frozen=True, slots=True)
class Spending:
    """How things stand: known charges, what is set aside for unknown ones and for requests under way."""

    spent_cents: Decimal = _NOTHING
    unknown_cents: Decimal = _NOTHING
    unknown_charges: int = 0
    in_flight_cents: Decimal = _NOTHING

    @property
    def at_most_cents(self) -> Decimal:
        """What it can have come to."""
        return self.spent_cents + self.unknown_cents + self.in_flight_cents


@dataclass(slots=True)
class Purse:
    """The money of one run. Every request is reserved by its attempt's name, then settled once."""

    caps: Sequence[Cap] = ()
    _spent: Decimal = _NOTHING
    _unknown: Decimal = _NOTHING
    _unknown_charges: int = 0
    _under_way: dict[str, Decimal] = field(default_factory=dict)

    @property
    def standing(self) -> Spending:
        """How things stand."""
        return Spending(self._spent, self._unknown, self._unknown_charges, sum(self._under_way.values(), _NOTHING))

    @property
    def idle(self) -> bool:
        """Whether no request is under way: what does not fit now will not fit later."""
        return not self._under_way

    @property
    def tightest(self) -> Cap | None:
        """The budget of which least is left."""
        return min(self.caps, key=lambda cap: cap.cents - cap.before, default=None)

    def refusing(self, cents: Decimal | None) -> Cap | None:
        """The budget that a request of at most ``cents`` (None: nobody knows) would break; None: it fits.

        A request of unknown price fits as long as anything is left.
        """
        at_most = self.standing.at_most_cents
        for cap in self.caps:
            left = cap.cents - cap.before - at_most
            if left <= 0 if cents is None else left < cents:
                return cap
        return None

    def reserve(self, attempt: str, cents: Decimal | None) -> None:
        """Set aside. Raises ValueError for what does not fit, and for an attempt that has its reservation."""
        if attempt in self._under_way:
            raise ValueError(f"the attempt {attempt} is reserved already")
        if self.refusing(cents) is not None:
            raise ValueError(f"{cents} cents do not fit")
        self._under_way[attempt] = _NOTHING if cents is None else cents

    def settle(self, attempt: str, cost_cents: Decimal | None) -> bool:
        """Put the charge in the place of the reservation; None: unknown, which stays reserved.

        Whether the charge kept to its reservation.
        """
        reserved = self._under_way.pop(attempt)
        if cost_cents is None:
            self._unknown += reserved
            self._unknown_charges += 1
            return True
        self._spent += cost_cents
        return cost_cents <= reserved
