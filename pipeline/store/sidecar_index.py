"""What plans need of every sidecar, in one file beside the takes: ten thousand of them are stated, not read.

The index is a cache and nothing rests on it: it may be missing, old or damaged, and is then made again. A sidecar
counts as known only while its size and its times of change are those that it had when it was read, and only where they
lay well before: a file system may not tell apart what is written twice at about the same time. Reading a take's words
or its audio never asks the index.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, Self, TypeAlias

import orjson

from pipeline.engines.protocol import Usage
from pipeline.errors import StorageError
from pipeline.store.files import storage_error, write_atomically
from pipeline.store.keys import KeyInputs
from pipeline.store.sidecars import SIDECAR_SCHEMA, Take
from pipeline.store.takes import TakeState, TakeStore

INDEX_NAME = "sidecars.index"
INDEX_SCHEMA = 2

_SCHEMA = [INDEX_SCHEMA, SIDECAR_SCHEMA]
_SETTLED_NS = 3_000_000_000
"""From this age on a time of change tells files apart: FAT counts in two seconds, clocks of other machines differ."""
_ROWS_A_LINE = 256
"""JSON takes a dozen times its size to be read, so that it is read in parts."""
_WORTH_WRITING = 64
"""Sidecars that had to be read before the index is written anew."""

_Stamp: TypeAlias = tuple[int, int, int]
"""Size in bytes, time of writing and time of change in nanoseconds."""
_Row: TypeAlias = list[Any]


@dataclass(slots=True)
class IndexedTakes:
    """The takes of a store, looked up through the index; :meth:`save` keeps what had to be read for the next time."""

    store: TakeStore
    _rows: dict[str, _Row]
    _read: dict[str, _Row] = field(default_factory=dict)
    _listed: dict[str, frozenset[str]] = field(default_factory=dict)
    """The files of each folder that was asked for: what is not among them need not be looked for."""

    @classmethod
    def of(cls, store: TakeStore) -> Self:
        """The takes of ``store``, with what the index knows of them."""
        return cls(store, _rows_in(_path(store)))

    def look_up(self, key: str, inputs: KeyInputs | None = None) -> tuple[TakeState, Take | None]:
        """As :meth:`TakeStore.look_up`; the index answers only where ``inputs`` are given. Raises StorageError."""
        if inputs is None:
            return self.store.look_up(key)
        stamp = self._stamp(key) if f"{key}.json" in self._files(key[:2]) else None
        if stamp is None:
            return TakeState.MISSING, None
        row = self._rows.get(key)
        if row is not None and row[0] == stamp[0] and row[1] == stamp[1] and row[2] == stamp[2]:
            known = _take(key, row, inputs)
            return (TakeState.STORED, known) if self.store.has_size(known) else (TakeState.DAMAGED, None)
        state, take = self.store.look_up(key, inputs)
        if take is not None and max(stamp[1:]) < time.time_ns() - _SETTLED_NS and self._stamp(key) == stamp:
            self._read[key] = _row(stamp, take)
        return state, take

    def save(self) -> None:
        """Write the index anew where that is worth it. Where it cannot be written the next plan reads the sidecars."""
        if len(self._read) < _WORTH_WRITING:
            return
        kept = {key: row for key, row in self._rows.items() if key in self._read or self._stamp(key) is not None}
        body = b"\n".join(_lines({**kept, **self._read}))
        with suppress(StorageError):  # a plan may be made of a project that is read-only
            write_atomically(_path(self.store), _checksum(body) + b"\n" + body)

    def _files(self, folder: str) -> frozenset[str]:
        """The names in one of the store's folders, read once: a take that comes later is the next plan's."""
        names = self._listed.get(folder)
        if names is None:
            path = self.store.folder / folder
            try:
                names = frozenset(os.listdir(path))  # noqa: PTH208 - names, not ten thousand paths
            except FileNotFoundError:
                names = frozenset()
            except OSError as error:
                raise storage_error(path, error, "read") from error
            self._listed[folder] = names
        return names

    def _stamp(self, key: str) -> _Stamp | None:
        try:
            found = os.stat(f"{self.store.folder}{os.sep}{key[:2]}{os.sep}{key}.json")  # noqa: PTH116 - ten thousand
        except FileNotFoundError:
            return None
        except OSError as error:
            raise storage_error(self.store.sidecar_path(key), error, "read") from error
        return found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _path(store: TakeStore) -> Path:
    return store.folder / INDEX_NAME


def _rows_in(path: Path) -> dict[str, _Row]:
    """The rows of the index; none where it is missing, of another version, or not what was written."""
    try:
        checksum, _, body = path.read_bytes().partition(b"\n")
    except OSError:  # nothing to go by: the sidecars tell, or raise for themselves
        return {}
    if checksum != _checksum(body):
        return {}
    header, *parts = body.split(b"\n")
    if orjson.loads(header) != _SCHEMA:
        return {}
    rows: dict[str, _Row] = {}
    for part in parts:
        rows |= orjson.loads(part)
    return rows


def _checksum(body: bytes) -> bytes:
    """Another than that of earlier versions, to which an index of this one is therefore damaged."""
    return hashlib.blake2b(body, person=b"index-%d" % INDEX_SCHEMA).hexdigest().encode()


def _lines(rows: Mapping[str, _Row]) -> Iterator[bytes]:
    """The rows as the index holds them, its version first."""
    yield orjson.dumps(_SCHEMA)
    left = iter(rows.items())
    while part := dict(islice(left, _ROWS_A_LINE)):
        yield orjson.dumps(part)


def _row(stamp: _Stamp, take: Take) -> _Row:
    usage = take.usage
    cost = None if usage.cost_cents is None else str(usage.cost_cents)
    audio = [take.sha256, take.size_bytes, take.sample_rate, take.samples, take.speech_start, take.speech_end]
    return [*stamp, *audio, usage.audio_seconds, usage.characters, cost, usage.request_id, take.attempt]


def _take(key: str, row: _Row, inputs: KeyInputs) -> Take:
    _, _, _, sha256, size_bytes, sample_rate, samples, start, end, seconds, characters, cost, request_id, attempt = row
    usage = Usage(seconds, characters, None if cost is None else Decimal(cost), request_id)
    return Take(key, sha256, size_bytes, sample_rate, samples, start, end, usage, attempt, inputs)
