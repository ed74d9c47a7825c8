"""What a project has spent, and what is suspected, depends on no order of lines, no file and no copy."""

from __future__ import annotations

import random
import tempfile
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.render.terms import earlier_cents
from pipeline.store.ledger import Ledger, LedgerLine, utc_now
from pipeline.store.recovery import close_open_attempts, open_attempts
from pipeline.store.takes import TakeStore

CENTS = st.decimals(0, 10**6, places=6)


@st.composite
def lines(draw: st.DrawFn) -> list[LedgerLine]:
    found = []
    for number in range(draw(st.integers(0, 10))):
        started = LedgerLine.model_validate(
            {
                "at": utc_now(), "run": draw(st.sampled_from(["r1", "r2"])), "event": "started",
                "attempt": f"a{number}",
                "key": f"{number:064}", "chapter": "one", "index": 0, "engine": "kugelaudio", "model": "kugel-3",
                "provider": draw(st.sampled_from(["kugelaudio", "local:x"])), "voice": "narrator", "number": 1,
                "characters": 11, "reserved_cents": draw(st.none() | CENTS),
            }
        )  # fmt: skip
        found.append(started)
        outcome = draw(st.sampled_from([None, "stored", "rejected", "lost", "failed"]))
        if outcome is not None:
            cost = Decimal(0) if outcome == "failed" else draw(st.none() | CENTS)
            found.append(started.model_copy(update={"event": "ended", "outcome": outcome, "cost_cents": cost}))
    return found


def spent(folder: Path) -> tuple[Decimal, set[str]]:
    return earlier_cents(folder, "kugelaudio"), {line.attempt for line in open_attempts(folder)}


def write(folder: Path, *parts: list[LedgerLine]) -> Path:
    for number, part in enumerate(parts):
        with Ledger(folder / f"{number}.jsonl", "r") as ledger:
            ledger.append_all(part, durable=False)
    return folder


@settings(deadline=None, max_examples=40)
@given(lines(), st.randoms(use_true_random=False))
def test_neither_order_nor_files_nor_copies_change_what_was_spent(
    found: list[LedgerLine], chance: random.Random
) -> None:
    shuffled = found + chance.sample(found, len(found) // 2)
    chance.shuffle(shuffled)
    cut = chance.randint(0, len(shuffled))
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        plain = spent(write(Path(one), found))
        assert plain == spent(write(Path(other), shuffled[:cut], shuffled[cut:]))
    ended = {line.attempt: line for line in found if line.provider == "kugelaudio"}
    exact = sum((Fraction(_charge(line)) for line in ended.values()), Fraction(0))
    assert Fraction(plain[0]) == exact


def _charge(line: LedgerLine) -> Decimal:
    return line.cost_cents if line.cost_cents is not None else line.reserved_cents or Decimal(0)


@settings(deadline=None, max_examples=15)
@given(lines())
def test_recovery_without_takes_changes_nothing_and_names_every_open_attempt(found: list[LedgerLine]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ledgers = write(Path(folder) / "ledger", found)
        before = spent(ledgers)
        store = TakeStore(Path(folder) / "takes")
        assert {line.attempt for line in close_open_attempts(ledgers, store)} == before[1]
        assert spent(ledgers) == before
