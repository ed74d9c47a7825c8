"""An estimate is a range that says what it rests on; what is unknown stays unknown."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.render.pace import Estimate, Pricing, measured_paces

TAKES = [("n", 300, 20.0 + wobble / 10) for wobble in (-5, 3, 0, 4, -2, 0, 1, -1, 2, -2)]


def estimate(
    missing: list[tuple[str, int]],
    *,
    stored: list[tuple[str, int, float]] | None = None,
    rate: Decimal | None = None,
    speeds: dict[str, float] | None = None,
) -> Estimate:
    return Pricing(measured_paces(stored or []), rate, speeds or {}).estimate(missing)


def test_an_unknown_rate_is_an_unknown_cost_never_zero() -> None:
    known = estimate([("n", 1000)], rate=Decimal(7))
    unknown = estimate([("n", 1000)])
    assert (unknown.cents_low, unknown.cents_high) == (None, None)
    assert known.cents_high is not None
    assert known.cents_high > 0


def test_the_measured_pace_of_a_voice_narrows_the_estimate() -> None:
    guessed = estimate([("n", 9000)])
    measured = estimate([("n", 9000)], stored=TAKES)
    assert measured.seconds_low < 600 < measured.seconds_high
    assert measured.seconds_high - measured.seconds_low < guessed.seconds_high - guessed.seconds_low
    assert "measured pace of n (15.0 characters a second in 10 takes)" in measured.basis


def test_too_little_text_is_no_measure() -> None:
    assert "not yet measured" in estimate([("n", 9000)], stored=TAKES[:4]).basis
    assert "not yet measured" in estimate([("n", 9000)], stored=[("n", 100, 7.0)] * 9).basis


def test_a_slow_voice_shows_before_it_is_trusted() -> None:
    known = estimate([("n", 9000)], stored=[("n", 70, 27.0)] * 9)
    assert known.seconds_high == pytest.approx(9000 * 27 / 70, rel=0.01)
    assert "2.59-19 characters a second for n, not yet measured" in known.basis


def test_few_characters_ahead_have_a_wider_range_than_many() -> None:
    one, many = estimate([("n", 300)], stored=TAKES), estimate([("n", 300_000)], stored=TAKES)
    assert one.seconds_high / one.seconds_low > many.seconds_high / many.seconds_low


def test_a_guess_follows_the_speed_of_the_voice() -> None:
    plain, slow = estimate([("n", 900)]), estimate([("n", 900)], speeds={"n": 0.5})
    assert abs(slow.seconds_low - 2 * plain.seconds_low) <= 0.2


def test_the_range_holds_for_what_was_not_measured() -> None:
    rng = random.Random(7)
    book = [("n", size, size / rng.gauss(15, 1.5) + 0.4) for size in rng.choices(range(20, 900), k=600)]
    inside = 0
    for _ in range(60):
        rng.shuffle(book)
        ahead = estimate([(voice, size) for voice, size, _ in book[300:]], stored=book[:300])
        inside += ahead.seconds_low <= sum(seconds for _, _, seconds in book[300:]) <= ahead.seconds_high
    assert inside >= 54


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 5000)), max_size=9))
def test_an_estimate_is_a_range_and_independent_of_order(missing: list[tuple[str, int]]) -> None:
    forward = estimate(missing, rate=Decimal("3.5"))
    backward = estimate(missing[::-1], rate=Decimal("3.5"))
    assert forward.seconds_low <= forward.seconds_high
    assert (forward.cents_low, forward.cents_high) == (backward.cents_low, backward.cents_high)
