"""The formats of a cost report: the same sums in each, nothing from a manuscript obeyed, simulated money apart."""

from __future__ import annotations

import csv
import io
import json
import re
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest
from cost_ledgers import both, entry, write_ledger

from pipeline.errors import UsageError
from pipeline.reports.costs.formats import FORMATS, default_views
from pipeline.reports.costs.grouping import natural_order, read_by
from pipeline.reports.costs.periods import Period, read_period, read_zone
from pipeline.reports.costs.report import CostReport, cost_report
from pipeline.reports.costs.sources import Source, find_sources

HOSTILE = "<script>alert(1)</script>\x1b[2J|`=cmd"


@pytest.fixture
def report(tmp_path: Path) -> CostReport:
    lines = [
        *both("a", chapter="2-the-end", cost_cents="1.25"),
        *both("b", chapter="10-after", cost_cents="2.125", voice=HOSTILE),
        *both("c", chapter="10-after", outcome="rejected", cost_cents="0.5"),
        entry("d", "started", chapter=HOSTILE, revision=None),
        *both("e", provider="local:abc", cost_cents="99"),
    ]
    sources = [Source("book", write_ledger(tmp_path / "r.jsonl", *lines))]
    return cost_report(sources, [("chapter",), ("voice", "month")], Period())


def shown(report: CostReport, name: str, *, simulated: bool = False) -> str:
    return FORMATS[name](report, simulated).decode()


def test_the_table_states_total_waste_and_what_is_unknown(report: CostReport) -> None:
    text = shown(report, "table")
    assert "Total: ≥ 3.875 cents (0.03875 EUR) + 1 unknown for 4 attempts" in text
    assert "Wasted (in the total): ≥ 0.5 cents (0.005 EUR) + 1 unknown for 2 attempts" in text
    assert "Simulated money, not in the total: 99 cents" in text
    assert "Unknown charges, to be reconciled:" in text
    assert "\x1b" not in text


@pytest.mark.parametrize("name", ["table", "markdown", "html"])
def test_real_money_comes_first_and_simulated_money_only_apart(report: CostReport, name: str) -> None:
    text = shown(report, name, simulated=True)
    assert 0 < text.index("Real money") < text.index("3.875") < text.index("Simulated money") < text.rindex("99")
    assert "102.875" not in text


def test_csv_holds_exact_sums_and_no_formula(report: CostReport) -> None:
    rows = list(csv.DictReader(io.StringIO(shown(report, "csv", simulated=True))))
    chapters = [row for row in rows if row["by"] == "chapter" and row["money"] == "real"]
    assert [row["chapter"] for row in chapters] == ["2-the-end", "10-after", HOSTILE]
    assert sum(Decimal(row["cents"]) for row in chapters) == Decimal("3.875")
    assert {row["money"] for row in rows} == {"real", "simulated"}
    assert {row["money"] for row in csv.DictReader(io.StringIO(shown(report, "csv")))} == {"real"}


def test_csv_leads_what_a_spreadsheet_would_run_with_an_apostrophe(tmp_path: Path) -> None:
    sources = [Source("book", write_ledger(tmp_path / "r.jsonl", *both("a", voice="=HYPERLINK(1)")))]
    text = shown(cost_report(sources, [("voice",)], Period()), "csv")
    assert "'=HYPERLINK(1)" in text


def test_json_has_the_documented_shape(report: CostReport) -> None:
    shape = json.loads(shown(report, "json"))
    assert list(shape) == ["schema", "projects", "period", "real", "simulated", "free", "reading"]
    real = shape["real"]
    assert (shape["schema"], real["total"]["cents"], real["total"]["unknown"]) == (1, "3.875", 1)
    assert real["wasted"]["rejected"]["cents"] == "0.5"
    assert real["views"][0]["rows"][0]["chapter"] == "2-the-end"
    (unknown,) = real["unknown"]
    assert (unknown["attempt"], unknown["reserved_cents"], unknown["estimate_cents"]) == ("d", "3.5", None)
    assert shape["simulated"]["total"]["cents"] == "99"


