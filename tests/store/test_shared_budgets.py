"""A project's budget holds for all runners together, however they meet; ledgers add up without counting twice."""

from __future__ import annotations

import random
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import StorageError
from pipeline.store.shared.address import read_address
from pipeline.store.shared.budgets import SharedBudget
from pipeline.store.shared.opening import open_remote
from pipeline.store.shared.remote import Remote
from pipeline.store.shared.shared_ledgers import merged, pull_ledgers, push_ledgers
from tests.store.sharing import Moody

CAP = Decimal(100)


@pytest.fixture(params=["folder", "memory"])
def remote(request: pytest.FixtureRequest, tmp_path: Path) -> Remote:
    address = str(tmp_path / "store") if request.param == "folder" else f"memory://{secrets.token_hex(4)}/store"
    return open_remote(read_address(address, "--store"))


def budget(remote: Remote, run: str, cents: Decimal = CAP, **ledgers: str) -> SharedBudget:
    known = {name: Decimal(spent) for name, spent in ledgers.items()}
    return SharedBudget(remote, "book", "kugelaudio", run, cents, known)


def test_what_one_runner_holds_the_others_do_not_have(remote: Remote) -> None:
    first, second = budget(remote, "first"), budget(remote, "second")
    assert first.hold(Decimal(70))
    assert not second.hold(Decimal(31))
    assert second.hold(Decimal(30))
    assert first.hold(Decimal(20))
    assert second.hold(Decimal(80))
    assert not first.hold(Decimal("20.01"))


def test_of_ledger_and_chain_the_higher_counts_once(remote: Remote) -> None:
    assert budget(remote, "old").hold(Decimal(40))
    assert budget(remote, "now", old="40").others() == 40
    assert budget(remote, "now", old="55").others() == 55
    assert budget(remote, "now", old="10", older="7").others() == 47


def test_many_runners_at_once_never_pass_the_budget(remote: Remote) -> None:
    runs = [budget(remote, f"run-{number}", Decimal(40)) for number in range(4)]
    start = threading.Barrier(len(runs))

    def draw(run: SharedBudget) -> None:
        start.wait()
        chance = random.Random(run.run)
        for _ in range(6):
            run.hold(run.held + chance.randint(1, 5))

    with ThreadPoolExecutor(len(runs)) as threads:
        list(threads.map(draw, runs))
    assert sum(run.held for run in runs) <= 40
    assert budget(remote, "last").others() == sum(run.held for run in runs)


def test_old_links_of_the_chain_go_and_a_runner_that_slept_is_not_fooled(remote: Remote) -> None:
    sleeper = budget(remote, "sleeper")

    class Sleeps(Moody):
        """Reads the chain, then sleeps until others have moved on and tidied up."""

        def create(self, name: str, data: bytes) -> bool:
            if not self.ages:
                self.ages["slept"] = 1.0
                other = budget(remote, "other")
                for cents in range(40):
                    assert other.hold(Decimal(cents + 51))
            return super().create(name, data)

    sleeper.remote = Sleeps(remote)
    assert not sleeper.hold(Decimal(50))
    assert sleeper.held == 0
    assert budget(remote, "last").others() == 90
    assert len(remote.entries("projects/book/budget/kugelaudio")) <= 20


def test_real_and_simulated_money_have_chains_of_their_own(remote: Remote) -> None:
    assert budget(remote, "run").hold(Decimal(90))
    assert SharedBudget(remote, "book", "local:abc", "run-2", CAP).hold(Decimal(90))


def test_a_chain_that_cannot_be_read_stops_spending(remote: Remote) -> None:
    assert budget(remote, "first").hold(Decimal(10))
    remote.write("projects/book/budget/kugelaudio/2", b"{")
    with pytest.raises(StorageError, match="nobody knows what is left"):
        budget(remote, "second").hold(Decimal(1))


LINES = st.lists(st.sampled_from([b'{"a":1}', b'{"a":2}', b'{"b":1}', b"torn"]), max_size=6, unique=True)


@given(ours=LINES, theirs=LINES)
@settings(max_examples=60, deadline=None)
def test_merged_ledgers_have_every_line_once_and_merging_again_changes_nothing(
    ours: list[bytes], theirs: list[bytes]
) -> None:
    one, other = (b"".join(line + b"\n" for line in lines) for lines in (ours, theirs))
    both = merged(one, other)
    assert both.startswith(one)
    assert sorted(both.splitlines()) == sorted({*ours, *theirs})
    assert merged(both, other) == merged(both, one) == both


def test_ledgers_travel_and_only_grow(remote: Remote, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    (here / "run-1.jsonl").write_bytes(b'{"n":1}\n{"n":2}\n{"torn')
    (here / "run-2.jsonl").write_bytes(b'{"n":3}\n')
    assert push_ledgers(remote, "book", here) == 2
    assert pull_ledgers(remote, "book", there, but={"run-2"}) == 1
    assert (there / "run-1.jsonl").read_bytes() == b'{"n":1}\n{"n":2}\n'
    assert not (there / "run-2.jsonl").exists()
    (there / "run-1.jsonl").write_bytes(b'{"n":1}\n{"n":2}\n{"n":4}\n')
    assert push_ledgers(remote, "book", there) == 1
    assert push_ledgers(remote, "book", there) == 0
    assert pull_ledgers(remote, "book", here) == 1
    assert (here / "run-1.jsonl").read_bytes() == b'{"n":1}\n{"n":2}\n{"n":4}\n'
    assert pull_ledgers(remote, "another-book", tmp_path / "none") == 0
