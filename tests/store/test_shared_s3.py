"""A store at a real S3 server, slow, failing, cutting and racing, loses no take and lets no two runners buy one."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.store.shared.address import read_address
from pipeline.store.shared.budgets import SharedBudget
from pipeline.store.shared.claims import Claims
from pipeline.store.shared.exchange import Arrival, fetch, offer, read_catalogue
from pipeline.store.shared.object_remote import ObjectRemote, Patience, open_object_remote
from pipeline.store.shared.opening import creates_only_once, require_version
from pipeline.store.shared.remote import StoreUnavailable
from pipeline.store.shared.runners import Runner
from pipeline.store.shared.turns import DamagedInStore
from pipeline.store.takes import TakeStore
from tests.store.s3_server import S3, serving_s3
from tests.store.sharing import make_take

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

QUICK = Patience(attempts=4, first_seconds=0.02, most_seconds=0.1)


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    with serving_s3() as running:
        yield running


@pytest.fixture
def remote(s3: S3, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectRemote]:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    s3.moods()
    name = f"b{abs(hash(request.node.name)) % 10**9}"
    opened = open_object_remote(read_address(s3.bucket(name), "--store"), QUICK)
    require_version(opened, begin=True)
    yield opened
    s3.moods()


def test_takes_travel_through_s3_with_one_listing(remote: ObjectRemote, tmp_path: Path) -> None:
    takes = [make_take(tmp_path / "a", f"Sentence {number}.") for number in range(6)]
    for take, here in takes:
        assert offer(remote, take, here) is Arrival.SENT
    catalogue = read_catalogue(remote)
    assert catalogue.keys == {take.key for take, _ in takes}
    assert all(entry.modified > time.time() - 120 for entry in catalogue.sidecars.values())
    there = TakeStore(tmp_path / "b")
    assert [fetch(remote, take.key, there) for take, _ in takes] == [take for take, _ in takes]


def test_s3_creates_an_object_only_once(remote: ObjectRemote) -> None:
    assert creates_only_once(remote)
    start = threading.Barrier(8)

    def create(number: int) -> bool:
        start.wait()
        return remote.create("claims/x.0", str(number).encode())

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(create, range(8))) == 1


def test_claims_at_s3_go_by_its_clock(remote: ObjectRemote) -> None:
    first, second = (Claims(remote, Runner(remote, run, 2.0)) for run in ("first", "second"))
    claim = first.take("ab" * 32)
    assert claim is not None
    assert second.take("ab" * 32) is None
    deadline = time.monotonic() + 15
    while (taken := second.take("ab" * 32)) is None and time.monotonic() < deadline:
        time.sleep(0.3)
    assert taken is not None
    assert taken.number == 1
    assert not first.renew(claim)


def test_a_creation_whose_answer_is_lost_is_known_as_ours(remote: ObjectRemote, s3: S3) -> None:
    s3.moods({"method": "PUT", "path": "claims/", "mood": "lose", "times": 1})
    claims = Claims(remote, Runner(remote, "first"))
    claim = claims.take("cd" * 32)
    assert claim is not None
    assert claim.number == 0


def test_a_failing_server_is_asked_again(remote: ObjectRemote, s3: S3, tmp_path: Path) -> None:
    take, here = make_take(tmp_path / "a", "It was late.")
    s3.moods(
        {"method": "PUT", "path": "takes/", "mood": "fail", "share": 0.3},
        {"method": "GET", "path": "takes/", "mood": "fail", "share": 0.3},
    )
    assert offer(remote, take, here) is Arrival.SENT
    assert fetch(remote, take.key, TakeStore(tmp_path / "b")) == take


def test_a_server_that_does_not_come_back_is_named_without_credentials(
    remote: ObjectRemote, s3: S3, tmp_path: Path
) -> None:
    take, here = make_take(tmp_path / "a", "It was late.")
    s3.moods({"method": "PUT", "path": "takes/", "mood": "fail"})
    remote.files.retries = 1
    with pytest.raises(StoreUnavailable) as caught:
        offer(remote, take, here)
    assert remote.shown in caught.value.message
    assert "testing" not in f"{caught.value} {caught.value.hint}"


def test_an_answer_that_is_cut_is_never_a_take(remote: ObjectRemote, s3: S3, tmp_path: Path) -> None:
    take, here = make_take(tmp_path / "a", "It was late.")
    offer(remote, take, here)
    s3.moods({"method": "GET", "path": ".flac", "mood": "cut"})
    there = TakeStore(tmp_path / "b")
    with pytest.raises(DamagedInStore, match="does not match its checksum"):
        fetch(remote, take.key, there)
    assert there.stored(take.key) is None
    s3.moods({"method": "GET", "path": ".jsonl", "mood": "cut", "times": 1})
    assert fetch(remote, take.key, there) == take


def test_a_slow_server_is_waited_for(remote: ObjectRemote, s3: S3, tmp_path: Path) -> None:
    take, here = make_take(tmp_path / "a", "It was late.")
    s3.moods({"method": "PUT", "path": "takes/", "mood": "slow", "seconds": 0.5})
    assert offer(remote, take, here) is Arrival.SENT


def test_budgets_at_s3_hold_for_runners_that_race(remote: ObjectRemote) -> None:
    runs = [SharedBudget(remote, "book", "kugelaudio", f"run-{number}", Decimal(12)) for number in range(3)]

    def draw(run: SharedBudget) -> None:
        for _ in range(3):
            run.hold(run.held + 2)

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(draw, runs))
    held = sum(run.held for run in runs)
    assert held == 12
    assert SharedBudget(remote, "book", "kugelaudio", "last", Decimal(12)).others() == 12


def test_a_bucket_that_is_not_there_is_said(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    opened = open_object_remote(read_address("s3://nowhere/x", "--store"), QUICK)
    with pytest.raises(StoreUnavailable, match="s3://nowhere/x"):
        require_version(opened, begin=True)
