"""The ledger: an append-only record of every attempt and its charge, one JSON line each, in UTC.

Two lines per attempt: ``started``, on disk before the request leaves, and ``ended``. Money is decimal text in EUR
cents; null means unknown, never zero. One file per run: ``ledger/<run>.jsonl``. Nothing deletes a ledger.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, BinaryIO, Literal, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from pipeline.store.files import storage_errors

LEDGER_SCHEMA = 1

Cents = Annotated[Decimal, PlainSerializer(str, return_type=str)]


class LedgerLine(BaseModel):
    """One line. ``reserved_cents`` is what the attempt might have cost at most; ``number`` counts attempts from 1.

    ``rate`` is the price that was known when the request left, in cents per minute; ``account`` a hash that tells
    wallets apart; ``revision`` the manuscript's git commit, None outside a repository.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_: Annotated[Literal[1], Field(alias="schema")] = 1
    at: str
    run: str
    event: Literal["started", "ended"]
    attempt: str
    key: str
    chapter: str
    index: int
    engine: str
    provider: str
    account: str | None = None
    model: str
    voice: str
    number: int
    outcome: str | None = None
    error_code: str | None = None
    request_id: str | None = None
    characters: int
    audio_seconds: float | None = None
    reserved_cents: Cents | None = None
    cost_cents: Cents | None = None
    rate: Cents | None = None
    because: str | None = None
    revision: str | None = None


def utc_now() -> str:
    """The time as the ledger writes it: ISO 8601, UTC, milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def new_run_id() -> str:
    """A run's name: sortable by start, unique across machines."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


@dataclass(slots=True)
class Ledger:
    """The ledger of one run, opened for appending. Raises StorageError where the disk refuses a line."""

    path: Path
    run: str
    _file: BinaryIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def append(self, line: LedgerLine, *, durable: bool) -> None:
        """Write one line; with ``durable`` it is on disk when this returns."""
        data = orjson.dumps(line.model_dump(mode="json", by_alias=True), option=orjson.OPT_APPEND_NEWLINE)
        with storage_errors(self.path):
            if self._file is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self.path.open("ab+")
                self._end_torn_line()
            self._file.write(data)
            self._file.flush()
            if durable:
                os.fsync(self._file.fileno())

    def _end_torn_line(self) -> None:
        """What is appended after a power cut must not run into the line that it tore."""
        assert self._file is not None
        if self._file.tell():
            self._file.seek(-1, os.SEEK_END)
            if self._file.read(1) != b"\n":
                self._file.write(b"\n")


def read_ledger(folder: Path) -> Iterator[LedgerLine]:
    """All lines of all runs in ``folder``, by run and in order; a line torn by a power cut is passed over."""
    for path in sorted(folder.glob("*.jsonl")):
        yield from _lines(path)


def _lines(path: Path) -> Iterator[LedgerLine]:
    for line in path.read_bytes().splitlines():
        try:
            fields: dict[str, Any] = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        yield LedgerLine.model_validate(fields)
