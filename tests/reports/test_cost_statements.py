"""A provider's statement against the ledger: matched one to one, and every difference named."""

from __future__ import annotations

import random
import tempfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cost_ledgers import Entry, both, entry, write_ledger
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError, UsageError
from pipeline.reports.costs.attempts import Money
from pipeline.reports.costs.numerals import decimal_mark, read_moment, read_number
from pipeline.reports.costs.periods import Period, read_period
from pipeline.reports.costs.reconciliation import Reconciliation, reconcile
from pipeline.reports.costs.sources import Source
from pipeline.reports.costs.statement import read_columns, read_statement


def checked(
    folder: Path, lines: list[Entry], statement: str, *, columns: str = "", period: Period | None = None
) -> Reconciliation:
    path = folder / "statement.csv"
    path.write_text(statement, encoding="utf-8")
    sources = [Source("book", write_ledger(folder / "r.jsonl", *lines))]
    rows = read_statement(path, read_columns([columns] if columns else []), UTC)
    return reconcile(
        sources,
        rows,
        statement="statement.csv",
        money=Money.REAL,
        period=period or Period(),
        window=timedelta(seconds=120),
    )


def test_charges_are_matched_by_request_id_and_every_difference_is_told(tmp_path: Path) -> None:
    lines = [
        *both("a", cost_cents="1.5"),
        *both("b", cost_cents="2"),
        *both("c", cost_cents="3"),
        *both("d", outcome="lost", cost_cents=None),
        *both("e", outcome="lost", cost_cents=None),
        *both("f", outcome="failed", cost_cents="0"),
    ]
    result = checked(tmp_path, lines, "request_id,cents\nreq-a,1.50\nreq-b,2.5\nreq-d,0.9\nreq-x,7\nreq-a,1.50\n")
    assert [attempt.id for attempt, _ in result.matched] == ["a"]
    assert [(attempt.id, row.cents) for attempt, row in result.different] == [("b", Decimal("2.5"))]
    assert [(attempt.id, row.cents) for attempt, row in result.resolved] == [("d", Decimal("0.9"))]
    assert [(row.line, row.request_id) for row in result.statement_only] == [(5, "req-x"), (6, "req-a")]
    assert [attempt.id for attempt in result.ledger_only] == ["c"]
    assert [attempt.id for attempt in result.unresolved] == ["e"]
    assert not result.agrees


def test_unknown_charges_alone_are_no_disagreement(tmp_path: Path) -> None:
    lines = [*both("a", cost_cents="1.5"), *both("b", cost_cents=None), entry("c", "started")]
    assert checked(tmp_path, lines, "request_id,cents\nreq-a,1.5\nreq-b,1\n").agrees


def test_without_request_ids_time_seconds_and_cents_decide(tmp_path: Path) -> None:
    lines = [
        *both("a", request_id=None, at="2026-11-23T09:30:00Z", cost_cents="1.4", audio_seconds=12.0),
        *both("b", request_id=None, at="2026-11-23T09:30:10Z", cost_cents="2.8", audio_seconds=24.0),
        *both("c", request_id=None, at="2026-11-23T11:00:00Z", cost_cents="1.4", audio_seconds=12.0),
        entry("d", "started", at="2026-11-23T09:31:00Z"),
    ]
    statement = (
        "at,audio_seconds,cents\n2026-11-23T09:30:05Z,24.0,2.8\n2026-11-23T09:30:15Z,12.0,1.9\n"
        "2026-11-23T09:31:30Z,20.0,3.1\n"
    )
    result = checked(tmp_path, lines, statement)
    assert [attempt.id for attempt, _ in result.matched] == ["b"]
    assert [attempt.id for attempt, _ in result.different] == ["a"]
    assert [attempt.id for attempt, _ in result.resolved] == ["d"]
    assert [attempt.id for attempt in result.ledger_only] == ["c"]


