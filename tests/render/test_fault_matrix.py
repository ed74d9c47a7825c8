"""Whatever the service does, both sides' books agree to the cent, nothing is lost and nothing is bought twice.

Every fault that the local server knows, at concurrency 1, 5 and 20: one run under it, a second one when it is gone.
"""

from __future__ import annotations

import functools
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline.kugelaudio.configuration import TimeLimits
from pipeline.render.purse import Cap
from pipeline.render.retrying import RetryPolicy
from pipeline.render.terms import earlier_cents
from pipeline.server.accounts import LOCAL_KEY, KeyState
from pipeline.server.faults import FaultKind
from pipeline.server.money import Billing
from pipeline.server.running import BackgroundServer
from pipeline.server.service import ServerOptions
from pipeline.store.layout import Layout

from .paying import Book, paragraphs
from .two_books import PAID, Reckoning, bought_whole_and_in_pieces, reckon, texts_of

Rule = dict[str, Any]
Rules = Sequence[Rule]
MakeBook = Callable[..., Book]
Report = Callable[[str, int, Reckoning, Reckoning], None]

IMPATIENT = RetryPolicy(back_off_seconds=0.01, longest_seconds=0.05, jitter_seconds=0.01, rate_limited_seconds=2.0)
SILENCE_SECONDS = 0.4
"""After so long without a frame the client gives up."""

SINGLY: dict[str, Rules] = {
    "latency": [{"fault": "latency", "delay_ms": 20, "jitter_ms": 20}],
    "429 once": [{"fault": "rate_limited", "at": [2, 5]}],
    "429 told to wait": [{"fault": "rate_limited", "manner": "handshake", "at": [1], "retry_after": 1}],
    "429 by close": [{"fault": "rate_limited", "manner": "close", "at": [3]}],
    "402 for one": [{"fault": "insufficient_credits", "at": [4]}],
    "402 by close": [{"fault": "insufficient_credits", "manner": "close", "at": [4]}],
    "401 for one": [{"fault": "unauthorized", "at": [4]}],
    "401 by close": [{"fault": "unauthorized", "manner": "close", "at": [4]}],
    "401 at the handshake": [{"fault": "unauthorized", "manner": "handshake", "at": [1]}],
    "401 revoked": [{"fault": "revoked", "at": [5]}],
    "404": [{"fault": "not_found", "probability": 0.3}],
    "400": [{"fault": "validation", "probability": 0.3}],
    "413": [{"fault": "too_long", "probability": 0.3}],
    "500": [{"fault": "internal", "probability": 0.3}],
    "500 during audio": [{"fault": "internal", "after_frames": 2, "probability": 0.3}],
    "500 by close": [{"fault": "internal", "manner": "close", "probability": 0.3}],
    "500 at the handshake": [{"fault": "internal", "manner": "handshake", "at": [1]}],
    "empty audio": [{"fault": "empty_audio", "probability": 0.3}],
    "503": [{"fault": "unavailable", "probability": 0.3}],
    "503 by close": [{"fault": "unavailable", "manner": "close", "probability": 0.3}],
    "503 at the handshake": [{"fault": "unavailable", "manner": "handshake", "at": [1]}],
    "503 for ever": [{"fault": "unavailable", "text": "Paragraph 3 "}],
    "1012 before audio": [{"fault": "restart", "at": [2]}],
    "1013 during audio": [{"fault": "restart", "close_code": 1013, "after_frames": 1, "at": [2]}],
    "1012 at the handshake": [{"fault": "restart", "manner": "handshake", "at": [1]}],
    "cut before audio": [{"fault": "cut", "probability": 0.3}],
    "cut during audio": [{"fault": "cut", "after_frames": 2, "probability": 0.3}],
    "cut at the handshake": [{"fault": "cut", "manner": "handshake", "at": [1]}],
    "stall": [{"fault": "stall", "delay_ms": 100, "after_frames": 1, "probability": 0.3}],
    "stall before audio": [{"fault": "stall", "delay_ms": 900, "at": [2, 4]}],
    "stall during audio": [{"fault": "stall", "delay_ms": 900, "after_frames": 1, "at": [2, 4]}],
    "truncated frame": [{"fault": "truncated_frame", "after_frames": 1, "probability": 0.3}],
    "malformed frame": [{"fault": "malformed_frame", "after_frames": 1, "probability": 0.3}],
    "lost frame": [{"fault": "lost_frame", "after_frames": 1, "probability": 0.3}],
    "last frame lost": [{"fault": "lost_frame", "after_frames": 4, "probability": 0.3}],
    "short audio": [{"fault": "short_audio", "probability": 0.3}],
    "no audio": [{"fault": "short_audio", "keep": 0, "probability": 0.3}],
    "silent audio": [{"fault": "silent_audio", "probability": 0.3}],
    "always silent": [{"fault": "silent_audio", "text": "Paragraph 3 "}],
    "no timestamps": [{"fault": "missing_timestamps", "probability": 0.3}],
    "late timestamps": [{"fault": "late_timestamps"}],
    "cost unknown": [{"fault": "null_cost", "probability": 0.5}],
    "no final frame": [{"fault": "missing_final", "at": [2, 4]}],
    "answer lost at the end": [{"fault": "lost_answer", "probability": 0.3}],
    "answer lost during audio": [{"fault": "lost_answer", "after_frames": 2, "probability": 0.3}],
    "answer lost before audio": [{"fault": "lost_answer", "after_frames": 0, "probability": 0.3}],
}

