"""Ledger files, line by line: torn lines are passed over and counted, lines that cannot be right are named.

A ledger may have a million lines, so a line is checked by hand here; what a line is stands in
:class:`pipeline.store.ledger.LedgerLine`. Fields that this version does not know are passed over, so that a ledger
of a later one can be read as long as its schema number is the same.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from pipeline.errors import InputError, Problem, UsageError
from pipeline.reports.costs.attempts import Conflict
from pipeline.reports.costs.exact import read_cents
from pipeline.reports.costs.sources import Source
from pipeline.store.ledger import LEDGER_SCHEMA, fields_of

_MOST_PROBLEMS = 100
_MOST_SECONDS = 1e9
_LAST_YEAR = 9999
_PLAIN_CENTS = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")
_TEXTS = ("at", "run", "attempt", "key", "chapter", "engine", "provider", "model", "voice")
_TEXTS_OR_NULL = ("account", "outcome", "error_code", "request_id", "because", "revision")
_NULL = type(None)
_TEXT_OR_NULL = (str, _NULL)
_COUNTS = ("index", "number", "characters")
_CENTS = ("reserved_cents", "cost_cents", "rate")


class Line(NamedTuple):
    """A line of the ledger file at position ``source``: its fields, and its bytes without what a crash left in it."""

    source: int
    fields: dict[str, Any]
    raw: bytes


@dataclass(slots=True)
class Reading:
    """What reading showed, filled while lines are drawn: ``torn`` are the places of lines passed over,
    ``duplicates`` counts copies of lines, ``conflicts`` are copies that contradict each other. ``bytes_read`` is how
    far each file was read, for whoever reads them again.
    """

    files: int = 0
    lines: int = 0
    duplicates: int = 0
    torn: list[str] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    bytes_read: list[int] = field(default_factory=list)


def read_lines(sources: Sequence[Source], reading: Reading) -> Iterator[Line]:
    """All lines of all files. Raises InputError with file and line of each that cannot be right, once all are read;
    UsageError for a file that cannot be opened.
    """
    problems: list[Problem] = []
    for position, source in enumerate(sources):
        reading.files += 1
        yield from _checked_lines(position, source, reading, problems)
        if len(problems) >= _MOST_PROBLEMS:
            break
    if problems:
        raise InputError(problems, hint="a ledger is never edited by hand; restore the line from a copy of the ledger")


def read_again(sources: Sequence[Source], reading: Reading) -> Iterator[Line]:
    """The same lines once more, found right already; what was appended since is left for the next report.

    Raises UsageError for a file that cannot be opened or has lost lines.
    """
    for position, (source, size) in enumerate(zip(sources, reading.bytes_read, strict=True)):
        for _, raw in _raw_lines(source, size):
            line = raw.strip()
            fields, torn = _fields(line) if line else (None, False)
            if fields is not None:
                yield Line(position, fields, orjson.dumps(fields) if torn else line)


def _checked_lines(position: int, source: Source, reading: Reading, problems: list[Problem]) -> Iterator[Line]:
    size, torn_before, lines_before = 0, len(reading.torn), reading.lines
    for number, raw in _raw_lines(source, None):
        size += len(raw)
        line = raw.strip()
        if not line:
            continue
        reading.lines += 1
        fields, torn = _fields(line)
        if torn:
            reading.torn.append(f"{source.path}:{number}")
            if fields is None:
                continue
            line = orjson.dumps(fields)  # what a torn line ran into
        wrong = fault(fields)
        if wrong is None:
            yield Line(position, fields, line)
        elif len(problems) < _MOST_PROBLEMS:
            problems.append(Problem(str(source.path), number, 0, wrong))
    reading.bytes_read.append(size)
    lines = reading.lines - lines_before
    if lines > 1 and lines == len(reading.torn) - torn_before:  # a crash tears one, not all
        problems.append(Problem(str(source.path), 0, 0, "is no ledger: no line of it can be read"))


def _raw_lines(source: Source, size: int | None) -> Iterator[tuple[int, bytes]]:
    """The lines of a file with their numbers, as far as ``size`` bytes (None: all there are)."""
    left = math.inf if size is None else size
    try:
        with source.path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                if left < len(raw):
                    raw = raw[: int(left)]  # noqa: PLW2901 - the line that was being written when it was read first
                left -= len(raw)
                if not raw:
                    return
                yield number, raw
    except OSError as error:
        raise UsageError(f"{source.path} cannot be read: {error.strerror}", hint="check the file's rights") from error
    if size is not None and left:
        raise UsageError(f"{source.path} became shorter while it was read", hint="run again once nothing writes to it")


def _fields(line: bytes) -> tuple[Any, bool]:
    """What a line holds, and whether it is torn; None where nothing can be read of it."""
    try:
        return orjson.loads(line), False
    except orjson.JSONDecodeError:
        return fields_of(line), True


def fault(fields: Any) -> str | None:
    """What is wrong with a line of a ledger, in a few words; None for a line that is right."""
    if _plainly_right(fields):
        return None
    if not isinstance(fields, dict):
        return "is no ledger line (expected an object)"
    if fields.get("schema") != LEDGER_SCHEMA:
        return f"has schema {fields.get('schema')!r}; this narrate reads schema {LEDGER_SCHEMA}"
    if fields.get("event") not in ("started", "ended"):
        return f"event is {fields.get('event')!r}; expected started or ended"
    return _fault_in_shape(fields) or _fault_in_values(fields)


def _plainly_right(fields: Any) -> bool:
    """Whether a line is right in the way that all are which this version writes: found without a loop, a million times.

    False says nothing: a later version may write other fields.
    """
    try:
        cost, reserved, seconds, rate = (
            fields["cost_cents"],
            fields["reserved_cents"],
            fields["audio_seconds"],
            fields["rate"],
        )
        return (
            fields["schema"] == LEDGER_SCHEMA
            and (fields["event"] == "ended" or fields["event"] == "started")
            and str is type(fields["attempt"]) is type(fields["key"]) is type(fields["run"]) is type(fields["chapter"])
            and str is type(fields["engine"]) is type(fields["provider"]) is type(fields["model"])
            and str is type(fields["voice"]) is type(fields["at"])
            and int is type(fields["index"]) is type(fields["number"]) is type(fields["characters"])
            and fields["index"] >= 0 <= fields["number"]
            and fields["characters"] >= 0
            and type(fields["account"]) in _TEXT_OR_NULL
            and type(fields["outcome"]) in _TEXT_OR_NULL
            and type(fields["error_code"]) in _TEXT_OR_NULL
            and type(fields["request_id"]) in _TEXT_OR_NULL
            and type(fields["because"]) in _TEXT_OR_NULL
            and type(fields["revision"]) in _TEXT_OR_NULL
            and (cost is None or _PLAIN_CENTS.fullmatch(cost) is not None)
            and (reserved is None or _PLAIN_CENTS.fullmatch(reserved) is not None)
            and (rate is None or _PLAIN_CENTS.fullmatch(rate) is not None)
            and (seconds is None or (type(seconds) is float and 0 <= seconds < _MOST_SECONDS))
            and _is_moment(fields["at"])
        )
    except (KeyError, TypeError, ValueError):
        return False


def _fault_in_shape(fields: Mapping[str, Any]) -> str | None:
    for name in _TEXTS:
        if type(fields.get(name)) is not str:
            return f"{name} is missing or no text"
    for name in _COUNTS:
        if type(fields.get(name)) is not int:
            return f"{name} is missing or no count"
    for name in (*_TEXTS_OR_NULL, *_CENTS):
        if type(fields.get(name)) not in _TEXT_OR_NULL:
            return f"{name} is neither text nor null"
    return None if type(fields.get("audio_seconds")) in (int, float, _NULL) else "audio_seconds is no number"


def _fault_in_values(fields: Mapping[str, Any]) -> str | None:
    for name in _COUNTS:
        if fields[name] < 0:
            return f"{name} is {fields[name]}; expected a count"
    for name in _CENTS:
        text = fields.get(name)
        if text is not None and not _is_cents(text):
            return f"{name} is {text!r}; expected decimal text, not negative, or null"
    seconds = fields.get("audio_seconds")
    if seconds is not None and not 0 <= seconds < _MOST_SECONDS:
        return f"audio_seconds is {seconds!r}; expected seconds"
    if _is_moment(fields["at"]):
        return None
    return f"at is {fields['at']!r}; expected a time with its offset, such as 2026-11-23T09:30:00.000Z"


def _is_moment(text: str) -> bool:
    """Whether it is a time with its offset, far enough from the calendar's ends to be told in any zone."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return False
    return at.tzinfo is not None and 1 < at.year < _LAST_YEAR


def _is_cents(text: str) -> bool:
    try:
        read_cents(text)
    except ValueError:
        return False
    return True
