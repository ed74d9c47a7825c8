"""Of all runners one makes a take; a runner that died is followed by another once its lease is over, not before."""

from __future__ import annotations

import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipeline.errors import LockHeld
from pipeline.store.shared.address import read_address
from pipeline.store.shared.claims import Claims
from pipeline.store.shared.collecting import require_quiet
from pipeline.store.shared.names import claim_name
from pipeline.store.shared.opening import open_remote
from pipeline.store.shared.remote import Remote, StoreUnavailable
from pipeline.store.shared.runners import Runner
from tests.store.sharing import Moody

KEY = "ab" * 32
LONG_AGO = 10_000.0


@pytest.fixture(params=["folder", "memory"])
def remote(request: pytest.FixtureRequest, tmp_path: Path) -> Moody:
    address = str(tmp_path / "store") if request.param == "folder" else f"memory://{secrets.token_hex(4)}/store"
    return Moody(open_remote(read_address(address, "--store")))


def claims_of(remote: Remote, run: str, lease_seconds: float = 900.0) -> Claims:
    return Claims(remote, Runner(remote, run, lease_seconds))


def test_a_claim_is_one_runners(remote: Moody) -> None:
    first, second = claims_of(remote, "first"), claims_of(remote, "second")
    claim = first.take(KEY)
    assert claim is not None
    assert second.take(KEY) is None
    assert first.held() == [claim]
    assert remote.read(claim_name(KEY, 1)) is None


def test_of_many_runners_at_once_one_gets_it(remote: Moody) -> None:
    runners = [claims_of(remote, f"run-{number}") for number in range(8)]
    start = threading.Barrier(len(runners))

    def take(claims: Claims) -> list[bool]:
        start.wait()
        return [claims.take(f"{number:064x}") is not None for number in range(12)]

    with ThreadPoolExecutor(len(runners)) as threads:
        got = list(threads.map(take, runners))
    assert [sum(of_key) for of_key in zip(*got, strict=True)] == [1] * 12


def test_a_claim_given_back_is_the_next_runners(remote: Moody) -> None:
    first, second = claims_of(remote, "first"), claims_of(remote, "second")
    claim = first.take(KEY)
    assert claim is not None
    first.give_up(claim, arrived=False)
    taken = second.take(KEY)
    assert taken is not None
    assert taken.number == 1
    assert first.take(KEY) is None


def test_claims_of_a_take_that_is_there_are_removed(remote: Moody) -> None:
    first = claims_of(remote, "first")
    claim = first.take(KEY)
    assert claim is not None
    first.give_up(claim, arrived=True)
    assert remote.entries("claims") == []
    assert first.held() == []


def test_a_dead_runners_claim_is_taken_over_when_its_lease_is_over_by_the_stores_clock(remote: Moody) -> None:
    first, second, third = (claims_of(remote, name) for name in ("first", "second", "third"))
    assert first.take(KEY) is not None
    remote.ages[claim_name(KEY, 0)] = 890.0
    assert second.take(KEY) is None
    remote.ages[claim_name(KEY, 0)] = LONG_AGO
    taken = second.take(KEY)
    assert taken is not None
    assert taken.number == 1
    assert third.take(KEY) is None


def test_who_was_overtaken_learns_it_before_sending(remote: Moody) -> None:
    first, second = claims_of(remote, "first"), claims_of(remote, "second")
    claim = first.take(KEY)
    assert claim is not None
    assert first.confirm(claim, 300.0)
    remote.ages[claim_name(KEY, 0)] = LONG_AGO
    assert second.take(KEY) is not None
    claim.kept_at -= 800  # as after a laptop's sleep
    assert not first.confirm(claim, 300.0)
    assert first.held() == []


def test_a_claim_that_would_end_during_the_request_is_renewed_first(remote: Moody) -> None:
    first = claims_of(remote, "first")
    claim = first.take(KEY)
    assert claim is not None
    remote.asked.clear()
    assert first.confirm(claim, 300.0)
    assert remote.asked == []
    claim.kept_at -= 700
    assert first.confirm(claim, 300.0)
    assert f"write {claim.name}" in remote.asked
    assert first.confirm(claim, 300.0)


def test_an_owner_that_renews_while_being_overtaken_keeps_its_claim(remote: Moody) -> None:
    first, second = claims_of(remote, "first"), claims_of(remote, "second")
    claim = first.take(KEY)
    assert claim is not None
    remote.ages[claim_name(KEY, 0)] = LONG_AGO

    class RenewsInBetween(Moody):
        def create(self, name: str, data: bytes) -> bool:
            if name.endswith(".1"):
                remote.ages.clear()
                assert first.renew(claim)
            return super().create(name, data)

    second.remote = RenewsInBetween(remote)
    assert second.take(KEY) is None
    assert second.held() == []


def test_our_own_claim_is_known_again_when_the_answer_was_lost(remote: Moody) -> None:
    class LosesAnswers(Moody):
        def create(self, name: str, data: bytes) -> bool:
            assert super().create(name, data)
            return False

    first = claims_of(LosesAnswers(remote), "first")
    claim = first.take(KEY)
    assert claim is not None
    assert claim.number == 0


def test_a_claim_that_cannot_be_read_is_anothers_until_its_lease_is_over(remote: Moody) -> None:
    remote.write(claim_name(KEY, 0), b"{")
    second = claims_of(remote, "second")
    assert second.take(KEY) is None
    remote.ages[claim_name(KEY, 0)] = LONG_AGO
    assert second.take(KEY) is not None


def test_claims_are_renewed_together_before_a_third_of_the_lease_is_over(remote: Moody) -> None:
    first = claims_of(remote, "first")
    held = [first.take(f"{number:064x}") for number in range(3)]
    for claim in held[:2]:
        assert claim is not None
        claim.kept_at -= 300
    remote.asked.clear()
    first.renew_all()
    assert sum(line.startswith("write claims/") for line in remote.asked) == 2


def test_a_runner_is_alive_by_the_stores_clock(remote: Moody) -> None:
    first, second = Runner(remote, "first"), Runner(remote, "second")
    first.now()
    assert second.living() == {"first"}
    with pytest.raises(LockHeld, match="first"):
        require_quiet(second)
    remote.ages["runners/first"] = LONG_AGO
    assert Runner(remote, "third").living() <= {"second"}
    first.leave()
    assert Runner(remote, "third").living() <= {"second"}


def test_a_store_that_keeps_nothing_has_no_clock(remote: Moody) -> None:
    class Forgets(Moody):
        def write(self, name: str, data: bytes) -> None:
            return

    with pytest.raises(StoreUnavailable, match="does not keep"):
        Runner(Forgets(remote), "first").now()