FAST = ("401 revoked", "413", "lost frame", "answer lost at the end")

AT_RANDOM: Rules = [
    {"fault": "latency", "delay_ms": 4, "jitter_ms": 4},
    {"fault": "internal"},
    {"fault": "internal", "after_frames": 1},
    {"fault": "unavailable", "manner": "close"},
    {"fault": "empty_audio"},
    {"fault": "too_long"},
    {"fault": "cut", "after_frames": 1},
    {"fault": "truncated_frame"},
    {"fault": "malformed_frame", "after_frames": 2},
    {"fault": "lost_frame"},
    {"fault": "short_audio"},
    {"fault": "silent_audio"},
    {"fault": "missing_timestamps"},
    {"fault": "late_timestamps"},
    {"fault": "null_cost"},
    {"fault": "lost_answer"},
    {"fault": "lost_answer", "after_frames": 1},
    {"fault": "unauthorized"},
    {"fault": "validation"},
]


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeBook]:
    monkeypatch.setenv("KUGELAUDIO_API_KEY", LOCAL_KEY)
    monkeypatch.delenv("KUGELAUDIO_API_URL", raising=False)
    short = functools.partial(TimeLimits, first_audio_s=SILENCE_SECONDS, silence_s=SILENCE_SECONDS)
    monkeypatch.setattr("pipeline.kugelaudio.configuration.TimeLimits", short)
    servers = []

    def make(count: int = 10, **options: Any) -> Book:
        server = BackgroundServer(ServerOptions(**{"silent": True, "tier": 4, **options}))
        servers.append(server.__enter__())
        made = Book(tmp_path, server)
        made.write(paragraphs(count))
        return made

    yield make
    for server in servers:
        server.__exit__(None, None, None)


@dataclass(frozen=True, slots=True)
class Known:
    """What stays the same over the runs of a case."""

    texts: Mapping[str, str]
    layout: Layout
    provider: str

    @classmethod
    def of(cls, here: Book) -> Known:
        plan, _, layout = here.plan()
        return cls(texts_of(plan), layout, plan.provider)

    def reckoned(self, here: Book) -> Reckoning:
        wait_until_nothing_is_generated(here)
        return reckon(self.texts, self.layout.ledgers, here.requests(), self.layout.takes)

    def stored_texts(self) -> set[str]:
        return {text for key, text in self.texts.items() if self.layout.takes.stored(key) is not None}


def wait_until_nothing_is_generated(here: Book) -> None:
    organisation = here.server.service.accounts.organisation("local")
    deadline = time.monotonic() + 10
    while organisation is not None and organisation.limits.generations and time.monotonic() < deadline:
        time.sleep(0.01)


def mend(here: Book) -> None:
    """The faults are gone, the key is good, the wallet is full."""
    here.faults()
    here.server.service.accounts.put_key(LOCAL_KEY, "local", KeyState.VALID)
    here.server.service.accounts.put_organisation("local", 4, None)


