"""Sums of ledgers are exact and do not depend on any order; copies count once; unknown is never a number."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import orjson
import pytest
from cost_ledgers import Entry, both, entry, report_on, write_ledger
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.reports.costs.attempts import Waste
from pipeline.reports.costs.charges import Charges, sum_of
from pipeline.reports.costs.json_shape import report_json
from pipeline.reports.costs.periods import Period
from pipeline.reports.costs.report import CostReport, cost_report
from pipeline.reports.costs.sources import Source
from pipeline.store.ledger import read_ledger

CENTS = st.one_of(st.none(), st.decimals(0, 10**9, places=9).map(str), st.just("0E-8"))
OUTCOMES = st.sampled_from(["stored", "rejected", "failed", "lost"])


@st.composite
def ledgers(draw: st.DrawFn) -> list[Entry]:
    lines: list[Entry] = []
    for number in range(draw(st.integers(0, 12))):
        changes = {
            "chapter": draw(st.sampled_from(["one", "two", "three"])),
            "key": draw(st.sampled_from(["k1", "k2", "k3"])),
            "voice": draw(st.sampled_from(["narrator", "elsie"])),
            "provider": draw(st.sampled_from(["kugelaudio", "local:abc", "host:1f", "embedded"])),
            "revision": draw(st.sampled_from([None, "abc"])),
            "at": f"2026-11-{draw(st.integers(10, 29))}T09:30:00.000Z",
        }
        lines.append(entry(f"a{number}", "started", **changes))
        if draw(st.booleans()):
            end = {"outcome": draw(OUTCOMES), "cost_cents": draw(CENTS), "audio_seconds": draw(st.floats(0, 1e6))}
            lines.append(entry(f"a{number}", **changes, **end))
    return lines


def report_of(*parts: Sequence[Entry]) -> CostReport:
    with tempfile.TemporaryDirectory() as folder:
        files = [write_ledger(Path(folder) / f"{number}.jsonl", *lines) for number, lines in enumerate(parts)]
        return report_on(*files, by=("chapter", "voice", "day"))


def sums(report: CostReport) -> bytes:
    """All that the report says about money, and nothing about files."""
    shape = orjson.loads(report_json(report))
    del shape["reading"]
    return orjson.dumps(shape)


@settings(deadline=None, max_examples=30)
@given(ledgers(), st.randoms(use_true_random=False))
def test_neither_the_order_of_lines_nor_their_files_change_a_report(lines: list[Entry], chance: random.Random) -> None:
    shuffled = list(lines)
    chance.shuffle(shuffled)
    cut = chance.randint(0, len(lines))
    assert sums(report_of(lines)) == sums(report_of(shuffled[:cut], shuffled[cut:]))


@settings(deadline=None, max_examples=20)
@given(ledgers(), ledgers())
def test_merging_is_idempotent_and_commutative_even_where_copies_contradict(one: list[Entry], two: list[Entry]) -> None:
    merged = sums(report_of(one, two))
    assert merged == sums(report_of(two, one))
    assert merged == sums(report_of(one, two, one + two))
    assert sums(report_of(one)) == sums(report_of(one, one))


@settings(deadline=None, max_examples=30)
@given(ledgers())
def test_groups_add_up_to_the_total_and_the_total_to_the_lines(lines: list[Entry]) -> None:
    report = report_of(lines)
    real = [line for line in lines if line["provider"] in ("kugelaudio", "host:1f") or _embedded_but_charged(line)]
    ended = [line for line in real if line["event"] == "ended"]
    exact = sum((Fraction(line["cost_cents"]) for line in ended if line["cost_cents"] is not None), Fraction(0))
    assert Fraction(report.real.total.cents) == exact
    assert report.real.views[0].total() == report.real.total
    assert report.simulated.views[0].total() == report.simulated.total


def _embedded_but_charged(line: Entry) -> bool:
    return line["provider"] == "embedded" and line["cost_cents"] is not None and Fraction(line["cost_cents"]) > 0


@settings(deadline=None, max_examples=30)
@given(ledgers())
def test_an_unknown_charge_is_counted_and_never_becomes_a_number(lines: list[Entry]) -> None:
    known = {line["attempt"] for line in lines if line["event"] == "ended" and line["cost_cents"] is not None}
    unknown = {line["attempt"] for line in lines if line["provider"] in ("kugelaudio", "host:1f")} - known
    report = report_of(lines)
    assert {each.attempt.id for each in report.real.unknown} == unknown
    assert report.real.total.unknown == len(unknown)
    without = report_of([line for line in lines if line["attempt"] not in unknown])
    assert without.real.total.cents == report.real.total.cents


@given(st.lists(st.decimals(0, 10**12, places=12), max_size=30), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=30)
def test_sums_are_exact_in_any_order(amounts: list[Decimal], chance: random.Random) -> None:
    charges = [Charges(cents=amount) for amount in amounts]
    chance.shuffle(charges)
    assert Fraction(sum_of(charges).cents) == sum(map(Fraction, amounts), Fraction(0))


def test_a_started_attempt_that_nothing_ended_is_unknown_and_killed(tmp_path: Path) -> None:
    report = report_on(write_ledger(tmp_path / "r.jsonl", *both("a"), entry("b", "started")), by=("outcome",))
    assert [row.values for row in report.real.views[0].rows] == [("killed",), ("stored",)]
    assert report.real.total.shown == "≥ 1.458333 + 1 unknown"
    assert report.real.unknown[0].attempt.reserved == Decimal("3.5")
    assert report.real.unknown[0].estimate is None
    assert report.real.waste[Waste.KILLED].unknown == 1


def test_an_estimate_stands_beside_an_unknown_charge_and_in_no_sum(tmp_path: Path) -> None:
    lost = entry("a", outcome="lost", cost_cents=None, audio_seconds=30.0, rate="7.0")
    report = report_on(write_ledger(tmp_path / "r.jsonl", lost))
    assert report.real.unknown[0].estimate == Decimal("3.5")
    assert report.real.total.cents == 0


def test_the_rate_of_the_line_counts_whatever_the_manifest_says_now(tmp_path: Path) -> None:
    (tmp_path / "project.yaml").write_text("title: Later\nrates: {kugel-3: 70.0}\n", encoding="utf-8")
    lost = entry("a", outcome="lost", cost_cents=None, audio_seconds=60.0, rate="7.0")
    report = report_on(write_ledger(tmp_path / ".narration" / "ledger" / "r.jsonl", lost))
    assert report.real.unknown[0].estimate == Decimal(7)


def test_simulated_money_is_never_in_the_real_total_and_embedded_voices_are_free(tmp_path: Path) -> None:
    play = both("b", provider="local:abc", cost_cents="9")
    free = both("c", provider="embedded", engine="hibari", cost_cents=None)
    report = report_on(write_ledger(tmp_path / "r.jsonl", *both("a", cost_cents="2"), *play, *free))
    assert (report.real.total.cents, report.simulated.total.cents) == (2, 9)
    assert (report.free.attempts, report.real.total.unknown) == (1, 0)


def test_what_was_wasted_is_told_apart(tmp_path: Path) -> None:
    lines = [
        *both("a", key="k"),
        *both("b", key="k", at="2026-11-24T09:30:00Z", because="take damaged"),
        *both("c", because="voice narrator: speed 1.0 → 1.1, retake asked: take 1"),
        *both("d", outcome="rejected", cost_cents="0.7"),
        *both("e", outcome="lost", cost_cents=None),
        *both("f", outcome="failed", cost_cents="0"),
        *both("g", outcome="failed", cost_cents=None),
        *both("h", because="text changed"),
    ]
    waste = report_on(write_ledger(tmp_path / "r.jsonl", *lines)).real.waste
    assert {kind: (charges.attempts, charges.unknown) for kind, charges in waste.items()} == {
        Waste.RETAKE: (1, 0),
        Waste.REPEATED: (1, 0),
        Waste.REJECTED: (1, 0),
        Waste.LOST: (1, 1),
        Waste.FAILED: (1, 1),
    }


def test_a_take_that_two_books_share_is_bought_once_for_each(tmp_path: Path) -> None:
    one = write_ledger(tmp_path / "one.jsonl", *both("a", key="heading"))
    two = write_ledger(tmp_path / "two.jsonl", *both("b", key="heading"), *both("c", key="heading"))
    report = cost_report([Source("one", one), Source("two", two)], [("project",)], Period())
    assert report.real.waste[Waste.REPEATED].attempts == 1
    copies = cost_report(
        [Source("one", one, anybodys=True), Source("two", two, anybodys=True)], [("project",)], Period()
    )
    assert copies.real.waste[Waste.REPEATED].attempts == 2


def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    statement = tmp_path / "statement.csv"
    statement.write_text("at,cents\n2026-11-01,5\n")
    with pytest.raises(InputError, match="is no ledger"):
        report_on(statement)


def test_copies_count_once_and_contradictions_are_named(tmp_path: Path) -> None:
    first = write_ledger(tmp_path / "a" / "r.jsonl", *both("a", cost_cents="2"))
    other = write_ledger(tmp_path / "b" / "copy.jsonl", *both("a", cost_cents=None), *both("a", cost_cents="2"))
    report = report_on(first, other)
    assert (report.real.total.attempts, report.real.total.cents) == (1, 2)
    assert report.reading.duplicates == 4
    (conflict,) = report.reading.conflicts
    assert (conflict.attempt, conflict.fields, conflict.kept, conflict.others) == ("a", ("cost_cents",), 2, (None,))


def test_a_copy_written_in_another_way_is_no_contradiction(tmp_path: Path) -> None:
    line = entry("a")
    backwards = orjson.dumps(dict(reversed(line.items())), option=orjson.OPT_INDENT_2).replace(b"\n", b" ")
    report = report_on(write_ledger(tmp_path / "r.jsonl", line, backwards))
    assert (report.reading.duplicates, report.reading.conflicts) == (1, [])


def test_torn_lines_are_passed_over_and_counted(tmp_path: Path) -> None:
    path = write_ledger(tmp_path / "r.jsonl", *both("a"), b'{"schema":1,"at":"20', b"\0\0\0", *both("b"), b"")
    report = report_on(path)
    assert report.real.total.attempts == 2
    assert report.reading.torn == [f"{path}:3", f"{path}:4"]


def test_a_line_into_which_a_torn_one_runs_counts_as_every_other(tmp_path: Path) -> None:
    half = orjson.dumps(entry("b", "started"))[:90]
    path = write_ledger(tmp_path / "r.jsonl", half + orjson.dumps(entry("a", cost_cents="2")), *both("c"))
    report = report_on(path)
    assert (report.real.total.attempts, report.real.total.cents) == (2, Decimal("3.458333"))
    assert report.reading.torn == [f"{path}:1"]
    assert report.real.total.cents == sum(line.cost_cents or 0 for line in read_ledger(tmp_path))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": 2}, "schema 2"),
        ({"event": "paused"}, "expected started or ended"),
        ({"cost_cents": 1.5}, "cost_cents"),
        ({"cost_cents": "-1"}, "cost_cents is '-1'"),
        ({"cost_cents": "1e999999"}, "cost_cents"),
        ({"cost_cents": "NaN"}, "cost_cents"),
        ({"audio_seconds": -1}, "audio_seconds"),
        ({"audio_seconds": "1"}, "audio_seconds"),
        ({"at": "2026-11-23T09:30:00"}, "with its offset"),
        ({"at": "yesterday"}, "at is 'yesterday'"),
        ({"index": -1}, "index is -1"),
        ({"index": True}, "index"),
        ({"chapter": None}, "chapter is missing"),
        ({"request_id": 7}, "request_id"),
    ],
)
def test_a_line_that_cannot_be_right_is_named_by_file_and_line(tmp_path: Path, change: Entry, said: str) -> None:
    path = write_ledger(tmp_path / "r.jsonl", *both("a"), {**entry("b"), **change})
    with pytest.raises(InputError) as caught:
        report_on(path)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == (str(path), 3)
    assert said in problem.message


def test_fields_of_a_later_version_are_passed_over(tmp_path: Path) -> None:
    assert report_on(write_ledger(tmp_path / "r.jsonl", {**entry("a"), "mood": "good"})).real.total.attempts == 1
