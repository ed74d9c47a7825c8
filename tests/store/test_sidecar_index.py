"""The index of sidecars saves reading them, and never says what they do not."""

from __future__ import annotations

import hashlib
import math
import os
import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import orjson
import pytest

from pipeline.engines.protocol import Speech, Usage, WordTimes
from pipeline.errors import StorageError
from pipeline.store.sidecar_index import INDEX_NAME, IndexedTakes
from pipeline.store.takes import TakeState, TakeStore

KEYS = [f"{number:02x}{number:062x}" for number in range(70)]
INPUTS = {"text": "Hello world"}


@pytest.fixture(scope="module")
def bytes_of_takes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    store = TakeStore(tmp_path_factory.mktemp("made") / "takes")
    column = np.array([0], np.int32)
    usage = Usage(0.1, 11, Decimal("0.0117"), "req-1")
    speech = Speech(np.zeros(2400, np.int16), 24_000, WordTimes(column, column + 5, column, column + 9), usage)
    take = store.put(KEYS[0], INPUTS, speech, (7, 2000), "run-1")
    return {"flac": store.audio_path(take.key).read_bytes(), "json": store.sidecar_path(take.key).read_bytes()}


@pytest.fixture
def store(tmp_path: Path, bytes_of_takes: dict[str, bytes]) -> TakeStore:
    """Seventy takes, written an hour ago."""
    store = TakeStore(tmp_path / "takes")
    for key in KEYS:
        store.audio_path(key).parent.mkdir(parents=True)
        store.audio_path(key).write_bytes(bytes_of_takes["flac"])
        store.sidecar_path(key).write_bytes(bytes_of_takes["json"].replace(KEYS[0].encode(), key.encode()))
    return store


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of whoever plans is an hour ahead: times of change cannot be set back."""
    now = time.time_ns
    monkeypatch.setattr("pipeline.store.sidecar_index.time.time_ns", lambda: now() + 3_600_000_000_000)


def look_at_all(store: TakeStore) -> list[object]:
    indexed = IndexedTakes.of(store)
    found: list[object] = [indexed.look_up(key, INPUTS) for key in KEYS]
    indexed.save()
    return found


def unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("a sidecar was read")

    monkeypatch.setattr(TakeStore, "look_up", refused)


@pytest.mark.usefixtures("later")
def test_takes_found_through_the_index_are_those_of_the_sidecars(
    store: TakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = [store.look_up(key, INPUTS) for key in KEYS]
    assert look_at_all(store) == read
    unreadable(monkeypatch)
    assert look_at_all(store) == read
    assert all(state is TakeState.STORED for state, _ in read)


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize(
    ("change", "state"),
    [
        (lambda store, key: store.sidecar_path(key).unlink(), TakeState.MISSING),
        (lambda store, key: store.audio_path(key).unlink(), TakeState.DAMAGED),
        (lambda store, key: store.audio_path(key).write_bytes(b"fLaC"), TakeState.DAMAGED),
        (lambda store, key: store.sidecar_path(key).write_bytes(b"{"), TakeState.DAMAGED),
        (lambda store, key: store.set_aside(key), TakeState.MISSING),
    ],
    ids=["sidecar gone", "audio gone", "audio cut", "sidecar cut", "set aside"],
)
def test_what_becomes_of_a_take_after_it_was_indexed_is_seen(
    store: TakeStore, change: Callable[[TakeStore, str], object], state: TakeState
) -> None:
    look_at_all(store)
    change(store, KEYS[3])
    assert IndexedTakes.of(store).look_up(KEYS[3], INPUTS) == (state, None)


@pytest.mark.usefixtures("later")
def test_a_sidecar_replaced_by_one_of_the_same_size_and_time_of_writing_is_read_again(store: TakeStore) -> None:
    look_at_all(store)
    path = store.sidecar_path(KEYS[3])
    written = path.stat()
    other = path.with_suffix(".other")
    other.write_bytes(path.read_bytes().replace(b'"run-1"', b'"run-2"'))
    os.utime(other, ns=(written.st_atime_ns, written.st_mtime_ns))
    other.replace(path)
    take = IndexedTakes.of(store).look_up(KEYS[3], INPUTS)[1]
    assert take is not None
    assert take.attempt == "run-2"


def test_sidecars_written_a_moment_ago_are_not_indexed(store: TakeStore) -> None:
    look_at_all(store)
    assert not (store.folder / INDEX_NAME).exists()


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize(
    "damage", [lambda data: data[:-40], lambda data: data.replace(b"run-1", b"run-9"), bytes.upper]
)
def test_a_damaged_index_is_made_again(
    store: TakeStore, damage: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = look_at_all(store)
    path = store.folder / INDEX_NAME
    path.write_bytes(damage(path.read_bytes()))
    assert look_at_all(store) == read
    unreadable(monkeypatch)
    assert look_at_all(store) == read


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize("rows_a_line", [1, 8, 70, 71])
def test_an_index_of_many_lines_is_read_whole(
    store: TakeStore, rows_a_line: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.store.sidecar_index._ROWS_A_LINE", rows_a_line)
    read = look_at_all(store)
    assert len((store.folder / INDEX_NAME).read_bytes().splitlines()) == 2 + math.ceil(70 / rows_a_line)
    unreadable(monkeypatch)
    assert look_at_all(store) == read


@pytest.mark.usefixtures("later")
def test_an_index_of_an_earlier_version_is_made_again_and_this_one_is_damaged_to_that(
    store: TakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = look_at_all(store)
    body = orjson.dumps({"schema": [1, 1], "rows": {KEYS[0]: [0, 0, 0]}})
    checksum = hashlib.blake2b(body).hexdigest().encode()
    (store.folder / INDEX_NAME).write_bytes(checksum + b"\n" + body)
    assert look_at_all(store) == read
    checksum, _, body = (store.folder / INDEX_NAME).read_bytes().partition(b"\n")
    assert checksum != hashlib.blake2b(body).hexdigest().encode()
    unreadable(monkeypatch)
    assert look_at_all(store) == read


@pytest.mark.usefixtures("later")
def test_an_index_that_cannot_be_written_is_done_without(store: TakeStore) -> None:
    (store.folder / INDEX_NAME).mkdir()
    assert len(look_at_all(store)) == len(KEYS)


@pytest.mark.usefixtures("later")
def test_the_index_forgets_takes_that_are_gone_and_keeps_those_of_other_manifests(store: TakeStore) -> None:
    look_at_all(store)
    for key in KEYS[:3]:
        store.sidecar_path(key).unlink()
    for key in KEYS[3:]:
        os.utime(store.sidecar_path(key))
    look_at_all(store)
    assert sorted(IndexedTakes.of(store)._rows) == KEYS[3:]
    assert replace(IndexedTakes.of(store), _rows={}).look_up(KEYS[0], INPUTS) == (TakeState.MISSING, None)


@pytest.mark.usefixtures("later")
def test_a_disk_that_cannot_be_read_is_no_missing_take(store: TakeStore) -> None:
    key = KEYS[3]
    store.audio_path(key).unlink()
    store.sidecar_path(key).unlink()
    store.sidecar_path(key).parent.rmdir()
    store.sidecar_path(key).parent.write_bytes(b"")
    with pytest.raises(StorageError):
        IndexedTakes.of(store).look_up(key, INPUTS)