@pytest.fixture
def report() -> Report:
    """Leave a row of the table (fault, at once, billed, ledger, lost, twice) where NARRATE_MATRIX names a file."""

    def write(case: str, jobs: int, first: Reckoning, last: Reckoning) -> None:
        if path := os.environ.get("NARRATE_MATRIX"):
            outcomes = " ".join(f"{name} {count}" for name, count in sorted(first.outcomes.items()))
            row = (case, jobs, last.billed, last.known, last.unknown_billed, last.lost, last.twice, outcomes)
            with Path(path).open("a", encoding="utf-8") as file:
                file.write("| " + " | ".join(map(str, row)) + " |\n")

    return write


def hold_after(here: Book, known: Known, report: Report, case: str, jobs: int) -> None:
    """After a run under faults the books agree; one without buys what is missing, once, and nothing else."""
    first = known.reckoned(here)
    assert first.faults == []
    stored = known.stored_texts()
    mend(here)
    before = len(here.requests())
    rendered = here.render(jobs=5, policy=IMPATIENT)
    assert rendered.error is None
    assert rendered.plan.to_make() == []
    bought = Counter(line["text_sha256"] for line in here.requests()[before:] if line["outcome"] in PAID)
    assert not stored & set(bought)
    assert set(bought.values()) <= {1}
    last = known.reckoned(here)
    assert last.faults == []
    assert (last.lost, last.twice) == (0, 0)
    assert bought_whole_and_in_pieces(rendered.plan, known.layout.ledgers) == []
    for planned in rendered.plan.segments():
        assert planned.take is not None
        assert len(known.layout.takes.audio(planned.take)) == planned.take.samples
        assert len(known.layout.takes.words(planned.take)) > 0
    report(case, jobs, first, last)


@pytest.mark.parametrize("case", FAST)
def test_a_fault_at_five_at_once_loses_no_cent_and_pays_none_twice(book: MakeBook, case: str, report: Report) -> None:
    here = book(6)
    here.faults(*SINGLY[case], seed=5)
    known = Known.of(here)
    here.render(jobs=5, policy=IMPATIENT)
    hold_after(here, known, report, case, 5)


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 5, 20])
@pytest.mark.parametrize("case", SINGLY)
def test_every_fault_alone_loses_no_cent_and_pays_none_twice(
    book: MakeBook, case: str, jobs: int, report: Report
) -> None:
    here = book(8)
    here.faults(*SINGLY[case], seed=jobs)
    known = Known.of(here)
    here.render(jobs=jobs, policy=IMPATIENT)
    hold_after(here, known, report, case, jobs)


def test_every_fault_that_the_server_knows_is_in_the_matrix() -> None:
    assert {rule["fault"] for rules in SINGLY.values() for rule in rules} == {kind.value for kind in FaultKind}


def at_random(seed: int) -> list[Rule]:
    """Five faults drawn from all, each with a chance of its own."""
    chance = random.Random(seed)
    return [{**rule, "probability": round(chance.uniform(0.02, 0.2), 3)} for rule in chance.sample(AT_RANDOM, 5)]


def mixed(here: Book, seed: int, jobs: int) -> Known:
    """Runs under mixed faults with a budget that is about what the book costs."""
    chance, known = random.Random(seed), Known.of(here)
    here.faults(*at_random(seed), seed=seed)
    budget = Decimal(chance.randint(2, 14))
    for _ in range(3):
        caps = [Cap("the project's budget", budget, earlier_cents(known.layout.ledgers, known.provider))]
        here.render(jobs=jobs, policy=IMPATIENT, caps=caps)
        assert known.reckoned(here).faults == []
    assert here.billed() <= budget
    return known


@pytest.mark.parametrize(("seed", "billing"), [(1, Billing.STARTED)])
def test_faults_at_random_within_a_budget_lose_nothing_and_overrun_nothing(
    book: MakeBook, seed: int, billing: Billing, report: Report
) -> None:
    here = book(8, billing=billing)
    known = mixed(here, seed, 5)
    hold_after(here, known, report, f"mixed {seed} {billing.value}", 5)


@pytest.mark.slow
@pytest.mark.parametrize("billing", list(Billing), ids=lambda billing: billing.value)
@pytest.mark.parametrize("jobs", [1, 5, 20])
@pytest.mark.parametrize("seed", range(10, 15))
def test_many_faults_at_random_within_a_budget_lose_nothing_and_overrun_nothing(
    book: MakeBook, seed: int, jobs: int, billing: Billing, report: Report
) -> None:
    here = book(14, billing=billing)
    known = mixed(here, 100 * seed + jobs, jobs)
    hold_after(here, known, report, f"mixed {seed} {billing.value}", jobs)