def test_an_unknown_charge_is_not_told_by_a_row_above_its_reservation(tmp_path: Path) -> None:
    result = checked(tmp_path, [entry("a", "started")], "at,cents\n2026-11-23T09:30:05Z,3.6\n")
    assert (len(result.resolved), len(result.statement_only)) == (0, 1)


def test_charges_of_one_amount_do_not_take_the_row_of_a_lost_answer(tmp_path: Path) -> None:
    at = [datetime(2026, 11, 1, 10, tzinfo=UTC) + timedelta(seconds=10 * number) for number in range(31)]
    lost = both("a00", request_id=None, at=at[0].isoformat(), outcome="lost", cost_cents=None, audio_seconds=None)
    lines = [*lost]
    for number, moment in enumerate(at[1:], 1):
        lines += both(
            f"a{number:02}", request_id=None, at=moment.isoformat(), cost_cents="1.166667", audio_seconds=10.0
        )
    rows = "".join(f"{(moment + timedelta(seconds=1)).isoformat()},10.0,1.166667\n" for moment in at)
    result = checked(tmp_path, lines, f"at,audio_seconds,cents\n{rows}")
    assert result.agrees
    assert [attempt.id for attempt, _ in result.resolved] == ["a00"]


@settings(max_examples=40, deadline=None)
@given(
    skew_s=st.integers(-100, 100),
    every_s=st.integers(1, 40),
    charges=st.integers(1, 30),
    unknown=st.sets(st.integers(0, 29)),
)
def test_whatever_clocks_differ_by_within_the_window_all_charges_are_found(
    skew_s: int, every_s: int, charges: int, unknown: set[int]
) -> None:
    at = [datetime(2026, 11, 1, 10, tzinfo=UTC) + timedelta(seconds=every_s * number) for number in range(charges)]
    lines: list[Entry] = []
    for number, moment in enumerate(at):
        known: dict[str, Any] = {"cost_cents": "1.166667", "audio_seconds": 10.0}
        if number in unknown:
            known = {"outcome": "lost", "cost_cents": None, "audio_seconds": None}
        lines += both(f"a{number:02}", request_id=None, at=moment.isoformat(), **known)
    rows = "".join(f"{(moment + timedelta(seconds=skew_s)).isoformat()},10.0,1.166667\n" for moment in at)
    with tempfile.TemporaryDirectory() as folder:
        result = checked(Path(folder), lines, f"at,audio_seconds,cents\n{rows}")
    assert (result.statement_only, result.ledger_only, result.different) == ((), (), ())


def test_an_amount_that_one_unknown_charge_cannot_be_is_left_for_another(tmp_path: Path) -> None:
    lines = [
        entry("a", "started", at="2026-11-01T10:00:00Z", reserved_cents="0.5"),
        entry("b", "started", at="2026-11-01T10:00:01Z", reserved_cents="3"),
    ]
    result = checked(tmp_path, lines, "at,cents\n2026-11-01T10:00:00.4Z,2.5\n2026-11-01T10:00:00.5Z,0.4\n")
    assert {attempt.id: row.cents for attempt, row in result.resolved} == {"a": Decimal("0.4"), "b": Decimal("2.5")}


def test_a_refund_tells_no_unknown_charge(tmp_path: Path) -> None:
    result = checked(tmp_path, [entry("a", "started")], "at,cents\n2026-11-23T09:30:05Z,-1\n")
    assert (len(result.resolved), len(result.statement_only)) == (0, 1)
    assert not result.agrees
    lost = both("b", outcome="lost", cost_cents=None)
    assert len(checked(tmp_path, lost, "request_id,cents\nreq-b,-1\n").statement_only) == 1


