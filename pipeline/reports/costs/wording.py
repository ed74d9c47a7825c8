"""How amounts, lengths and moments are shown to people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from decimal import Decimal

from pipeline.project.wording import printable
from pipeline.reports.costs.attempts import Waste
from pipeline.reports.costs.charges import Charges
from pipeline.reports.costs.exact import plain

NOT_KNOWN = "–"

WASTE = {
    Waste.RETAKE: "another take asked for",
    Waste.REPEATED: "the same take bought again",
    Waste.REJECTED: "short or silent audio, rejected",
    Waste.LOST: "answer lost",
    Waste.KILLED: "run killed while the request was under way",
    Waste.FAILED: "failed at the provider, yet charged or unknown",
}


def amount(charges: Charges) -> str:
    """``12.34 cents (0.1234 EUR)``, or ``≥ 12.34 cents (0.1234 EUR) + 3 unknown``."""
    known = f"{plain(charges.cents)} cents ({plain(charges.cents.scaleb(-2))} EUR)"
    return f"≥ {known} + {charges.unknown:,} unknown" if charges.unknown else known


def attempts(count: int) -> str:
    """``1 attempt``, ``1,234 attempts``."""
    return f"{count:,} attempt{'' if count == 1 else 's'}"


def aligned(amounts: Sequence[Decimal]) -> list[str]:
    """Amounts with as many decimals as the most exact of them, at least two, so that the points stand in line."""
    texts = [plain(each) for each in amounts]
    places = max([2, *(len(text.partition(".")[2]) for text in texts)])
    return [f"{each:.{places}f}" for each in amounts]


def length(seconds: Decimal) -> str:
    """``0:04:05``: hours, minutes, seconds."""
    whole = int(seconds.to_integral_value())
    return f"{whole // 3600:,}:{whole % 3600 // 60:02d}:{whole % 60:02d}"


def moment(at: datetime, zone: tzinfo) -> str:
    """A time in the report's zone, with its offset."""
    return at.astimezone(zone).isoformat(sep=" ", timespec="seconds")


def known(value: object) -> str:
    """The value as text without control characters; a dash for None."""
    if value is None:
        return NOT_KNOWN
    return printable(plain(value) if isinstance(value, Decimal) else str(value))
