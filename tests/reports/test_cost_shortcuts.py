"""Ledgers are read at first sight where every attempt tells all of itself; the report is the same as with all care."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from cost_ledgers import Entry, both, entry, report_on, write_ledger
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import UsageError
from pipeline.reports.costs import judging, lines, pairing, survey
from pipeline.reports.costs.attempts import Waste
from pipeline.reports.costs.lines import Reading, read_again, read_lines
from pipeline.reports.costs.report import CostReport
from pipeline.reports.costs.sources import Source

LINES = st.builds(
    entry,
    st.sampled_from("abcdef"),
    st.sampled_from(["started", "ended"]),
    key=st.sampled_from(["k1", "k2", "k3", "k4"]),
    outcome=st.sampled_from(["stored", "rejected", "failed"]),
    because=st.sampled_from(["new", "retake asked: take 1", "after an error", None]),
    cost_cents=st.sampled_from(["1.5", "2.25", "0", None]),
    at=st.sampled_from(["2026-11-23T09:30:00.000Z", "2026-11-23T10:30:00.000+01:00", "2026-11-24T00:00:00Z"]),
)


def with_all_care(*files: Path) -> CostReport:
    """Every line through the temporary database."""
    with patch.object(survey, "_MOST_CONTESTED", -1):
        return report_on(*files)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LINES, max_size=12), st.integers(0, 12), st.integers(1, 3))
def test_the_report_is_the_same_at_first_sight_and_with_all_care(
    tmp_path: Path, found: list[Entry], cut: int, most_open: int
) -> None:
    files = write_ledger(tmp_path / "a.jsonl", *found[:cut]), write_ledger(tmp_path / "b.jsonl", *found[cut:])
    with patch.object(pairing, "_MOST_OPEN", most_open), patch.object(pairing, "_BATCH", 2):
        assert report_on(*files) == with_all_care(*files)


def test_an_ordinary_ledger_is_read_once(tmp_path: Path) -> None:
    path = write_ledger(tmp_path / "a.jsonl", *both("a"), *both("b", because="retake asked: take 1"), entry("c"))
    with patch.object(judging, "read_again", side_effect=AssertionError("read twice")):
        report = report_on(path)
    assert report == with_all_care(path)
    assert report.real.waste[Waste.RETAKE].attempts == 1


def test_a_retake_that_another_attempt_stored_without_saying_so_is_wasted_all_the_same(tmp_path: Path) -> None:
    failed = both("a", key="k", because="retake asked: take 1", outcome="failed", cost_cents="0")
    path = write_ledger(tmp_path / "a.jsonl", *both("b", key="k", because="after an error"), *failed)
    assert report_on(path).real.waste[Waste.RETAKE].attempts == 1


def test_what_is_appended_between_two_readings_is_left_for_the_next_report(tmp_path: Path) -> None:
    path = write_ledger(tmp_path / "a.jsonl", *both("a"), *both("a"))
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    reading, sources = Reading(), [Source("book", path)]
    first = list(read_lines(sources, reading))
    path.write_bytes(whole + whole)
    assert list(read_again(sources, reading)) == first
    assert len(first) == 3
    path.write_bytes(whole[:40])
    with pytest.raises(UsageError, match="became shorter"):
        list(read_again(sources, reading))


@pytest.mark.parametrize(
    "change",
    [
        {"schema": 2}, {"event": "ending"}, {"attempt": 1}, {"at": None}, {"at": "2026-11-23T09:30:00"}, {"at": "noon"},
        {"index": -1}, {"index": True}, {"number": 1.0}, {"characters": -1}, {"cost_cents": "-1"}, {"rate": 7},
        {"reserved_cents": "1e3"}, {"cost_cents": "٣"}, {"audio_seconds": -0.5}, {"audio_seconds": 1e10},
        {"audio_seconds": 3}, {"audio_seconds": True}, {"because": 1}, {"revision": []}, {"voice": None}, {},
    ],
    ids=str,
)  # fmt: skip
def test_the_quick_look_at_a_line_lets_nothing_through_that_the_thorough_one_would_not(change: dict[str, Any]) -> None:
    fields = {**entry("a"), **change}
    if lines._plainly_right(fields):
        assert lines.fault(dict(fields, later=1)) is None
        with patch.object(lines, "_plainly_right", return_value=False):
            assert lines.fault(fields) is None