def test_a_column_that_is_named_for_the_amounts_is_the_only_one(tmp_path: Path) -> None:
    statement = "request_id,cents,Amount\nreq-a,299,0.01\n"
    assert checked(tmp_path, both("a", cost_cents="1"), statement, columns="eur=Amount").agrees


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("request_id,cents,cents\na,1,1\n", "has several columns"),
        ("request_id,cents,eur\na,1,5\n", "different amounts"),
        ("request_id,cents,audio_seconds\na,1,-5\n", "from 0 on"),
        (f"request_id,cents,{'x' * 200_000}\na,1,1\n", "is no CSV"),
    ],
    ids=["a column twice", "two amounts", "negative seconds", "an endless header"],
)
def test_a_statement_that_contradicts_itself_is_refused(tmp_path: Path, statement: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        checked(tmp_path, both("a"), statement)


def test_cents_and_rounded_euros_are_one_amount(tmp_path: Path) -> None:
    assert checked(tmp_path, both("a", cost_cents="1.4583"), "request_id,cents,eur\nreq-a,1.4583,0.01\n").agrees


@pytest.mark.parametrize("option", ["cents=a\rb", "cents=a\nb"])
def test_a_line_end_within_columns_is_refused(option: str) -> None:
    with pytest.raises(UsageError, match="--columns"):
        read_columns([option])


@pytest.mark.parametrize("since", ["", "0001-01-01", "0001-01-01T00:00+14:00"])
def test_a_period_at_the_ends_of_the_calendar_or_empty_is_refused(since: str) -> None:
    with pytest.raises(UsageError, match="no month, day or time"):
        read_period("Europe/Berlin", since, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"at": "9999-12-31T23:59:59-05:00"},
        {"at": "0001-01-01T00:00:00+14:00"},
        {"cost_cents": "1_0"},
        {"cost_cents": "\u0663"},
    ],
)
def test_a_ledger_line_that_nothing_can_have_written_is_named(tmp_path: Path, changes: dict[str, str]) -> None:
    with pytest.raises(InputError, match=r"r\.jsonl:1"):
        checked(tmp_path, [entry("a", "ended", **changes)], "at,cents\n")


def test_two_different_request_ids_are_never_one_charge(tmp_path: Path) -> None:
    statement = "request_id,at,audio_seconds,cents\nother,2026-11-23T09:30:00Z,12.5,1.458333\n"
    result = checked(tmp_path, both("a"), statement)
    assert (len(result.matched), len(result.statement_only), len(result.ledger_only)) == (0, 1, 1)


def test_rows_with_fewer_decimals_agree_where_the_ledger_rounds_to_them(tmp_path: Path) -> None:
    assert checked(tmp_path, both("a", cost_cents="1.458333"), "request_id,cents\nreq-a,1.46\n").agrees
    assert not checked(tmp_path, both("a", cost_cents="1.458333"), "request_id,cents\nreq-a,1.45\n").agrees
    lines = both("a", cost_cents="1.458333") + both("b", cost_cents="2")
    assert not checked(tmp_path, lines, "request_id,cents\nreq-a,1.5\nreq-b,2.00\n").agrees
    assert checked(tmp_path, both("a", cost_cents="1.458333"), "request_id,eur\nreq-a,0.0146\n").agrees


def test_a_charge_at_the_edge_of_the_period_is_compared(tmp_path: Path) -> None:
    lines = both("a", at="2026-11-30T23:59:59Z", request_id=None) + both("b", at="2026-10-01T00:00:00Z")
    period = read_period("UTC", "2026-12-01", None)
    statement = "at,audio_seconds,cents\n2026-12-01T00:00:01Z,12.5,1.458333\n"
    result = checked(tmp_path, lines, statement, period=period)
    assert (len(result.matched), len(result.ledger_only)) == (1, 0)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 4)), max_size=14), st.randoms(use_true_random=False))
