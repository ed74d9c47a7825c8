"""Paid takes are bought once, within the budget, whatever goes wrong; both sides' books agree to the digit."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli.main import main
from pipeline.errors import AuthenticationStopped, Interrupted, SegmentsFailed, SpendingStopped, StorageError
from pipeline.kugelaudio.mapping import unreachable
from pipeline.kugelaudio.speech.socket import Socket, open_socket
from pipeline.render.events import Charged, Event, Noticed
from pipeline.render.plan import PlannedSegment
from pipeline.render.pool import RenderResult, make_takes
from pipeline.render.purse import Cap
from pipeline.render.recording import Recorder
from pipeline.render.retrying import RetryPolicy
from pipeline.render.room import Room
from pipeline.render.running import render_missing
from pipeline.render.studio import BudgetSpent, Studio
from pipeline.server.accounts import LOCAL_KEY
from pipeline.server.chunks import TimedWord
from pipeline.server.frames import timestamps
from pipeline.server.money import Billing
from pipeline.server.running import BackgroundServer
from pipeline.server.service import ServerOptions
from pipeline.store.ledger import LedgerLine
from pipeline.store.takes import TakeStore

from .paying import QUICK, Book, known_cents, paragraphs, unknown_cents


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUGELAUDIO_API_KEY", LOCAL_KEY)
    monkeypatch.delenv("KUGELAUDIO_API_URL", raising=False)


MakeBook = Callable[..., Book]


@pytest.fixture
def book(tmp_path: Path) -> Iterator[MakeBook]:
    servers = []

    def make(count: int = 12, *, characters: int = 70, tier: int = 4, **options: object) -> Book:
        server = BackgroundServer(ServerOptions(**{"silent": True, "tier": 4, **options}))  # type: ignore[arg-type]
        servers.append(server.__enter__())
        made = Book(tmp_path, server, tier)
        made.write(paragraphs(count, characters))
        return made

    yield make
    for server in servers:
        server.__exit__(None, None, None)


def test_every_cent_of_the_servers_books_is_in_the_ledger_and_nothing_is_bought_twice(book: MakeBook) -> None:
    here = book()
    assert here.render(jobs=5).error is None
    assert known_cents(here.ended()) == here.billed() > 0
    assert here.render(jobs=5).made == 0
    assert known_cents(here.ended()) == here.billed()


def test_a_line_tells_price_wallet_and_reservation(book: MakeBook) -> None:
    here = book(2)
    here.render()
    for started, ended in zip(here.ledger()[::1], here.ended(), strict=False):
        assert (started.rate, started.reserved_cents is not None) == (Decimal("7.0"), True)
        assert ended.cost_cents is not None
        assert ended.reserved_cents is not None
        assert ended.cost_cents <= ended.reserved_cents
        assert started.account is not None
        assert len(started.account) == 16
        assert LOCAL_KEY not in started.model_dump_json()


OUTCOMES = [
    ({"fault": "internal", "after_frames": 1}, "failed", "INTERNAL_ERROR"),
    ({"fault": "unavailable"}, "failed", "MODEL_UNAVAILABLE"),
    ({"fault": "unavailable", "manner": "close"}, "failed", "MODEL_UNAVAILABLE"),
    ({"fault": "internal", "manner": "close", "after_frames": 1}, "failed", "INTERNAL_ERROR"),
    ({"fault": "rate_limited"}, "failed", "RATE_LIMITED"),
    ({"fault": "cut", "after_frames": 1}, "lost", "ConnectionError"),
    ({"fault": "restart", "after_frames": 1}, "lost", "ServerRestartingError"),
    ({"fault": "lost_answer"}, "lost", "ConnectionError"),
    ({"fault": "malformed_frame"}, "lost", "MALFORMED_FRAME"),
    ({"fault": "short_audio"}, "rejected", "INCOMPLETE_AUDIO"),
    ({"fault": "silent_audio"}, "rejected", "SHORT_AUDIO"),
    ({"fault": "missing_timestamps"}, "rejected", "INCOMPLETE_TIMESTAMPS"),
]


def test_audio_whose_word_times_are_of_no_use_is_kept_apart_with_its_price(
    book: MakeBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def back_in_time(text: str, words: tuple[TimedWord, ...], offset: int = 0) -> list[dict[str, object]]:
        told = timestamps(text, words, offset)
        return told[::-1] if "Paragraph 1 " in text else told

    here = book(3)
    monkeypatch.setattr("pipeline.server.frames.timestamps", back_in_time)
    assert isinstance(here.render(jobs=1).error, SegmentsFailed)
    assert Counter(line.outcome for line in here.ended()) == {"stored": 3, "rejected": 3}
    assert known_cents(here.ended()) == here.billed()
    assert len(list((here.folder / ".narration" / "rejected").glob("*.flac"))) == 3


@pytest.mark.parametrize(
    ("fault", "outcome", "code"), OUTCOMES, ids=["-".join(map(str, case[0].values())) for case in OUTCOMES]
)
def test_each_failure_is_written_as_what_it_may_have_cost(
    book: MakeBook, fault: dict[str, object], outcome: str, code: str
) -> None:
    here = book(4)
    here.faults({**fault, "at": [2]})
    assert here.render(jobs=2).error is None
    ended = here.ended()
    assert Counter(line.outcome for line in ended) == {"stored": 5, outcome: 1}
    bad = next(line for line in ended if line.outcome == outcome)
    assert bad.error_code == code
    assert bad.cost_cents == (0 if outcome == "failed" else None if outcome == "lost" else bad.cost_cents)
    assert known_cents(ended) <= here.billed() <= known_cents(ended) + unknown_cents(ended)
    assert len(list((here.folder / ".narration" / "rejected").glob("*.json"))) == (outcome == "rejected")


def test_an_answer_without_any_audio_is_written_down_with_what_it_cost(book: MakeBook) -> None:
    here = book(4)
    here.faults({"fault": "short_audio", "keep": 0, "at": [2]})
    assert here.render(jobs=2).error is None
    [bad] = [line for line in here.ended() if line.outcome == "rejected"]
    assert (bad.error_code, bad.cost_cents is not None) == ("EMPTY_AUDIO", True)
    assert known_cents(here.ended()) == here.billed()
    assert (here.folder / ".narration" / "rejected" / f"{bad.attempt}.json").is_file()


def test_rejected_audio_that_the_disk_refuses_is_lost_and_not_called_kept(
    book: MakeBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise StorageError("cannot write it: the disk is full", hint="free some space")

    here = book(4)
    here.faults({"fault": "lost_frame", "at": [2]})
    monkeypatch.setattr("pipeline.render.attempts.keep_rejected", full)
    with pytest.raises(StorageError, match=r"1 answers came and could not be stored"):
        here.render(jobs=1)
    [bad] = [line for line in here.ended() if line.outcome == "lost"]
    assert bad.error_code == "STORAGE"
    assert known_cents(here.ended()) == here.billed()


def test_a_take_folder_that_cannot_be_written_is_known_before_anything_is_paid(book: MakeBook) -> None:
    here = book(4)
    (here.folder / ".narration").mkdir()
    plan, engine, layout = here.plan()
    (here.folder / ".narration" / "takes").write_text("a file where a folder must be")
    with pytest.raises(StorageError, match=r"cannot write .*takes"):
        render_missing(plan, engine, layout, run="r1", selected=frozenset({"one"}), receiver=here.heard.append)
    with pytest.raises(StorageError, match=r"cannot read .*takes"):
        here.plan()
    assert here.requests() == []


def test_one_folder_of_takes_that_cannot_be_written_is_known_before_anything_is_paid(
    book: MakeBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, access = book(4), os.access
    plan, _, layout = here.plan()
    closed = layout.takes.audio_path(plan.to_make()[2].key).parent
    closed.mkdir(parents=True)
    monkeypatch.setattr("pipeline.store.files.os.access", lambda path, mode: path != closed and access(path, mode))
    with pytest.raises(StorageError, match=r"cannot write .*takes.*permission denied"):
        here.render()
    assert here.requests() == []


def test_nothing_is_asked_for_that_a_nearly_full_disk_could_not_keep(
    book: MakeBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = book(4)
    monkeypatch.setattr("pipeline.render.room.room_bytes", lambda _folder: 1_100_000)
    with pytest.raises(StorageError, match=r"nearly full: 1\.1 MB are free.*0 takes were made"):
        here.render()
    assert here.requests() == []


def test_a_file_system_that_does_not_say_how_much_is_free_is_trusted(
    book: MakeBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.store.files.shutil.disk_usage", lambda _folder: shutil._ntuple_diskusage(0, 0, 0))
    assert book(3).render().error is None


def test_as_many_are_asked_for_as_the_disk_has_room_for(book: MakeBook, monkeypatch: pytest.MonkeyPatch) -> None:
    here, most = book(20), [0]
    hold = Room.hold

    def counting(room: Room, key: str, seconds: float) -> None:
        hold(room, key, seconds)
        most[0] = max(most[0], len(room._held))

    monkeypatch.setattr(Room, "hold", counting)
    monkeypatch.setattr("pipeline.render.room.room_bytes", lambda _folder: 1_000_000 + 3 * 1_200_000)
    assert here.render(jobs=10).error is None
    assert 1 < most[0] < 6


def test_short_audio_is_bought_three_times_and_then_reported(book: MakeBook) -> None:
    here = book(3)
    here.faults({"fault": "silent_audio", "text": "Paragraph 1 "})
    rendered = here.render(jobs=1)
    assert isinstance(rendered.error, SegmentsFailed)
    assert Counter(line.outcome for line in here.ended()) == {"stored": 3, "rejected": 3}
    assert known_cents(here.ended()) == here.billed()


@pytest.mark.parametrize(
    ("billing", "jobs"), [(Billing.STARTED, 5), pytest.param(Billing.EXACT, 1, marks=pytest.mark.slow)]
)
def test_a_budget_is_never_overrun_and_is_nearly_used_up(book: MakeBook, billing: Billing, jobs: int) -> None:
    here = book(30, billing=billing)
    budget = Decimal(8)
    rendered = here.render(jobs=jobs, caps=[Cap("the run's budget", budget)])
    assert isinstance(rendered.error, SpendingStopped)
    assert "still to be made for about" in rendered.error.message
    assert budget - Decimal("2.5") < here.billed() <= budget
    assert known_cents(here.ended()) == here.billed()
    assert here.render(jobs=jobs).error is None
    assert known_cents(here.ended()) == here.billed()


def test_unknown_charges_count_against_the_budget(book: MakeBook) -> None:
    here = book(30)
    here.faults({"fault": "null_cost"})
    rendered = here.render(jobs=5, caps=[Cap("the run's budget", Decimal(8))])
    assert isinstance(rendered.error, SpendingStopped)
    assert "charges are unknown" in rendered.error.message
    assert here.billed() <= unknown_cents(here.ended()) <= 8


def test_a_charge_above_its_reservation_stops_new_work_and_says_so(book: MakeBook) -> None:
    here = book(30)
    rendered = here.render(jobs=2, caps=[Cap("the run's budget", Decimal(500))], rate=Decimal("0.1"))
    assert isinstance(rendered.error, SpendingStopped)
    assert "more than the" in rendered.error.message
    assert rendered.made <= 3
    assert known_cents(here.ended()) == here.billed()


def slow_numbers(count: int) -> list[str]:
    """What a voice needs three times as long for as for as many letters."""
    return [f"Line {number}: 482915638, 123456789, 987654321, 192837465, 564738291." for number in range(count)]


def test_lines_of_numbers_keep_within_the_budget_and_in_what_is_set_aside(book: MakeBook) -> None:
    here = book(tier=4, silent=False)
    here.write(slow_numbers(12))
    rendered = here.render(jobs=12, caps=[Cap("the run's budget", Decimal(15))])
    assert here.billed() <= 15
    assert "reserved" not in str(rendered.error)


def test_a_charge_above_its_reservation_in_a_whole_run_is_told_and_ends_nothing(book: MakeBook) -> None:
    here = book(3)
    here.faults({"fault": "latency", "delay_ms": 400})
    assert here.render(jobs=4, rate=Decimal("0.1"), caps=[Cap("the run's budget", Decimal(500))]).error is None
    assert any(isinstance(event, Noticed) and "more than the" in event.message for event in here.heard)


def test_what_is_set_aside_for_unknown_charges_is_named_where_a_budget_is_spent() -> None:
    cap = Cap("the project's budget", Decimal(60), Decimal("59.5"), Decimal("55.2"))
    assert "60 cents is spent, 55.2 of it set aside for charges of earlier runs" in str(BudgetSpent(cap, Decimal(1)))


def test_a_budget_without_a_price_is_refused_before_anything_is_sent_unless_allowed(book: MakeBook) -> None:
    here = book(12)
    manifest = here.folder / "project.yaml"
    manifest.write_text(manifest.read_text().replace("rates: {kugel-3: 7.0}\n", ""))

    def narrate(*more: str) -> int:
        return main(["render", str(here.folder), "--api-url", here.server.url, "--events", "none", *more])

    assert narrate("--max-cost", "500") == 2
    assert here.requests() == []
    assert narrate("--max-cost", "3", "--allow-unknown-price", "--jobs", "1") == 4
    assert 3 <= here.billed() < 4
    assert {line.reserved_cents for line in here.ended()} == {None}


def test_a_project_budget_counts_what_earlier_runs_spent(book: MakeBook, capfd: pytest.CaptureFixture[str]) -> None:
    here = book(30)
    manifest = here.folder / "project.yaml"
    manifest.write_text(manifest.read_text() + "budget: {project_cents: 8}\noutputs: [{format: srt}]\n")

    def narrate(*more: str) -> int:
        return main(["render", str(here.folder), "--api-url", here.server.url, "--events", "json", *more])

    assert narrate("--max-cost", "4") == 4
    assert here.billed() <= 4
    assert narrate("--max-cost", "100") == 4
    assert 6 < here.billed() <= 8
    record = json.loads((here.folder / "build" / "run.json").read_text())
    assert Decimal(record["spent_cents"]) < here.billed()
    out, err = capfd.readouterr()
    assert "the project's budget of 8 cents is spent" in err
    charged = [json.loads(told) for told in out.splitlines() if '"charged"' in told]
    assert Decimal(charged[-1]["spent_cents"]) == Decimal(record["spent_cents"])
    assert all(line.account for line in here.ended())


def test_an_empty_wallet_stops_new_work_and_the_rest_is_made_when_it_is_filled(book: MakeBook) -> None:
    here = book(30, wallet_cents=Decimal(6))
    rendered = here.render(jobs=5)
    assert isinstance(rendered.error, SpendingStopped)
    assert rendered.error.exit_code == 4
    assert 0 < rendered.made < 30
    assert known_cents(here.ended()) == here.billed() <= 6


def test_a_revoked_key_stops_the_run_and_what_was_in_flight_is_kept(book: MakeBook) -> None:
    here = book(30)
    here.faults({"fault": "revoked", "at": [10]})
    rendered = here.render(jobs=3)
    assert isinstance(rendered.error, AuthenticationStopped)
    assert rendered.made >= 9
    assert known_cents(here.ended()) == here.billed()
    assert len(here.requests()) <= 13


def long_text() -> str:
    return " ".join(f"Sentence number {number} is as plain as all of the others." for number in range(60))


def test_a_text_that_is_too_long_is_made_in_pieces_and_never_bought_again(book: MakeBook) -> None:
    here = book(tier=2)
    here.write([long_text(), "Short and sweet."])
    here.server.service.accounts.put_organisation("local", 1, None)
    assert here.render(jobs=1).error is None
    assert {len(line.key) for line in here.ended()} == {64}
    refused = [line for line in here.ended() if line.outcome == "failed"]
    assert [line.error_code for line in refused] == ["TEXT_TOO_LONG"]
    assert known_cents(here.ended()) == here.billed()
    requests = len(here.requests())
    plan, _, layout = here.plan()
    assert plan.to_make() == []
    [take] = [planned.take for planned in plan.segments() if len(planned.segment.text) > 2_000]
    assert take is not None
    words = layout.takes.words(take)
    assert len(words) == len(long_text().split())
    assert (words.start_sample[1:] >= words.end_sample[:-1]).all()
    assert words.end_sample[-1] <= take.samples == len(layout.takes.audio(take))
    assert len(here.requests()) == requests


def test_pieces_that_were_paid_for_are_found_after_a_crash_between_them(book: MakeBook) -> None:
    here = book(tier=2)
    here.write([long_text()])
    here.server.service.accounts.put_organisation("local", 1, None)
    here.faults({"fault": "validation", "text": "Sentence number 59"})
    assert isinstance(here.render(jobs=1).error, SegmentsFailed)
    paid = here.billed()
    assert paid > 0
    here.faults()
    assert here.render(jobs=1).error is None
    texts = Counter(line["text_sha256"] for line in here.requests() if line["outcome"] == "billed")
    assert set(texts.values()) == {1}


def test_pieces_that_were_paid_for_are_used_even_if_the_whole_would_be_taken_by_now(book: MakeBook) -> None:
    here = book(tier=2)
    here.write([long_text()])
    here.server.service.accounts.put_organisation("local", 1, None)
    here.faults({"fault": "validation", "text": "Sentence number 59"})
    assert isinstance(here.render(jobs=1).error, SegmentsFailed)
    here.faults()
    here.server.service.accounts.put_organisation("local", 2, None)
    assert here.render(jobs=1).error is None
    paid = sum(line["characters"] for line in here.requests() if line["outcome"] == "billed")
    assert paid <= len(long_text()) + len("One")


def test_a_disk_that_refuses_stops_new_work_and_says_what_was_paid_and_not_kept(
    book: MakeBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, put, kept = book(30), TakeStore.put, []

    def full(store: TakeStore, *arguments: object) -> object:
        if len(kept) >= 4:
            raise StorageError("cannot write it: the disk is full", hint="free some space")
        kept.append(arguments[0])
        return put(store, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(TakeStore, "put", full)
    with pytest.raises(StorageError, match=r"the disk is full.*answers came and could not be stored \([0-9.]+ cents\)"):
        here.render(jobs=3)
    lost = [line for line in here.ended() if line.outcome == "lost"]
    assert lost
    assert {line.error_code for line in lost} == {"STORAGE"}
    assert known_cents(here.ended()) == here.billed()
    assert len(here.requests()) < 15


def away_for(seconds: float, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """No new connection is made so long from the first that is tried; the times of all tries."""
    tries: list[float] = []

    async def tried(*arguments: Any) -> Socket:
        tries.append(time.monotonic())
        if tries[-1] < tries[0] + seconds:
            raise unreachable("connecting", OSError())
        return await open_socket(*arguments)

    monkeypatch.setattr("pipeline.kugelaudio.speech.pool.open_socket", tried)
    return tries


def test_an_outage_holds_everyone_and_no_segment_is_given_up(book: MakeBook, monkeypatch: pytest.MonkeyPatch) -> None:
    here, tries = book(60), away_for(2.0, monkeypatch)
    assert here.render(jobs=20, policy=RetryPolicy()).error is None
    assert sum(at < tries[0] + 2.0 for at in tries) < 30, "one tries while the others wait"
    unsent = [line for line in here.ended() if line.outcome == "failed"]
    assert {line.cost_cents for line in unsent} == {0}
    assert known_cents(here.ended()) == here.billed()


def test_a_service_that_stays_out_of_reach_ends_the_run_with_what_is_kept(
    book: MakeBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, tries = book(60), away_for(60.0, monkeypatch)
    rendered = here.render(jobs=20, policy=RetryPolicy(failing_seconds=1.0))
    assert isinstance(rendered.error, SegmentsFailed)
    assert "Could not reach the service" in rendered.error.message
    assert "0 takes were made and kept" in rendered.error.message
    assert len(tries) < 40
    assert here.requests() == []


def test_nothing_leaves_after_the_run_was_ended_while_its_line_was_written(
    book: MakeBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, append, studios = book(10), Recorder.append, []
    refused = StorageError("cannot write it: the disk is full")

    async def watched(missing: Sequence[PlannedSegment], studio: Studio) -> RenderResult:
        studios.append(studio)
        return await make_takes(missing, studio)

    async def ending(recorder: Recorder, line: LedgerLine) -> None:
        await append(recorder, line)
        if line.event == "started" and len(here.requests()) == 3:
            studios[0].halt(refused)

    monkeypatch.setattr("pipeline.render.running.make_takes", watched)
    monkeypatch.setattr(Recorder, "append", ending)
    with pytest.raises(StorageError, match="the disk is full"):
        here.render(jobs=1)
    assert len(here.requests()) == 3
    assert set(Counter(line.attempt for line in here.ledger()).values()) == {2}
    [unsent] = [line for line in here.ended() if line.outcome == "failed"]
    assert (unsent.error_code, unsent.cost_cents) == ("INTERRUPTED", 0)
    assert known_cents(here.ended()) == here.billed()


class Leaving(list[Event]):
    """Whoever reads the progress, and goes away after some of it."""

    def append(self, event: Event) -> None:
        if len(self) >= 12:
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
        super().append(event)


def test_a_reader_of_the_progress_that_goes_away_costs_no_answer(book: MakeBook) -> None:
    here = book(40)
    here.faults({"fault": "latency", "delay_ms": 200})
    here.heard = Leaving()
    with pytest.raises(BrokenPipeError):
        here.render(jobs=8)
    assert {line.outcome for line in here.ended()} == {"stored"}
    assert known_cents(here.ended()) == here.billed()
    assert len(here.requests()) < 30


def test_a_run_cut_off_while_it_ends_is_interrupted_and_no_bug(book: MakeBook, monkeypatch: pytest.MonkeyPatch) -> None:
    async def cut_off(missing: Sequence[PlannedSegment], studio: Studio) -> RenderResult:
        raise asyncio.CancelledError

    monkeypatch.setattr("pipeline.render.running.make_takes", cut_off)
    with pytest.raises(Interrupted, match="what was finished is kept"):
        book(3).render()


def test_a_ledger_that_cannot_be_written_lets_nothing_leave(book: MakeBook, monkeypatch: pytest.MonkeyPatch) -> None:
    here = book(3)

    def no_space(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pipeline.store.ledger.os.fsync", no_space)
    with pytest.raises(StorageError, match="the disk is full"):
        here.render()
    assert here.requests() == []


def interrupt_when(condition: Callable[[], bool], times: int) -> threading.Thread:
    def wait() -> None:
        deadline = time.monotonic() + 20
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.02)
        for _ in range(times):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.1)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_one_interrupt_finishes_what_was_paid_and_a_second_says_what_may_have_been(book: MakeBook) -> None:
    here = book(20)
    here.faults({"fault": "latency", "delay_ms": 1500, "after": 4})
    thread = interrupt_when(lambda: len(here.ledger()) >= 12, times=2)
    with pytest.raises(Interrupted, match="charges are unknown, at most"):
        here.render(jobs=4)
    thread.join()
    open_lines = Counter(line.attempt for line in here.ledger())
    assert set(open_lines.values()) == {2}
    assert {line.outcome for line in here.ended()} - {"failed"} == {"stored", "lost"}
    assert not any(line.cost_cents for line in here.ended() if line.outcome == "failed")
    assert {line.error_code for line in here.ended() if line.outcome == "lost"} == {"INTERRUPTED"}


def test_the_running_cost_is_told_with_every_charge(book: MakeBook) -> None:
    here = book(3)
    here.render(caps=[Cap("the run's budget", Decimal(500))])
    told = [event for event in here.heard if isinstance(event, Charged)]
    assert told[-1].spent_cents == here.billed()
    assert told[-1].budget_cents == 500
    assert told[-1].reserved_cents == 0


@pytest.mark.slow
def test_a_whole_render_under_every_fault_at_once_ends_with_all_takes_and_honest_books(book: MakeBook) -> None:
    here = book(40)
    kinds = ("internal", "cut", "restart", "lost_answer", "malformed_frame", "unavailable", "short_audio", "null_cost")
    here.faults(*({"fault": kind, "probability": 0.04, "after_frames": 1} for kind in kinds), seed=7)
    for _ in range(4):
        here.render(jobs=10, caps=[Cap("the run's budget", Decimal(400))])
    assert here.plan()[0].to_make() == []
    ended = here.ended()
    assert known_cents(ended) <= here.billed() <= known_cents(ended) + unknown_cents(ended)
    assert {line.attempt for line in ended} == {line.attempt for line in here.ledger() if line.event == "started"}


def test_limits_lower_than_the_manifest_says_slow_the_run_down_and_lose_nothing(book: MakeBook) -> None:
    here = book(40)
    here.server.service.accounts.put_organisation("local", 2, None)
    here.faults({"fault": "latency", "delay_ms": 30})
    rendered = here.render(jobs=12, policy=QUICK)
    assert rendered.error is None
    assert known_cents(here.ended()) == here.billed()
    refused = sum(line.error_code == "RATE_LIMITED" for line in here.ended())
    assert 0 < refused < 25


def test_nothing_is_said_of_pieces_where_nothing_is_too_long(book: MakeBook) -> None:
    here = book(3)
    here.render()
    assert not any(isinstance(event, Noticed) for event in here.heard)
