"""Takes are made once, stored before they are reported, and one failure does not stop the others."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from pipeline.engines.instant import InstantEngine
from pipeline.engines.protocol import Order, Speech, WordTimes
from pipeline.errors import AuthenticationStopped, NarrateError, SegmentsFailed, SpendingStopped
from pipeline.kugelaudio import (
    AuthenticationError,
    InsufficientCreditsError,
    KugelAudioConnectionError,
    KugelAudioError,
    NotFoundError,
    RateLimitError,
    ValidationError,
)
from pipeline.render.events import Event, Retrying, SegmentFailed, TakeMade
from pipeline.render.plan import Plan
from pipeline.render.retrying import Patience, RetryPolicy, may_pass
from pipeline.render.running import Rendered, render_missing
from pipeline.render.terms import Terms
from pipeline.store.layout import Layout
from pipeline.store.ledger import LedgerLine, read_ledger

from .conftest import FailingEngine, MakePlan


def run(plan: Plan, engine: InstantEngine, layout: Layout, heard: list[Event] | None = None) -> Rendered:
    slugs = frozenset(chapter.script.slug for chapter in plan.chapters)
    receiver = (heard if heard is not None else []).append
    terms = Terms(policy=RetryPolicy(back_off_seconds=0.0, jitter_seconds=0.0))
    return render_missing(plan, engine, layout, run="r1", selected=slugs, receiver=receiver, terms=terms)


def ledger(layout: Layout) -> list[LedgerLine]:
    return list(read_ledger(layout.ledgers))


def test_every_missing_take_is_made_and_found_again(planned: MakePlan) -> None:
    engine = FailingEngine()
    plan, layout = planned(engine)
    assert {segment.reason for segment in plan.to_make()} == {"new"}
    rendered = run(plan, engine, layout)
    assert rendered.error is None
    assert all(chapter.whole for chapter in rendered.plan.chapters)
    again, _ = planned(engine)
    assert again.to_make() == []


def test_a_take_is_on_disk_when_it_is_reported(planned: MakePlan) -> None:
    engine = FailingEngine()
    plan, layout = planned(engine)
    seen: list[bool] = []

    def receiver(event: Event) -> None:
        if isinstance(event, TakeMade):
            take = layout.takes.load(event.key)
            seen.append(take is not None and layout.takes.is_intact(take))

    slugs = frozenset(chapter.script.slug for chapter in plan.chapters)
    render_missing(plan, engine, layout, run="r1", selected=slugs, receiver=receiver)
    assert seen
    assert all(seen)


def test_every_attempt_has_a_started_and_an_ended_line(planned: MakePlan) -> None:
    engine = FailingEngine({"short day": [KugelAudioConnectionError("gone", request_id="q7")]})
    plan, layout = planned(engine)
    run(plan, engine, layout)
    lines = ledger(layout)
    started = [line.attempt for line in lines if line.event == "started"]
    assert sorted(started) == sorted(line.attempt for line in lines if line.event == "ended")
    failed = [line for line in lines if line.outcome == "failed"]
    assert [(line.error_code, line.number) for line in failed] == [("ConnectionError", 1)]
    repeated = next(line for line in lines if line.key == failed[0].key and line.outcome == "stored")
    assert repeated.number == 2


def test_no_more_than_the_engine_takes_are_asked_at_once(planned: MakePlan) -> None:
    engine = FailingEngine(concurrency=2, seconds=0.05)  # longer than first requests are held apart
    plan, layout = planned(engine)
    run(plan, engine, layout)
    assert engine.most_at_once == 2


def test_a_repeated_line_is_spoken_once(planned: MakePlan, tmp_path: Path) -> None:
    engine = FailingEngine()
    plan, layout = planned(engine, first='\n\n# The First\n\n"No."\n\n# The First\n\n"No."')
    run(plan, engine, layout)
    texts = [order.text for order in engine.orders]
    assert len(texts) == len(set(texts))


@pytest.mark.parametrize("error", [ValidationError("too odd"), NotFoundError("no such voice")])
def test_a_refused_segment_fails_at_once_and_the_others_are_made(planned: MakePlan, error: KugelAudioError) -> None:
    engine = FailingEngine({"short day": [error]})
    plan, layout = planned(engine)
    heard: list[Event] = []
    rendered = run(plan, engine, layout, heard)
    assert isinstance(rendered.error, SegmentsFailed)
    assert (rendered.failed, rendered.made) == (1, len(plan.to_make()) - 1)
    failed = next(event for event in heard if isinstance(event, SegmentFailed))
    assert failed.place == "book.md:3"
    assert not any(isinstance(event, Retrying) for event in heard)


def test_connection_errors_are_tried_again_but_not_for_ever(planned: MakePlan) -> None:
    engine = FailingEngine(
        {"short day": [KugelAudioConnectionError("gone") for _ in range(RetryPolicy().failures + 3)]}
    )
    plan, layout = planned(engine)
    heard: list[Event] = []
    rendered = run(plan, engine, layout, heard)
    assert rendered.failed == 1
    assert sum(isinstance(event, Retrying) for event in heard) == RetryPolicy().failures - 1


def test_waits_after_failures_double_from_the_policys_first_and_end_in_time() -> None:
    now = [0.0]
    policy = RetryPolicy(failures=100, failing_seconds=300.0, back_off_seconds=2.0, longest_seconds=60.0)
    longest = [0.0] * 7
    for _ in range(400):
        patience = Patience(policy, lambda: now[0])
        for number in range(7):
            patience.note(KugelAudioConnectionError("gone"), 0.0)
            longest[number] = max(longest[number], patience.seconds)
    assert longest == pytest.approx([2, 4, 8, 16, 32, 60, 60], rel=0.05)
    patience = Patience(policy, lambda: now[0])
    while not patience.over:
        assert now[0] <= 300.0, "an attempt began later than the policy allows"
        patience.note(KugelAudioConnectionError("gone"), 0.0)
        now[0] += patience.seconds


def test_rate_limits_wait_what_they_are_told_and_are_no_failures(planned: MakePlan) -> None:
    engine = FailingEngine({"short day": [RateLimitError("slow", retry_after=0.01) for _ in range(2)]})
    plan, layout = planned(engine)
    heard: list[Event] = []
    rendered = run(plan, engine, layout, heard)
    assert rendered.error is None
    assert sum(isinstance(event, Retrying) for event in heard) == 2


@pytest.mark.parametrize(
    ("error", "ending"),
    [(AuthenticationError("revoked"), AuthenticationStopped), (InsufficientCreditsError("empty"), SpendingStopped)],
)
def test_a_refused_key_or_an_empty_wallet_stops_new_work(
    planned: MakePlan, error: KugelAudioError, ending: type[NarrateError]
) -> None:
    engine = FailingEngine({"The First": [error]}, concurrency=1)
    plan, layout = planned(engine)
    rendered = run(plan, engine, layout)
    assert isinstance(rendered.error, ending)
    assert rendered.made == 0
    assert "still to be made" in rendered.error.message


class MuteEngine(FailingEngine):
    """Answers with a second of silence first, then with nothing for the last words, then properly."""

    async def speak(self, order: Order) -> Speech:
        speech = await super().speak(order)
        asked = sum(other.text == order.text for other in self.orders)
        if "keeper" not in order.text or asked > 2:
            return speech
        if asked == 1:
            return Speech(np.zeros(24_000, np.int16), 24_000, speech.words, speech.usage)
        said = speech.words
        columns = (said.char_start, said.char_end, said.start_sample, said.end_sample)
        words = WordTimes(*(column[:-1] for column in columns))
        return Speech(speech.pcm, 24_000, words, speech.usage)


def test_silence_and_missing_last_words_are_kept_apart_and_asked_again(planned: MakePlan) -> None:
    engine = MuteEngine()
    plan, layout = planned(engine)
    heard: list[Event] = []
    rendered = run(plan, engine, layout, heard)
    assert rendered.error is None
    said = [event.because for event in heard if isinstance(event, Retrying)]
    assert len(said) == 2
    assert "silence" in said[0]
    assert "before the last word" in said[1]
    assert len(list((layout.state / "rejected").glob("*.flac"))) == 2
    assert [line.error_code for line in ledger(layout) if line.outcome == "rejected"] == ["SHORT_AUDIO"] * 2


def test_a_damaged_take_is_made_again_and_said(planned: MakePlan) -> None:
    engine = FailingEngine()
    plan, layout = planned(engine)
    run(plan, engine, layout)
    key = next(plan.segments()).key
    layout.takes.audio_path(key).write_bytes(b"torn")
    again, _ = planned(engine)
    assert [(segment.key, segment.reason) for segment in again.to_make()] == [(key, "take damaged")]
    heard: list[Event] = []
    assert run(again, engine, layout, heard).error is None
    assert "damaged" in str(heard[1])


def test_the_policy_knows_every_class_of_the_family() -> None:
    def family(kind: type[KugelAudioError]) -> set[type[KugelAudioError]]:
        return {kind}.union(*(family(below) for below in kind.__subclasses__()))

    final = {kind.__name__ for kind in family(KugelAudioError) if not may_pass(kind("x"))}
    assert final >= {"AuthenticationError", "InsufficientCreditsError", "ValidationError", "NotFoundError"}
    assert not final & {"RateLimitError", "ConnectionError", "ServerRestartingError", "KugelAudioError"}
    assert not may_pass(ValueError("our own bug"))


def test_our_own_bug_ends_the_run_and_hangs_nobody(planned: MakePlan) -> None:
    class BuggyEngine(FailingEngine):
        async def speak(self, order: Order) -> Speech:
            await asyncio.sleep(0)
            raise ZeroDivisionError

    engine = BuggyEngine()
    plan, layout = planned(engine)
    with pytest.raises(ZeroDivisionError):
        run(plan, engine, layout)
