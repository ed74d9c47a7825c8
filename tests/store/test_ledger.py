"""The ledger keeps every attempt; a crash leaves it readable, and a stored take closes its attempt."""

from __future__ import annotations

import errno
import json
import threading
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
from pydantic import ValidationError

from pipeline.engines.protocol import Speech, Usage, WordTimes
from pipeline.errors import LockHeld, StorageError
from pipeline.store.ledger import Ledger, LedgerLine, read_ledger, utc_now
from pipeline.store.locking import project_lock
from pipeline.store.recovery import close_open_attempts, open_attempts
from pipeline.store.rejected import keep_rejected
from pipeline.store.takes import TakeStore

KEY = "cd" + "1" * 62


def line(event: str = "started", **changes: object) -> LedgerLine:
    fields: dict[str, object] = {
        "at": utc_now(), "run": "r1", "event": event, "attempt": "r1-a", "key": KEY, "chapter": "one", "index": 0,
        "engine": "hibari", "provider": "embedded", "model": "heart", "voice": "narrator", "number": 1,
        "characters": 11, **changes,
    }  # fmt: skip
    return LedgerLine.model_validate(fields)


def write(folder: Path, *lines: LedgerLine) -> Path:
    with Ledger(folder / "r1.jsonl", "r1") as ledger:
        for each in lines:
            ledger.append(each, durable=True)
    return folder / "r1.jsonl"


def test_money_is_decimal_text_and_unknown_is_null(tmp_path: Path) -> None:
    path = write(tmp_path, line("ended", outcome="stored", cost_cents="0.1170"), line("ended", outcome="stored"))
    first, second = (json.loads(text) for text in path.read_text().splitlines())
    assert first["cost_cents"] == "0.1170"
    assert second["cost_cents"] is None


def test_a_line_has_exactly_the_published_fields(tmp_path: Path) -> None:
    path = write(tmp_path, line())
    assert list(json.loads(path.read_text())) == [
        "schema", "at", "run", "event", "attempt", "key", "chapter", "index", "engine", "provider", "account", "model",
        "voice", "number", "outcome", "error_code", "request_id", "characters", "audio_seconds", "reserved_cents",
        "cost_cents", "rate", "because", "revision",
    ]  # fmt: skip


def test_a_torn_last_line_is_passed_over(tmp_path: Path) -> None:
    path = write(tmp_path, line(), line("ended", outcome="stored"))
    path.write_bytes(path.read_bytes() + b'{"schema":1,"at":"20')
    assert [each.event for each in read_ledger(tmp_path)] == ["started", "ended"]


def test_a_line_that_the_disk_took_in_part_does_not_run_into_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: BinaryIO, data: bytes) -> None:
        file.write(data[:100])
        raise OSError(errno.ENOSPC, "No space left on device")

    with Ledger(tmp_path / "r1.jsonl", "r1") as ledger:
        with monkeypatch.context() as patch:
            patch.setattr("pipeline.store.ledger._write_all", full)
            with pytest.raises(StorageError, match="the disk is full"):
                ledger.append(line(attempt="r1-b"), durable=True)
        ledger.append(line("ended", outcome="stored"), durable=True)
    torn, whole = (tmp_path / "r1.jsonl").read_text().splitlines()
    assert len(torn) == 100
    assert json.loads(whole)["outcome"] == "stored"


@pytest.mark.parametrize("again", [False, True], ids=["gone", "another in its place"])
def test_a_ledger_that_was_moved_away_while_it_was_written_is_told(tmp_path: Path, again: bool) -> None:
    with Ledger(tmp_path / "ledger" / "r1.jsonl", "r1") as ledger:
        ledger.require_there()
        ledger.append(line(), durable=True)
        ledger.require_there()
        (tmp_path / "ledger").rename(tmp_path / "elsewhere")
        if again:
            write(tmp_path / "ledger", line())
        with pytest.raises(StorageError, match="was moved or removed"):
            ledger.require_there()


def test_a_line_after_a_torn_one_is_not_lost(tmp_path: Path) -> None:
    path = write(tmp_path, line())
    path.write_bytes(path.read_bytes() + b'{"schema":1,"at":"20')
    write(tmp_path, line("ended", outcome="stored"))
    assert [each.event for each in read_ledger(tmp_path)] == ["started", "ended"]


def test_unknown_fields_are_refused() -> None:
    with pytest.raises(ValidationError):
        line(surprise=1)


def speech() -> Speech:
    nothing = np.zeros(0, np.int32)
    usage = Usage(1.5, 11, Decimal("0.18"), "req-1")
    return Speech(np.ones(9, np.int16), 24_000, WordTimes(nothing, nothing, nothing, nothing), usage)


