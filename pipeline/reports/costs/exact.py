"""Exact decimal sums: the order of the parts never shows, and a sum that could not be exact is an error.

Cents are bounded when they are read (``read_cents``), so that a hostile line cannot make numbers of a million digits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
from functools import lru_cache

_EXACT = Context(prec=120, traps=[Inexact, InvalidOperation, Overflow, DivisionByZero])
_LARGEST_EXPONENT = 15
_SMALLEST_EXPONENT = -20

_DECIMAL = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")

ZERO = Decimal(0)
MICROCENT = Decimal("0.000001")


plus: Callable[[Decimal, Decimal], Decimal] = _EXACT.add
"""The exact sum. Raises decimal.Inexact where 120 digits do not hold it, which bounded amounts cannot cause."""


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum of all."""
    result = ZERO
    for amount in amounts:
        result = _EXACT.add(result, amount)
    return result


def plain(amount: Decimal) -> str:
    """Decimal text without exponent and without trailing zeros: ``12.5``, ``0``."""
    text = format(amount, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


@lru_cache(maxsize=65_536)
def read_cents(text: str) -> Decimal:
    """An amount of a ledger: finite, not negative, at most 10^15 and 20 decimals. Raises ValueError."""
    if not _DECIMAL.fullmatch(text):  # Decimal takes underscores and the digits of every script
        raise ValueError("no decimal number")
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ValueError("no decimal number") from None
    if not amount.is_finite() or amount.is_signed():
        raise ValueError("no amount of cents")
    exponent = amount.as_tuple().exponent
    if amount.adjusted() > _LARGEST_EXPONENT or not isinstance(exponent, int) or exponent < _SMALLEST_EXPONENT:
        raise ValueError("out of range")
    return amount


def price_of(audio_seconds: Decimal, cents_per_minute: Decimal) -> Decimal:
    """What so much audio costs at a rate, to the microcent: an estimate, never a charge."""
    return (audio_seconds * cents_per_minute / 60).quantize(MICROCENT, ROUND_HALF_UP)
