"""Play money: what a generation costs, and the prepaid wallet that pays. Decimal EUR cents throughout."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from enum import Enum

from pipeline.server.api_errors import insufficient_credits

MICROCENT = Decimal("0.000001")
"""The grain of a price: a binary64 number holds it exactly to the digit, so JSON loses nothing."""


class Billing(Enum):
    """How seconds are counted: exactly as heard, or every started second in full ("billed by the second")."""

    EXACT = "exact"
    STARTED = "started"


def audio_seconds(samples: int, sample_rate: int) -> Decimal:
    """The length of the audio, to the microsecond."""
    return (Decimal(samples) / sample_rate).quantize(MICROCENT, ROUND_HALF_UP)


def price_cents(seconds: Decimal, cents_per_minute: Decimal, billing: Billing) -> Decimal:
    """What so much audio costs."""
    counted = seconds if billing is Billing.EXACT else seconds.to_integral_value(ROUND_CEILING)
    return (counted * cents_per_minute / 60).quantize(MICROCENT, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Wallet:
    """A prepaid balance, and what of it is set aside for generations under way. ``balance`` None: never empty."""

    balance: Decimal | None
    reserved: Decimal = Decimal(0)

    @property
    def empty(self) -> bool:
        """Whether nothing is left to start a generation with."""
        return self.balance is not None and self.balance - self.reserved <= 0

    def reserve(self, cents: Decimal) -> Wallet:
        """Set aside. Raises ApiError 402 where the rest does not cover it: the balance never falls below zero."""
        if self.balance is not None and self.balance - self.reserved < cents:
            raise insufficient_credits()
        return replace(self, reserved=self.reserved + cents)

    def release(self, cents: Decimal) -> Wallet:
        """Give back what was set aside."""
        return replace(self, reserved=self.reserved - cents)

    def pay(self, cents: Decimal) -> Wallet:
        """Take what was set aside."""
        balance = None if self.balance is None else self.balance - cents
        return Wallet(balance, self.reserved - cents)
