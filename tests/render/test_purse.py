"""No interleaving of requests overruns a budget, and an unknown charge is never taken for nothing."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.render.purse import Cap, Purse
from pipeline.render.reservation import SLOWEST_UNKNOWN, Paces, letters, price_cents
from pipeline.render.terms import earlier_cents, unknown_cents
from pipeline.store.ledger import Ledger, LedgerLine

CENTS = st.decimals(0, 50, places=3)


@settings(max_examples=100, deadline=None)
@given(
    budget=CENTS,
    before=CENTS,
    requests=st.lists(st.tuples(CENTS, st.floats(0, 1), st.booleans(), st.integers(0, 6)), max_size=40),
)
def test_what_was_really_charged_never_passes_the_budget(
    budget: Decimal, before: Decimal, requests: list[tuple[Decimal, float, bool, int]]
) -> None:
    purse = Purse([Cap("budget", budget, before)])
    under_way: list[tuple[str, Decimal, bool]] = []
    charged = before
    for number, (reserved, share, answered, place) in enumerate(requests):
        if purse.refusing(reserved) is None:
            purse.reserve(str(number), reserved)
            under_way.append((str(number), reserved * Decimal(str(round(share, 3))), answered))
        while len(under_way) > place:
            attempt, cost, known = under_way.pop(place // 2)
            charged += cost
            assert purse.settle(attempt, cost if known else None)
    charged += sum((cost for _, cost, _ in under_way), Decimal(0))
    assert charged <= max(budget, before)


def test_the_tighter_of_two_budgets_holds() -> None:
    purse = Purse([Cap("run", Decimal(100)), Cap("project", Decimal(500), before=Decimal(450))])
    refusing = purse.refusing(Decimal(60))
    assert refusing is not None
    assert refusing.name == "project"


def test_what_does_not_fit_cannot_be_reserved_and_nothing_is_reserved_twice() -> None:
    purse = Purse([Cap("run", Decimal(10))])
    purse.reserve("a", Decimal(6))
    with pytest.raises(ValueError, match="do not fit"):
        purse.reserve("b", Decimal(5))
    with pytest.raises(ValueError, match="already"):
        purse.reserve("a", Decimal(1))


def test_an_unknown_charge_keeps_its_reservation() -> None:
    purse = Purse([Cap("run", Decimal(10))])
    purse.reserve("a", Decimal(6))
    purse.settle("a", None)
    assert purse.standing.unknown_cents == 6
    assert purse.refusing(Decimal(5)) is not None


def test_a_charge_above_its_reservation_is_noticed() -> None:
    purse = Purse([Cap("run", Decimal(10))])
    purse.reserve("a", Decimal(1))
    assert not purse.settle("a", Decimal("1.000001"))


def test_a_price_that_nobody_knows_is_spent_until_nothing_is_left() -> None:
    purse = Purse([Cap("run", Decimal(10))])
    purse.reserve("a", None)
    purse.settle("a", Decimal(10))
    assert purse.refusing(None) is not None


@given(seconds=st.floats(0.01, 7200), rate=st.decimals("0.1", 50, places=2))
def test_a_reserved_price_covers_exact_and_started_seconds(seconds: float, rate: Decimal) -> None:
    exact = Decimal(repr(seconds)) * rate / 60
    assert exact <= price_cents(seconds, rate)
    assert price_cents(seconds, rate) <= (Decimal(repr(seconds)) + 1) * rate / 60 + Decimal("0.000001")


def prose(characters: int) -> str:
    return ("plain words " * characters)[:characters]


def test_the_pace_is_six_letters_a_second_until_enough_was_heard() -> None:
    paces = Paces()
    paces.heard("n", prose(1_500), 100.0)
    assert paces.slowest("n") == SLOWEST_UNKNOWN
    paces.heard("n", prose(1_500), 150.0)
    assert SLOWEST_UNKNOWN < paces.slowest("n") < 10.0
    paces.heard("n", prose(400), 100.0)
    assert paces.slowest("n") < 4.0
    assert paces.slowest("other") == SLOWEST_UNKNOWN


def test_a_short_text_teaches_that_a_voice_may_be_slow_and_never_that_it_is_fast() -> None:
    paces = Paces()
    paces.heard("n", prose(40), 3.0)
    assert paces.slowest("n") == SLOWEST_UNKNOWN
    paces.heard("n", prose(40), 22.0)
    assert paces.slowest("n") < 2.0
    assert paces.reserved_cents("n", prose(40), Decimal(60)) > 22


def test_a_chapters_number_teaches_nothing() -> None:
    paces = Paces()
    paces.heard("n", "I.", 2.6)
    assert paces.slowest("n") == SLOWEST_UNKNOWN


@pytest.mark.parametrize(
    "text",
    ["привет, как дела у вас сегодня", "γειά σου τι κάνεις σήμερα φίλε", "příliš žluťoučký kůň", "مرحبا كيف حالك"],
)
def test_letters_of_every_alphabet_are_letters(text: str) -> None:
    assert letters(text) == len(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("In 1900: 482915638, 123456789, 987654321, 192837465, 564738291.", 40.0),
        ("The sum was £17,777,777.77 exactly.", 8.0),
        ("Phone: +44 20 7777 7777 and +44 20 7777 7778.", 15.0),
        ("NATO, UNESCO, HTTPS, USB, DVD, GmbH & Co. KG", 9.0),
        ("白い犬が川のほとりで静かに眠っていた。", 6.0),
    ],
)
def test_what_is_read_out_as_words_is_set_aside_for(text: str, seconds: float) -> None:
    assert Paces().reserved_cents("n", text, Decimal(60)) >= Decimal(str(seconds))
    assert letters(prose(100)) == 100


def test_earlier_spending_is_the_providers_own_with_unknown_charges_as_reserved(tmp_path: Path) -> None:
    def line(attempt: str, event: str, provider: str = "kugelaudio", **fields: object) -> LedgerLine:
        told = {
            "at": "2026-11-23T00:00:00.000Z", "run": "r", "event": event, "attempt": attempt, "key": "k",
            "chapter": "c", "index": 0, "engine": "kugelaudio", "provider": provider, "model": "m",
            "voice": "v", "number": 1, "characters": 9, "reserved_cents": "5", **fields,
        }  # fmt: skip
        return LedgerLine.model_validate(told)

    with Ledger(tmp_path / "r.jsonl", "r") as ledger:
        for each in (
            line("paid", "started"), line("paid", "ended", outcome="stored", cost_cents="1.25"),
            line("refused", "started"), line("refused", "ended", outcome="failed"),
            line("lost", "started"), line("lost", "ended", outcome="lost"),
            line("open", "started"),
            line("played", "ended", "local:1", outcome="stored", cost_cents="99"),
        ):  # fmt: skip
            ledger.append(each, durable=False)
    assert earlier_cents(tmp_path, "kugelaudio") == Decimal("11.25")
    assert unknown_cents(tmp_path, "kugelaudio") == 10
    assert earlier_cents(tmp_path, "local:1") == 99


def test_of_copies_that_contradict_one_another_the_dearer_counts(tmp_path: Path) -> None:
    told = {
        "at": "2026-11-23T00:00:00.000Z", "run": "r", "event": "ended", "attempt": "a", "key": "k", "chapter": "c",
        "index": 0, "engine": "kugelaudio", "provider": "kugelaudio", "model": "m", "voice": "v", "number": 1,
        "characters": 9, "outcome": "stored",
    }  # fmt: skip
    for name, cents in (("1", "2"), ("2", "3"), ("3", "1")):
        with Ledger(tmp_path / f"{name}.jsonl", "r") as ledger:
            ledger.append(LedgerLine.model_validate({**told, "cost_cents": cents}), durable=False)
    assert earlier_cents(tmp_path, "kugelaudio") == 3
