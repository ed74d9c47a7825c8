from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.server.api_errors import ApiError
from pipeline.server.limits import Limits, Window
from pipeline.server.tiers import TIERS, Tier


def test_a_window_takes_its_limit_and_opens_sixty_seconds_after_the_first() -> None:
    window = Window(2)
    for now in (0.0, 10.0):
        assert window.wait_seconds(now) == 0
        window.accept(now)
    assert window.wait_seconds(20.0) == 40
    assert window.wait_seconds(60.0) == 0
    window.accept(60.0)
    assert window.wait_seconds(60.0) == 10


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 6), st.lists(st.floats(0, 40), max_size=40))
def test_no_sixty_seconds_ever_hold_more_than_the_limit(limit: int, gaps: list[float]) -> None:
    window, now, accepted = Window(limit), 0.0, []
    for gap in gaps:
        now += gap
        if window.wait_seconds(now) == 0:
            window.accept(now)
            accepted.append(now)
    assert all(b - a >= 60 for a, b in zip(accepted, accepted[limit:], strict=False))


def test_refused_requests_do_not_count() -> None:
    limits = Limits(Tier(1, None, None, None))
    limits.request(0.0)
    for now in (1.0, 30.0, 59.5):
        with pytest.raises(ApiError) as refused:
            limits.request(now)
    assert refused.value.retry_after == 1
    limits.request(60.0)


def test_places_are_given_back_even_after_an_error() -> None:
    limits = Limits(TIERS[1])
    with pytest.raises(ZeroDivisionError), limits.generation():
        raise ZeroDivisionError
    with limits.generation(), pytest.raises(ApiError, match="concurrent"), limits.generation():
        pass
    assert limits.generations == 0


def test_headers_tell_limit_rest_and_when_the_window_is_empty() -> None:
    limits = Limits(TIERS[1])
    limits.request(5.0)
    assert limits.headers(15.0, 1_000.0) == {
        "X-RateLimit-Limit": "60",
        "X-RateLimit-Remaining": "59",
        "X-RateLimit-Reset": "1050",
    }
    assert Limits(TIERS[0]).headers(0.0, 0.0) == {}


def test_the_tiers_are_those_of_the_api() -> None:
    assert [
        (t.requests_per_minute, t.concurrent_generations, t.open_connections, t.characters_per_request)
        for t in (TIERS[n] for n in (1, 2, 3, 4))
    ] == [(60, 1, 10, 2000), (300, 5, 50, 15800), (600, 10, 100, 15800), (1200, 20, 200, 15800)]
