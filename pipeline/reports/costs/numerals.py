"""Numbers and moments as statements write them: decimal points and commas, currency signs, dates of several kinds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Literal

DecimalMark = Literal[".", ","]

_MARKS_OF_MONEY = re.compile(r"(?i)eur|cents?|ct|€|[\s'’]|\u00a0|\u202f")
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?")
_GERMAN_DATE = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})(?:,?[ T]+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?)?")
_EPOCH = re.compile(r"[0-9]{10}([0-9]{3})?(\.[0-9]+)?")


def decimal_mark(cells: Iterable[str]) -> DecimalMark | None:
    """The decimal mark that all cells of a file agree with; None where ``1,234`` could be either.

    A mark that stands beside the other one and after it, that is not followed by three digits, or that stands alone
    as a point, is the decimal one.
    """
    found: set[DecimalMark] = set()
    unclear = False
    for cell in map(_bare, cells):
        point, comma = cell.rfind("."), cell.rfind(",")
        if point >= 0 and comma >= 0:
            found.add("." if point > comma else ",")
        elif comma >= 0 and (cell.count(",") > 1 or len(cell) - comma == 4):
            unclear = unclear or cell.count(",") == 1
        elif comma >= 0:
            found.add(",")
        elif point >= 0 and cell.count(".") == 1 and len(cell) - point != 4:
            found.add(".")
    if len(found) == 1:
        return found.pop()
    return "." if not found and not unclear else None


def read_number(cell: str, mark: DecimalMark) -> Decimal:
    """The number in a cell, without currency and thousands separators. Raises ValueError."""
    bare = _bare(cell).replace("." if mark == "," else ",", "").replace(",", ".")
    if bare.startswith("(") and bare.endswith(")"):
        bare = f"-{bare[1:-1]}"
    if not _NUMBER.fullmatch(bare):
        raise ValueError("no number")
    return Decimal(bare)


def read_moment(cell: str, zone: tzinfo) -> datetime:
    """The moment in a cell, UTC: ISO 8601, ``23.11.2026 09:30``, or seconds or milliseconds since 1970.

    ``zone`` is meant where the cell names none. Raises ValueError; ``11/23/2026`` is refused, since it may be read
    in two ways.
    """
    text = cell.strip()
    if _EPOCH.fullmatch(text):
        seconds = float(text) / (1000 if len(text.partition(".")[0]) == 13 else 1)
        return datetime.fromtimestamp(seconds, UTC)
    if text.upper().endswith(" UTC"):
        text = f"{text[:-4]}+00:00"
    german = _GERMAN_DATE.fullmatch(text)
    if german:
        day, month, year, hour, minute, second = (int(part or 0) for part in german.groups())
        moment = datetime(year, month, day, hour, minute, second, tzinfo=zone)
    else:
        moment = datetime.fromisoformat(text)
    return (moment.replace(tzinfo=zone) if moment.tzinfo is None else moment).astimezone(UTC)


def _bare(cell: str) -> str:
    return _MARKS_OF_MONEY.sub("", cell)