def test_an_attempt_whose_take_was_stored_is_closed_after_a_crash(tmp_path: Path) -> None:
    write(tmp_path / "ledger", line())
    store = TakeStore(tmp_path / "takes")
    store.put(KEY, {}, speech(), (0, 9), "r1-a")
    assert close_open_attempts(tmp_path / "ledger", store) == []
    ended = list(read_ledger(tmp_path / "ledger"))[-1]
    assert (ended.event, ended.outcome, ended.audio_seconds) == ("ended", "stored", 1.5)
    assert open_attempts(tmp_path / "ledger") == []


def test_an_attempt_whose_answer_was_kept_apart_is_closed_with_its_price(tmp_path: Path) -> None:
    write(tmp_path / "ledger", line())
    store = TakeStore(tmp_path / "takes")
    keep_rejected(store, KEY, speech(), "r1-a", "silence")
    assert close_open_attempts(tmp_path / "ledger", store) == []
    ended = list(read_ledger(tmp_path / "ledger"))[-1]
    told = (ended.outcome, ended.cost_cents, ended.audio_seconds, ended.request_id)
    assert told == ("rejected", Decimal("0.18"), 1.5, "req-1")


def test_an_attempt_whose_audio_was_torn_is_closed_with_its_price(tmp_path: Path) -> None:
    write(tmp_path / "ledger", line())
    store = TakeStore(tmp_path / "takes")
    store.put(KEY, {}, speech(), (0, 9), "r1-a")
    store.audio_path(KEY).write_bytes(b"fLaC")
    assert close_open_attempts(tmp_path / "ledger", store) == []
    ended = list(read_ledger(tmp_path / "ledger"))[-1]
    assert (ended.outcome, ended.cost_cents) == ("lost", Decimal("0.18"))


@pytest.mark.parametrize("record", ["", "{", "[]", '{"cost_cents": "much"}'])
def test_a_record_of_a_rejected_answer_that_cannot_be_read_leaves_it_suspected(tmp_path: Path, record: str) -> None:
    write(tmp_path / "ledger", line())
    (tmp_path / "rejected").mkdir()
    (tmp_path / "rejected" / "r1-a.json").write_text(record)
    assert len(close_open_attempts(tmp_path / "ledger", TakeStore(tmp_path / "takes"))) == 1


def test_what_ended_a_run_is_told_even_where_the_lock_cannot_be_tidied_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path, **options: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "unlink", refused)
    with pytest.raises(StorageError, match="the disk is full"), project_lock(tmp_path):
        raise StorageError("the disk is full")
    with project_lock(tmp_path):
        pass


def test_an_attempt_without_a_take_stays_suspected(tmp_path: Path) -> None:
    write(tmp_path / "ledger", line())
    suspected = close_open_attempts(tmp_path / "ledger", TakeStore(tmp_path / "takes"))
    assert [each.attempt for each in suspected] == ["r1-a"]
    assert len(open_attempts(tmp_path / "ledger")) == 1


def test_what_a_crash_left_in_the_middle_hides_no_line(tmp_path: Path) -> None:
    path = write(tmp_path, line(), line("ended", outcome="stored"))
    first, second = path.read_bytes().splitlines()
    path.write_bytes(b'{"schema":1,"at":"20' + first + b"\n\0\0\0\0" + second + b"\n[1]\n{}\n" + first[:40] + b"\n")
    assert [each.event for each in read_ledger(tmp_path)] == ["started", "ended"]


def test_fields_of_a_later_version_are_left_out_and_a_later_schema_is_refused_with_its_place(tmp_path: Path) -> None:
    path = write(tmp_path, line())
    fields = json.loads(path.read_text())
    path.write_text(json.dumps({**fields, "mood": "cheerful"}) + "\n")
    assert len(list(read_ledger(tmp_path))) == 1
    path.write_text(json.dumps(fields) + "\n" + json.dumps({**fields, "schema": 2}) + "\n")
    with pytest.raises(StorageError, match=r"r1\.jsonl:2: a ledger line of schema 2"):
        list(read_ledger(tmp_path))


def test_an_attempt_is_over_whichever_line_comes_first(tmp_path: Path) -> None:
    write(tmp_path, line("ended", outcome="stored"), line())
    assert open_attempts(tmp_path) == []


def test_a_second_run_waits_for_the_lock_as_long_as_it_was_told(tmp_path: Path) -> None:
    def hold() -> None:
        with project_lock(tmp_path / "state"):
            held.set()
            go_on.wait(5)

    held, go_on = threading.Event(), threading.Event()
    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(5)
    with pytest.raises(LockHeld, match="process"), project_lock(tmp_path / "state"):
        pass
    threading.Timer(0.2, go_on.set).start()
    with project_lock(tmp_path / "state", wait_seconds=5):
        pass
    holder.join()