def test_a_true_statement_without_ids_is_matched_whole_in_any_order(
    made: list[tuple[int, int]], chance: random.Random
) -> None:
    lines = []
    for number, (second, length) in enumerate(made):
        at = f"2026-11-23T{9 + second // 3600:02d}:{second % 3600 // 60:02d}:{second % 60:02d}Z"
        lines += both(f"a{number}", at=at, request_id=None, audio_seconds=length * 1.0, cost_cents=str(length))
    rows = [f"{each['at']},{each['audio_seconds']},{each['cost_cents']}" for each in lines if each["event"] == "ended"]
    chance.shuffle(rows)
    with tempfile.TemporaryDirectory() as folder:
        result = checked(Path(folder), lines, "\n".join(["at,audio_seconds,cents", *rows]) + "\n")
    assert (len(result.matched), result.agrees) == (len(made), True)


@pytest.mark.parametrize(
    "text",
    [
        "ID;Datum;Betrag\nreq-a;23.11.2026 10:30;0,0145 €\n",
        "\ufeffID;Datum;Betrag\r\nreq-a;2026-11-23T10:30:00+01:00;0,0145\r\n",
        "ID\tDatum\tBetrag\nreq-a\t2026-11-23 09:30:00 UTC\t0.0145\n",
        'Datum,ID,Betrag\n1795426200,req-a,"0,0145"\n\n',
    ],
)
def test_statements_are_read_as_people_export_them(tmp_path: Path, text: str) -> None:
    path = tmp_path / "s.csv"
    path.write_text(text, encoding="utf-8", newline="")
    columns = read_columns(["request_id=ID,at=Datum", "eur=Betrag"])
    (row,) = read_statement(path, columns, ZoneInfo("Europe/Berlin"))
    assert (row.request_id, row.cents, row.decimals) == ("req-a", Decimal("1.45"), 2)
    assert row.at is not None
    assert row.at.isoformat() == "2026-11-23T09:30:00+00:00"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("request_id,price\na,1\n", "s.csv:1: has no column of amounts"),
        ("cents\n1\n", "s.csv:1: has neither request ids nor times"),
        ("request_id,cents\na,1\nb,one\n", "s.csv:3: cents is “one”"),
        ("request_id,cents\na,1\nb\n", "s.csv:3: has 1 cells; the header has 2"),
        ("request_id,cents\na,\n", "s.csv:2: has no amount"),
        ("at,cents\n11/23/2026,1\n", "s.csv:2: at is “11/23/2026”"),
        ('request_id,cents\n"a,1\n', "is no CSV"),
        ('request_id,cents\na,"1,234"\n', "decimal point or a decimal comma"),
        ("", "has no column"),
    ],
)
def test_a_bad_statement_is_told_with_file_and_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "s.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_statement(path, read_columns([]), UTC)
    assert said in str(caught.value)


def test_columns_that_do_not_exist_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="expected NAME=COLUMN"):
        read_columns(["cent=Amount"])
    path = tmp_path / "s.csv"
    path.write_text("cents,request_id\n1,a\n", encoding="utf-8")
    with pytest.raises(InputError, match="has no column “Created”"):
        read_statement(path, read_columns(["at=Created"]), UTC)


@pytest.mark.parametrize(
    ("cells", "mark"),
    [
        (["1.5", "1,234.5"], "."),
        (["1,5"], ","),
        (["1.234,5", "1.234"], ","),
        (["1,234", "1,5"], ","),
        (["1,234", "2.50"], "."),
        (["1,234"], None),
        (["12", "1.234"], "."),
        (["1,5", "1.5"], None),
        (["1,234,567"], "."),
    ],
)
def test_the_decimal_mark_is_found_or_asked_for(cells: list[str], mark: str | None) -> None:
    assert decimal_mark(cells) == mark


def test_numbers_and_moments_of_many_kinds() -> None:
    assert read_number("-1.234,50 €", ",") == Decimal("-1234.5")
    assert read_number("(2.5)", ".") == Decimal("-2.5")
    assert read_moment("1795426200000", UTC) == read_moment("2026-11-23 09:30", UTC)
    for wrong in ("", "1e5", "NaN", "1.2.3", "0x1"):
        with pytest.raises(ValueError, match="number"):
            read_number(wrong, ".")
