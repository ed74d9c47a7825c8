"""Ledger files, line by line: torn lines are passed over and counted, lines that cannot be right are named.

A ledger may have a million lines, so a line is checked by hand here; what a line is stands in
:class:`pipeline.store.ledger.LedgerLine`. Fields that this version does not know are passed over, so that a ledger
of a later one can be read as long as its schema number is the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from pipeline.errors import InputError, Problem, UsageError
from pipeline.reports.costs.attempts import Conflict, asks_for_another_take
from pipeline.reports.costs.exact import read_cents
from pipeline.reports.costs.sources import Source
from pipeline.store.ledger import LEDGER_SCHEMA, fields_of

_MOST_PROBLEMS = 100
_MOST_SECONDS = 1e9
_PLAIN_CENTS = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")
_TEXTS = ("at", "run", "attempt", "key", "chapter", "engine", "provider", "model", "voice")
_TEXTS_OR_NULL = ("account", "outcome", "error_code", "request_id", "because", "revision")
_NULL = type(None)
_COUNTS = ("index", "number", "characters")
_CENTS = ("reserved_cents", "cost_cents", "rate")


class RawLine(NamedTuple):
    """A line that is right: ``source`` is the position of its file, ``stored`` whether it says that a take is,
    ``retake`` whether somebody wanted another take.
    """

    attempt: str
    event: str
    source: int
    key: str
    stored: bool
    retake: bool
    at: str
    raw: bytes


@dataclass(slots=True)
class Reading:
    """What reading showed, filled while lines are drawn: ``torn`` are the places of lines passed over,
    ``duplicates`` counts copies of lines, ``conflicts`` are copies that contradict each other.
    """

    files: int = 0
    lines: int = 0
    duplicates: int = 0
    torn: list[str] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)


def read_lines(sources: Sequence[Source], reading: Reading) -> Iterator[RawLine]:
    """All lines of all files. Raises InputError with file and line of each that cannot be right, once all are read;
    UsageError for a file that cannot be opened.
    """
    problems: list[Problem] = []
    for position, source in enumerate(sources):
        reading.files += 1
        yield from _file_lines(position, source, reading, problems)
        if len(problems) >= _MOST_PROBLEMS:
            break
    if problems:
        raise InputError(problems, hint="a ledger is never edited by hand; restore the line from a copy of the ledger")


def _file_lines(position: int, source: Source, reading: Reading, problems: list[Problem]) -> Iterator[RawLine]:
    try:
        with source.path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                line = raw.strip()
                if not line:
                    continue
                reading.lines += 1
                try:
                    fields = orjson.loads(line)
                except orjson.JSONDecodeError:
                    reading.torn.append(f"{source.path}:{number}")
                    fields = fields_of(line)
                    if fields is None:
                        continue
                    line = orjson.dumps(fields)  # what a torn line ran into
                wrong = fault(fields)
                if wrong is None:
                    stored = fields["event"] == "ended" and fields.get("outcome") == "stored"
                    retake = asks_for_another_take(fields.get("because"))
                    key, at = fields["key"], fields["at"]
                    yield RawLine(fields["attempt"], fields["event"], position, key, stored, retake, at, line)
                elif len(problems) < _MOST_PROBLEMS:
                    problems.append(Problem(str(source.path), number, 0, wrong))
    except OSError as error:
        raise UsageError(f"{source.path} cannot be read: {error.strerror}", hint="check the file's rights") from error


def fault(fields: Any) -> str | None:
    """What is wrong with a line of a ledger, in a few words; None for a line that is right."""
    if not isinstance(fields, dict):
        return "is no ledger line (expected an object)"
    if fields.get("schema") != LEDGER_SCHEMA:
        return f"has schema {fields.get('schema')!r}; this narrate reads schema {LEDGER_SCHEMA}"
    if fields.get("event") not in ("started", "ended"):
        return f"event is {fields.get('event')!r}; expected started or ended"
    return _fault_in_shape(tuple(fields), tuple(map(type, fields.values()))) or _fault_in_values(fields)


@lru_cache(maxsize=1024)
def _fault_in_shape(names: tuple[str, ...], types: tuple[type, ...]) -> str | None:
    """What is wrong with the types. A ledger has a handful of shapes and a million lines."""
    found = dict(zip(names, types, strict=True))
    for name in _TEXTS:
        if found.get(name) is not str:
            return f"{name} is missing or no text"
    for name in _COUNTS:
        if found.get(name) is not int:
            return f"{name} is missing or no count"
    for name in (*_TEXTS_OR_NULL, *_CENTS):
        if found.get(name, _NULL) not in (str, _NULL):
            return f"{name} is neither text nor null"
    return None if found.get("audio_seconds", _NULL) in (int, float, _NULL) else "audio_seconds is no number"


def _fault_in_values(fields: dict[str, Any]) -> str | None:
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
    try:
        if datetime.fromisoformat(fields["at"]).tzinfo is not None:
            return None
    except ValueError:
        pass
    return f"at is {fields['at']!r}; expected a time with its offset, such as 2026-11-23T09:30:00.000Z"


def _is_cents(text: str) -> bool:
    if _PLAIN_CENTS.fullmatch(text):
        return True
    try:
        read_cents(text)
    except ValueError:
        return False
    return True