class Page(HTMLParser):
    """Collects what a page would load or run, and the tags that are left open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.suspicious: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "rect"):
            self.open.append(tag)
        if tag in ("script", "link", "img", "iframe", "object"):
            self.suspicious.append(tag)
        self.suspicious += [name for name, _ in attrs if name.startswith("on") or name in ("src", "href", "style")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_needs_nothing_else_and_obeys_nothing_from_the_ledger(report: CostReport) -> None:
    text = shown(report, "html", simulated=True)
    page = Page()
    page.feed(text)
    assert (page.open, page.suspicious) == ([], [])
    assert "&lt;script&gt;" in text
    assert "default-src &#x27;none&#x27;" in text
    assert len(re.findall("<svg ", text)) >= 4
    assert "http" not in text.replace('http-equiv="Content-Security-Policy"', "")


def test_markdown_escapes_what_a_ledger_says(report: CostReport) -> None:
    text = shown(report, "markdown")
    assert "<script>" not in text
    widths = {line.count(" | ") for line in text.split("### By chapter")[1].split("###")[0].splitlines() if line}
    assert len(widths) == 1


def test_days_and_months_are_those_of_the_zone(tmp_path: Path) -> None:
    path = write_ledger(tmp_path / "r.jsonl", *both("a", at="2026-10-31T23:30:00Z"))
    days = {}
    for zone in ("UTC", "Europe/Berlin", "America/New_York"):
        period = read_period(zone, None, None)
        (view,) = cost_report([Source("book", path)], [("month", "day")], period).real.views
        days[zone] = view.rows[0].values
    assert days["UTC"] == ("2026-10", "2026-10-31")
    assert days["Europe/Berlin"] == ("2026-11", "2026-11-01")
    assert days["America/New_York"] == ("2026-10", "2026-10-31")


def test_a_period_holds_its_last_day_or_month_whole() -> None:
    month = read_period("Europe/Berlin", "2026-02", "2026-02")
    assert month.since is not None
    assert month.until is not None
    assert month.since.isoformat() == "2026-02-01T00:00:00+01:00"
    assert month.until.isoformat() == "2026-03-01T00:00:00+01:00"
    assert (month.until - month.since).days == 28
    with pytest.raises(UsageError, match="empty"):
        read_period("UTC", "2026-03", "2026-02")


@pytest.mark.parametrize("name", ["Mars/Olympus", "../../etc/passwd", "", "Europe/Berln"])
def test_a_zone_that_does_not_exist_is_told(name: str) -> None:
    with pytest.raises(UsageError, match="no time zone") as caught:
        read_zone(name)
    assert caught.value.hint


def test_by_reads_lists_and_repetitions() -> None:
    assert read_by(["month,voice", "outcome", "outcome"]) == [("month", "voice"), ("outcome",)]
    with pytest.raises(UsageError) as caught:
        read_by(["chaptr"])
    assert caught.value.hint == "did you mean 'chapter'?"
    for name in FORMATS:
        for several in (True, False):
            assert read_by(",".join(by) for by in default_views(name, several=several))


def test_numbers_in_names_are_ordered_as_numbers_and_unknown_comes_last() -> None:
    values: list[tuple[str | None, ...]] = [("10-b",), (None,), ("2-a",), ("Epilogue",)]
    assert sorted(values, key=natural_order) == [("2-a",), ("10-b",), ("Epilogue",), (None,)]


def test_several_projects_have_one_total_and_a_column_each(tmp_path: Path) -> None:
    for name, attempt in (("first", "a"), ("second", "b")):
        write_ledger(tmp_path / name / ".narration" / "ledger" / "r.jsonl", *both(attempt, cost_cents="2"))
    write_ledger(tmp_path / "second" / ".narration" / "ledger" / "copy.jsonl", *both("a", cost_cents="2"))
    sources = find_sources([tmp_path / "first", tmp_path / "second"], [])
    report = cost_report(sources, [("project",)], Period())
    assert {row.values: row.charges.cents for row in report.real.views[0].rows} == {("first",): 2, ("second",): 2}
    assert (report.projects, report.real.total.cents) == (("first", "second"), 4)


def test_projects_of_one_name_are_told_apart_and_a_file_is_read_once(tmp_path: Path) -> None:
    for parent in ("x", "y"):
        write_ledger(tmp_path / parent / "book" / ".narration" / "ledger" / "r.jsonl", *both(parent))
    folder = tmp_path / "x" / "book"
    sources = find_sources([folder, tmp_path / "y" / "book", folder], [folder / ".narration" / "ledger"])
    assert [source.project for source in sources] == ["x/book", "y/book"]


def test_extra_ledgers_belong_to_the_one_project_that_is_named(tmp_path: Path) -> None:
    write_ledger(tmp_path / "book" / ".narration" / "ledger" / "r.jsonl", *both("a"))
    copy = write_ledger(tmp_path / "cache" / "ledger" / "r.jsonl", *both("a"), *both("b"))
    for path in (copy, copy.parent, copy.parent.parent):
        assert {source.project for source in find_sources([tmp_path / "book"], [path])} == {"book"}
    assert [source.project for source in find_sources([], [copy.parent])] == ["cache"]


def test_what_is_missing_is_told_with_the_next_step(tmp_path: Path) -> None:
    (tmp_path / "project.yaml").write_text("title: Empty\n", encoding="utf-8")
    with pytest.raises(UsageError, match="nothing was rendered yet"):
        find_sources([tmp_path], [])
    with pytest.raises(UsageError, match="there is no project"):
        find_sources([tmp_path / "nowhere"], [])
    with pytest.raises(UsageError, match="there is no ledger"):
        find_sources([], [tmp_path / "nowhere"])
    with pytest.raises(UsageError, match=r"holds no \.jsonl"):
        find_sources([], [tmp_path])
