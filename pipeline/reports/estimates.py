"""Estimates as people say them: no more digits than they are worth."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from pipeline.render.pace import Estimate


def shown_range(estimate: Estimate) -> str:
    """The seconds of audio: ``9 to 13 s``, ``4 to 5 min``, ``11 h 05 min to 12 h 10 min``."""
    low, high = estimate.seconds_low, estimate.seconds_high
    if high < 90:
        return _between(f"{low:.0f}", f"{high:.0f}", "s")
    if high < 3600:
        return _between(
            f"{low / 60:.0f}" if low >= 600 else f"{low / 60:.1f}",
            f"{high / 60:.0f}" if low >= 600 else f"{high / 60:.1f}",
            "min",
        )
    return f"{_hours(low)} to {_hours(high)}"


def shown_cost(estimate: Estimate) -> str:
    """The price: ``free of charge``, ``12 to 15 cents``, ``€4.10 to €4.70``, or that it is unknown."""
    low, high = estimate.cents_low, estimate.cents_high
    if low is None or high is None:
        return "at an unknown price"
    if not high:
        return "free of charge"
    if high < 10:
        return _between(_rounded(low, "0.1"), _rounded(high, "0.1"), "cents")
    if high < 1000:
        return _between(_rounded(low, "1"), _rounded(high, "1"), "cents")
    return f"€{_rounded(low / 100, '0.01')} to €{_rounded(high / 100, '0.01')}"


def counted(number: int, what: str) -> str:
    """``1 take``, ``2,000 takes``."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _between(low: str, high: str, unit: str) -> str:
    return f"{low} {unit}" if low == high else f"{low} to {high} {unit}"


def _rounded(amount: Decimal, step: str) -> str:
    return f"{amount.quantize(Decimal(step), rounding=ROUND_HALF_UP):,}"


def _hours(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"
