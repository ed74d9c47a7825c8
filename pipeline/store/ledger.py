"""The ledger: an append-only record of every attempt and its charge, one JSON line each, in UTC.

Two lines per attempt: ``started``, on disk before the request leaves, and ``ended``. Money is decimal text in EUR
cents; null means unknown, never zero. One file per run: ``ledger/<run>.jsonl``. Nothing deletes a ledger.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, BinaryIO, Literal, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, ValidationError

from pipeline.errors import StorageError
from pipeline.store.files import make_folder, storage_errors, sync_file, sync_folder

LEDGER_SCHEMA = 1

_TOO_LONG = b'"error_code":"TEXT_TOO_LONG"'

Cents = Annotated[Decimal, Field(ge=0), PlainSerializer(str, return_type=str)]


class LedgerLine(BaseModel):
    """One line. ``reserved_cents`` is what the attempt might have cost at most; ``number`` counts attempts from 1.

    ``outcome`` is ``stored``; ``rejected`` (the audio came back short: paid for, kept apart); ``failed`` (the service
    said no, or was never asked: not billed); ``lost`` (the answer never arrived whole or could not be kept:
    ``cost_cents`` is the charge where it is known). ``cost_cents`` null means unknown, never zero.

    ``request_id`` is the request's own, or ``connection:ID`` where the service named only the connection.

    ``rate`` is the price that was known when the request left, in cents per minute; ``account`` a hash that tells
    wallets apart; ``revision`` the manuscript's git commit (``-dirty``: its
    files were not as committed), None outside a repository.
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
    """The ledger of one run, opened for appending, by any thread. Raises StorageError where the disk refuses a line."""

    path: Path
    run: str
    _file: BinaryIO | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def append(self, line: LedgerLine, *, durable: bool) -> None:
        """Write one line; with ``durable`` it is on disk when this returns."""
        self.append_all([line], durable=durable)

    def append_all(self, lines: Sequence[LedgerLine], *, durable: bool) -> None:
        """Write lines with one call to the disk."""
        data = b"".join(
            orjson.dumps(line.model_dump(mode="json", by_alias=True), option=orjson.OPT_APPEND_NEWLINE)
            for line in lines
        )
        with self._lock, storage_errors(self.path):
            if self._file is None:
                make_folder(self.path.parent)
                self._file = self.path.open("ab+", buffering=0)
                self._end_torn_line()
                sync_folder(self.path.parent)
            try:
                _write_all(self._file, data)
                if durable:
                    sync_file(self._file.fileno())
            except OSError:
                self._close()  # part of a line may be there: whatever is appended later must not run into it
                raise

    def require_there(self) -> None:
        """Raise StorageError where what was written is not under its name any more: moved away, or removed."""
        with self._lock:
            if self._file is None:
                return
            try:
                there = os.path.samestat(self.path.stat(), os.fstat(self._file.fileno()))
            except FileNotFoundError:
                there = False
        if not there:
            raise StorageError(
                f"the ledger {self.path} was moved or removed while it was written",
                hint="put it back before the next run: what was spent stands in it, and nowhere else",
            )

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _end_torn_line(self) -> None:
        """What is appended after a power cut must not run into the line that it tore."""
        assert self._file is not None
        if self._file.tell():
            self._file.seek(-1, os.SEEK_END)
            if self._file.read(1) != b"\n":
                _write_all(self._file, b"\n")


def _write_all(file: BinaryIO, data: bytes) -> None:
    """Write all of it: an unbuffered file may take less at once, as on a disk that fills up."""
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


def read_ledger(folder: Path) -> Iterator[LedgerLine]:
    """All lines of all runs in ``folder``, by run and in order.

    What a power cut leaves is passed over: torn lines, zeros, a line that was torn and then written on. Fields that a
    later version of this schema added are left out. Raises StorageError for a line of a schema that is not known.
    """
    for path in sorted(folder.glob("*.jsonl")):
        with storage_errors(path):
            data = path.read_bytes()
        for number, line in enumerate(data.split(b"\n"), 1):
            fields = fields_of(line)
            if fields is not None and (read := _line(fields, path, number)) is not None:
                yield read


def refused_as_too_long(folder: Path) -> frozenset[str]:
    """The keys of all texts that were refused for their length in any run. Raises StorageError."""
    found = set()
    for path in folder.glob("*.jsonl"):
        with storage_errors(path):
            data = path.read_bytes()
        if _TOO_LONG in data:
            lines = (fields_of(line) for line in data.split(b"\n") if _TOO_LONG in line)
            found |= {str(fields["key"]) for fields in lines if fields and "key" in fields}
    return frozenset(found)


def fields_of(line: bytes) -> dict[str, Any] | None:
    """The object in a line; where a torn line runs into a whole one, the whole one. None for a torn line."""
    for start in {0, max(line.rfind(b'{"schema":'), 0)}:
        try:
            found = orjson.loads(line[start:])
        except orjson.JSONDecodeError:
            continue
        if isinstance(found, dict):
            return found
    return None


def _line(fields: dict[str, Any], path: Path, number: int) -> LedgerLine | None:
    schema = fields.get("schema")
    if isinstance(schema, int) and schema > LEDGER_SCHEMA:
        raise StorageError(
            f"{path}:{number}: a ledger line of schema {schema}; this narrate reads up to {LEDGER_SCHEMA}",
            hint="use the version of narrate that wrote it, or a later one",
        )
    try:
        return LedgerLine.model_validate({name: value for name, value in fields.items() if name in _NAMES})
    except ValidationError:
        return None


_NAMES = frozenset(member.alias or name for name, member in LedgerLine.model_fields.items())
