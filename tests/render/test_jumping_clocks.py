"""A clock that jumps, by years and in both directions, changes no sum and loses no attempt."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.render.purse import Cap
from pipeline.render.terms import earlier_cents
from pipeline.reports.costs.periods import Period
from pipeline.reports.costs.report import cost_report
from pipeline.reports.costs.sources import Source
from pipeline.server.accounts import LOCAL_KEY
from pipeline.server.running import BackgroundServer
from pipeline.server.service import ServerOptions
from pipeline.store.recovery import close_open_attempts, open_attempts

from .paying import Book, known_cents, paragraphs
from .two_books import reckon, texts_of


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Book]:
    chance = random.Random(3)

    def jumping() -> str:
        moment = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(days=chance.uniform(-4000, 4000))
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    for place in ("render.attempt_lines", "store.recovery"):
        monkeypatch.setattr(f"pipeline.{place}.utc_now", jumping)
    monkeypatch.setenv("KUGELAUDIO_API_KEY", LOCAL_KEY)
    with BackgroundServer(ServerOptions(silent=True, tier=4)) as server:
        book = Book(tmp_path, server)
        book.write(paragraphs(8))
        yield book


def test_books_budgets_and_reports_agree_whatever_the_clock_says(here: Book) -> None:
    here.faults({"fault": "lost_answer", "at": [2]}, {"fault": "lost_frame", "at": [3]})
    assert here.render(jobs=3, caps=[Cap("the run's budget", Decimal(50))]).error is None
    plan, _, layout = here.plan()
    assert reckon(texts_of(plan), layout.ledgers, here.requests(), layout.takes).faults == []
    lost = [line for line in here.ended() if line.cost_cents is None]
    counted = known_cents(here.ended()) + sum((line.reserved_cents or Decimal(0) for line in lost), Decimal(0))
    assert earlier_cents(layout.ledgers, plan.provider) == counted
    [ledger] = layout.ledgers.glob("*.jsonl")
    report = cost_report([Source("book", ledger)], [("day",), ("chapter",)], Period())
    assert report.simulated.total.cents == known_cents(here.ended())
    assert report.simulated.total.unknown == len(lost) == 1


def test_an_attempt_left_open_is_closed_by_its_take_whenever_that_seems_to_have_been(here: Book) -> None:
    assert here.render(jobs=3).error is None
    _, _, layout = here.plan()
    [ledger] = layout.ledgers.glob("*.jsonl")
    kept = [line for line in ledger.read_bytes().splitlines(keepends=True) if b'"event":"started"' in line]
    ledger.write_bytes(b"".join(kept))
    assert len(open_attempts(layout.ledgers)) == len(kept)
    assert close_open_attempts(layout.ledgers, layout.takes) == []
    assert known_cents(here.ended()) == here.billed()
    assert here.render(jobs=3).made == 0
