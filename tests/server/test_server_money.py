from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.server.api_errors import ApiError
from pipeline.server.money import Billing, Wallet, audio_seconds, price_cents


def test_exact_and_started_seconds() -> None:
    assert price_cents(Decimal("61.5"), Decimal(7), Billing.EXACT) == Decimal("7.175")
    assert price_cents(Decimal("61.5"), Decimal(7), Billing.STARTED) == Decimal("7.233333")
    assert price_cents(Decimal(60), Decimal("3.5"), Billing.STARTED) == Decimal("3.5")


@settings(deadline=None, max_examples=100)
@given(st.integers(1, 10_000_000))
def test_a_price_survives_json_to_the_digit(samples: int) -> None:
    cents = price_cents(audio_seconds(samples, 24_000), Decimal(7), Billing.EXACT)
    assert Decimal(str(json.loads(json.dumps(float(cents))))) == cents


@settings(deadline=None, max_examples=100)
@given(st.decimals(0, 50, places=3), st.lists(st.tuples(st.decimals(0, 20, places=6), st.booleans()), max_size=20))
def test_a_wallet_never_falls_below_zero_and_adds_up(balance: Decimal, charges: list[tuple[Decimal, bool]]) -> None:
    wallet, paid = Wallet(balance), Decimal(0)
    for cents, succeeds in charges:
        try:
            wallet = wallet.reserve(cents)
        except ApiError:
            assert wallet.balance is not None
            assert cents > wallet.balance
            continue
        wallet = wallet.pay(cents) if succeeds else wallet.release(cents)
        paid += cents if succeeds else 0
    assert wallet == Wallet(balance - paid)
    assert balance - paid >= 0


def test_what_is_set_aside_cannot_be_spent_twice() -> None:
    wallet = Wallet(Decimal(10)).reserve(Decimal(7))
    with pytest.raises(ApiError, match="credits"):
        wallet.reserve(Decimal("3.000001"))
    assert wallet.reserve(Decimal(3)).empty
