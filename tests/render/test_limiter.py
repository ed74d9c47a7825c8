"""The limiter holds whatever the service answers: never too many in a minute or at once, and nobody is forgotten."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.engines.protocol import Limits
from pipeline.render.limiter import Limiter
from pipeline.render.pacing import WINDOW_SECONDS, Pacing


@dataclass
class Service:
    """The other side: a sliding window of its own, and every request counted some time after it was sent."""

    rate: int
    places: int
    accepted: deque[float] = field(default_factory=deque)
    refused: int = 0
    most_at_once: int = 0

    def counts(self, at: float, at_once: int) -> bool:
        while self.accepted and self.accepted[0] <= at - WINDOW_SECONDS:
            self.accepted.popleft()
        self.most_at_once = max(self.most_at_once, at_once)
        if len(self.accepted) >= self.rate or at_once > self.places:
            self.refused += 1
            return False
        self.accepted.append(at)
        return True


def drive(pacing: Pacing, service: Service, requests: list[tuple[float, float]]) -> float:
    """Send requests of (seconds until counted, seconds until answered after that), as early as allowed; the end."""
    now, waiting, ends = 0.0, deque(requests), []
    arrivals: list[tuple[float, float, int]] = []

    def settle(until: float) -> None:
        nonlocal ends
        for arrival in sorted(arrivals):
            if arrival[0] <= until:
                arrivals.remove(arrival)
                at, answered, number = arrival
                assert service.counts(at, len(ends) + len(arrivals) + 1), "refused although we counted"
                ends.append((answered, number))
        for answered, number in sorted(ends):
            if answered <= until:
                ends.remove((answered, number))
                pacing.ended(number, until, answered)

    while waiting or arrivals or ends:
        settle(now)
        opens = pacing.opens_at(now) if waiting else None
        if opens is not None and opens <= now:
            transit, work = waiting.popleft()
            arrivals.append((now + transit, now + transit + work, pacing.start(now)))
            continue
        upcoming = [each[0] for each in (*arrivals, *ends)] + ([opens] if opens is not None else [])
        now = min(upcoming) if upcoming else now
    return now


@settings(max_examples=60, deadline=None)
@given(
    rate=st.integers(1, 12),
    places=st.integers(1, 6),
    requests=st.lists(st.tuples(st.floats(0, 3), st.floats(0, 20)), min_size=1, max_size=60),
)
def test_no_minute_holds_more_than_the_service_counts_and_no_request_is_refused(
    rate: int, places: int, requests: list[tuple[float, float]]
) -> None:
    service = Service(rate, places)
    drive(Pacing(Limits(rate, places)), service, requests)
    assert service.refused == 0
    assert service.most_at_once <= places


def test_the_window_is_used_in_full_and_the_next_start_is_due_in_the_very_moment() -> None:
    service = Service(300, 10)
    end = drive(Pacing(Limits(300, 10)), service, [(0.001, 0.28)] * 400)
    ideal = 60 + 100 * 0.28 / 10
    assert end <= ideal * 1.02


def test_without_a_limit_a_minute_only_places_count() -> None:
    end = drive(Pacing(Limits(None, 10)), Service(10**9, 10), [(0.0, 0.28)] * 400)
    assert end <= 400 * 0.28 / 10 * 1.02


def opened(pacing: Pacing, now: float) -> float:
    opens = pacing.opens_at(now)
    assert opens is not None
    return opens


def test_what_was_told_to_wait_holds_everyone() -> None:
    pacing = Pacing(Limits(300, 5))
    first, second = pacing.start(0.0), pacing.start(0.1)
    assert pacing.refused(first, 1.0, retry_after=7) == pytest.approx(7)
    pacing.ended(second, 2.0)
    assert opened(pacing, 2.0) == pytest.approx(8.0)


def test_a_full_window_waits_until_its_oldest_request_leaves() -> None:
    pacing = Pacing(Limits(10, 5))
    for at in range(9):
        pacing.ended(pacing.start(float(at)), float(at) + 0.5)
    assert pacing.refused(pacing.start(10.0), 10.5) == pytest.approx(50.0, abs=0.1)
    assert opened(pacing, 11.0) == pytest.approx(60.5, abs=0.1)


def test_a_refusal_beside_others_takes_a_place_and_quiet_gives_it_back_slowly() -> None:
    pacing = Pacing(Limits(600, 10))
    turns = [pacing.start(0.0) for _ in range(10)]
    for turn in turns[5:]:
        pacing.refused(turn, 0.2)
    assert pacing.places == 5
    for turn in turns[:5]:
        pacing.ended(turn, 1.0)
    assert opened(pacing, 1.0) == pytest.approx(1.0)
    pacing.opens_at(9.0)
    assert pacing.places == 5
    for second in range(10, 200, 10):
        pacing.opens_at(second + 0.5)
    assert pacing.places == 10


def test_a_refusal_after_giving_back_makes_the_next_try_later() -> None:
    pacing = Pacing(Limits(600, 2))
    first, second = pacing.start(0.0), pacing.start(0.0)
    pacing.refused(second, 0.1)
    pacing.ended(first, 0.2)
    pacing.opens_at(11.0)
    assert pacing.places == 2
    first, second = pacing.start(11.0), pacing.start(11.0)
    pacing.refused(second, 11.1)
    pacing.ended(first, 12.0)
    pacing.opens_at(22.0)
    assert pacing.places == 1


def test_refusals_in_a_row_wait_longer_and_teach_the_rate() -> None:
    pacing = Pacing(Limits(600, 1))
    now = 0.0
    for _ in range(20):
        pacing.ended(pacing.start(now), now + 0.1)
        now += 0.2
    waits = []
    for _ in range(6):
        waits.append(pacing.refused(pacing.start(now), now + 0.1))
        now = opened(pacing, now + 0.1)
    assert waits[0] < waits[1] < waits[2] < 5
    assert pacing.rate == 20
    assert now >= WINDOW_SECONDS


def test_while_the_service_is_out_of_reach_pauses_double_and_one_request_tries() -> None:
    pacing = Pacing(Limits(None, 4))
    turns = [pacing.start(0.0) for _ in range(4)]
    waits, now = [pacing.out_of_reach(turn, 0.1) for turn in turns], 0.1
    assert len(set(waits)) == 1, "requests that one outage caught count once"
    for _ in range(8):
        now = opened(pacing, now)
        trying = pacing.start(now)
        assert pacing.opens_at(now) is None
        waits.append(pacing.out_of_reach(trying, now))
    assert waits[3] < waits[4] < waits[5] < waits[-1] <= 30
    assert pacing.away_since == 0.1
    now = opened(pacing, now)
    pacing.ended(pacing.start(now), now + 0.2)
    pacing.reached()
    assert [pacing.start(opened(pacing, now + 1)) for _ in range(2)]
    assert pacing.away_since is None
    assert pacing.out_of_reach(pacing.start(now + 2), now + 2, retry_after=120.0) == pytest.approx(120)


def test_the_first_starts_are_spread_but_cost_next_to_nothing() -> None:
    pacing = Pacing(Limits(None, 10))
    starts, now = [], 0.0
    for _ in range(10):
        now = opened(pacing, now)
        starts.append(now)
        pacing.start(now)
    assert starts[0] == 0
    assert all(0.001 < later - earlier < 0.02 for earlier, later in pairwise(starts))


def test_repeated_attempts_go_first_and_everybody_gets_a_turn() -> None:
    async def run() -> list[str]:
        limiter, order = Limiter(Limits(None, 1)), []
        held = await limiter.turn(again=False)

        async def ask(name: str, *, again: bool) -> None:
            turn = await limiter.turn(again=again)
            assert turn is not None
            order.append(name)
            limiter.ended(turn)

        tasks = [asyncio.create_task(ask(name, again=name == "again")) for name in ("one", "two", "again")]
        await asyncio.sleep(0)
        assert held is not None
        limiter.ended(held)
        await asyncio.wait_for(asyncio.gather(*tasks), 5)
        return order

    assert asyncio.run(run()) == ["again", "one", "two"]


def test_a_turn_whose_taker_was_cancelled_goes_to_the_next() -> None:
    async def run() -> None:
        limiter = Limiter(Limits(None, 1))
        held = await limiter.turn(again=False)
        gone = asyncio.create_task(limiter.turn(again=False))
        waits = asyncio.create_task(limiter.turn(again=False))
        await asyncio.sleep(0)
        assert held is not None
        limiter.ended(held)
        gone.cancel()
        assert await asyncio.wait_for(waits, 5) is not None

    asyncio.run(run())


def test_a_closed_limiter_sends_everybody_home() -> None:
    async def run() -> None:
        limiter = Limiter(Limits(None, 1))
        await limiter.turn(again=False)
        waits = asyncio.create_task(limiter.turn(again=False))
        await asyncio.sleep(0)
        limiter.close()
        assert await waits is None
        assert await limiter.turn(again=True) is None

    asyncio.run(run())


def test_after_an_outage_the_first_sound_lets_everybody_start() -> None:
    async def run() -> list[int | None]:
        limiter = Limiter(Limits(None, 4))
        away = await limiter.turn(again=False)
        assert away is not None
        limiter.out_of_reach(away)
        trying = await limiter.turn(again=True)
        others = [asyncio.create_task(limiter.turn(again=False)) for _ in range(3)]
        await asyncio.sleep(0.05)
        assert not any(other.done() for other in others), "while it is not known whether the service is back"
        limiter.reached()
        return [trying, *await asyncio.wait_for(asyncio.gather(*others), 5)]

    assert None not in asyncio.run(run())
