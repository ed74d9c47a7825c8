"""A provider's statement, as CSV. The default column names are narrate's own; no provider has promised them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from decimal import Decimal
from pathlib import Path

from pipeline.errors import InputError, Problem, UsageError
from pipeline.project.encoding import read_text
from pipeline.project.wording import did_you_mean, printable
from pipeline.reports.costs.numerals import DecimalMark, decimal_mark, read_moment, read_number

FIELDS = ("request_id", "at", "audio_seconds", "cents", "eur")
"""What a statement may say of a charge; ``eur`` is ``cents`` in another unit."""
LIMIT_BYTES = 256 * 1024 * 1024
_DELIMITERS = (",", ";", "\t", "|")
_AMOUNTS = ("cents", "eur")
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One charge. ``decimals`` is how exact the cents of its statement are, ``seconds_decimals`` its own seconds."""

    line: int
    request_id: str | None
    at: datetime | None
    audio_seconds: Decimal | None
    seconds_decimals: int
    cents: Decimal
    decimals: int


def read_columns(options: Iterable[str]) -> dict[str, str]:
    """``--columns cents=Amount,at=Created``: which column is what, the rest as narrate calls it; one that is named for
    the amounts is the only one then. Raises UsageError."""
    named: dict[str, str] = {}
    for option in options:
        for part in _parts(option):
            name, sign, column = part.partition("=")
            if name.strip() not in FIELDS or not sign or not column.strip():
                hint = (
                    did_you_mean(name.strip(), FIELDS) or f"such as request_id=ID,cents=Amount; of {', '.join(FIELDS)}"
                )
                raise UsageError(f"--columns {part}: expected NAME=COLUMN", hint=hint)
            named[name.strip()] = column.strip()
    left_out = set(_AMOUNTS) - set(named) if set(_AMOUNTS) & set(named) else set()
    return {name: named.get(name, name) for name in FIELDS if name not in left_out}


def _parts(option: str) -> list[str]:
    try:
        return next(csv.reader([option]), [])
    except csv.Error:
        raise UsageError("--columns: a line ends within it", hint="such as request_id=ID,cents=Amount") from None


def read_statement(
    path: Path, columns: Mapping[str, str], zone: tzinfo, mark: DecimalMark | None = None
) -> list[StatementRow]:
    """All rows of the statement.

    Comma, semicolon, tab or bar between cells; UTF-8 or, with a byte order mark, UTF-16. ``zone`` is meant where a
    time names none, ``mark`` is the decimal mark, found from the numbers where it is None. Raises InputError with
    file and line.
    """
    shown = path.name
    text = read_text(path, shown=shown, limit_bytes=LIMIT_BYTES)
    header, lines = _cells(text, columns, shown)
    places = {name: header.index(column) for name, column in columns.items() if column in header}
    number_columns = [places[name] for name in ("audio_seconds", "cents", "eur") if name in places]
    mark = mark or decimal_mark(cells[at] for _, cells in lines for at in number_columns if at < len(cells))
    if mark is None:
        message = "its numbers can be read with a decimal point or a decimal comma"
        raise InputError([Problem(shown, 0, 0, message)], hint="say which: --decimal . or --decimal ,")
    rows: list[StatementRow] = []
    problems: list[Problem] = []
    for number, cells in lines:
        try:
            rows.append(_row(number, cells, places, zone, mark, width=len(header)))
        except ValueError as error:
            problems.append(Problem(shown, number, 0, str(error)))
    if problems:
        raise InputError(problems, hint="correct the line, or name other columns with --columns")
    # Trailing zeros are often left out: a statement is as exact as its most exact row.
    decimals = max((row.decimals for row in rows), default=0)
    return [replace(row, decimals=decimals) for row in rows]


def _cells(text: str, columns: Mapping[str, str], shown: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header and the other lines with their numbers, by the delimiter under which most columns are found."""
    first = text.split("\n", 1)[0]
    try:
        found = [[cell.strip() for cell in next(csv.reader([first], delimiter=each), [])] for each in _DELIMITERS]
    except csv.Error as error:
        raise InputError([Problem(shown, 1, 0, f"is no CSV: {error}")]) from error
    known = [len(set(columns.values()) & set(header)) for header in found]
    best = max(range(len(_DELIMITERS)), key=lambda position: (known[position], len(found[position])))
    header = found[best]
    _check_header(header, columns, shown)
    reader = csv.reader(io.StringIO(text), delimiter=_DELIMITERS[best], strict=True)
    try:
        next(reader)
        lines = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        raise InputError([Problem(shown, reader.line_num, 0, f"is no CSV: {error}")]) from error
    return header, lines


def _check_header(header: Sequence[str], columns: Mapping[str, str], shown: str) -> None:
    there = ", ".join(printable(name) for name in header[:12]) or "nothing"
    hint = f"its columns are {there}; --columns says which is which, such as --columns cents=Amount,request_id=ID"
    if not any(columns.get(name) in header for name in _AMOUNTS):
        raise InputError([Problem(shown, 1, 0, "has no column of amounts (cents or eur)")], hint=hint)
    if columns["request_id"] not in header and columns["at"] not in header:
        raise InputError([Problem(shown, 1, 0, "has neither request ids nor times to match by")], hint=hint)
    named = [column for name, column in columns.items() if column != name and column not in header]
    twice = [column for column in columns.values() if header.count(column) > 1]
    if twice:
        raise InputError([Problem(shown, 1, 0, f"has several columns “{printable(twice[0])}”")], hint=hint)
    if named:
        raise InputError([Problem(shown, 1, 0, f"has no column “{printable(named[0])}”")], hint=hint)


def _row(
    number: int, cells: Sequence[str], places: Mapping[str, int], zone: tzinfo, mark: DecimalMark, *, width: int
) -> StatementRow:
    if len(cells) != width:
        raise ValueError(f"has {len(cells)} cells; the header has {width}")
    texts = {name: cells[place].strip() for name, place in places.items()}
    unit = "cents" if texts.get("cents") else "eur"
    if not texts.get(unit):
        raise ValueError("has no amount")
    amount = _number(unit, texts[unit], mark)
    if unit == "cents" and texts.get("eur") and abs(_number("eur", texts["eur"], mark).scaleb(2) - amount) > 1:
        raise ValueError("its cents and its eur are different amounts")  # either may be rounded, to a cent at most
    seconds = _number("audio_seconds", texts["audio_seconds"], mark) if texts.get("audio_seconds") else None
    if seconds is not None and seconds < 0:
        raise ValueError(f"audio_seconds is {seconds}; expected a number from 0 on")
    return StatementRow(
        line=number,
        request_id=texts.get("request_id") or None,
        at=_moment(texts["at"], zone) if texts.get("at") else None,
        audio_seconds=seconds,
        seconds_decimals=0 if seconds is None else _decimals(seconds),
        cents=amount.scaleb(2) if unit == "eur" else amount,
        decimals=max(0, _decimals(amount) - (2 if unit == "eur" else 0)),
    )


def _decimals(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    return max(0, -exponent)


def _number(name: str, text: str, mark: DecimalMark) -> Decimal:
    try:
        return read_number(text, mark)
    except ValueError:
        raise ValueError(f"{name} is “{printable(text[:_SHOWN])}”; expected a number") from None


def _moment(text: str, zone: tzinfo) -> datetime:
    try:
        return read_moment(text, zone)
    except (ValueError, OverflowError):
        expected = "expected such as 2026-11-23T09:30:00Z or 23.11.2026 09:30"
        raise ValueError(f"at is “{printable(text[:_SHOWN])}”; {expected}") from None
