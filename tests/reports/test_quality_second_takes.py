"""`narrate verify`: what it prints and exits with, and second takes that are kept only where they are better."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import orjson
import pytest
from quality_book import QualityBook, copied, render_book

from pipeline import workflow
from pipeline.cli.main import main
from pipeline.errors import Interrupted, UsageError
from pipeline.reports.listening.findings import read_findings
from pipeline.second_takes import second_takes
from pipeline.workflow import RenderOptions


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> QualityBook:
    return render_book(tmp_path_factory.mktemp("second") / "book")


@pytest.fixture
def book(rendered: QualityBook, tmp_path: Path) -> QualityBook:
    return copied(rendered, tmp_path / "book")


def damage(book: QualityBook, index: int) -> None:
    """A take with a click in it, in the store and in the files."""
    planned, pcm, words = book.take(index)
    pcm[len(pcm) // 2] = 32_000
    book.replace_take(planned, pcm, words)
    assert main(["render", str(book.folder), "--events", "none"]) == 0


def test_a_clean_book_exits_0(rendered: QualityBook, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(rendered.folder)]) == 0
    assert "0 errors, 0 warnings" in capsys.readouterr().out


def test_a_broken_limit_exits_6_and_is_told_in_json_and_junit(
    book: QualityBook, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(book, 2)
    capsys.readouterr()
    assert main(["verify", str(book.folder), "--json", "--junit", str(tmp_path / "junit.xml")]) == 6
    report = orjson.loads(capsys.readouterr().out)
    assert report["schema"] == 1
    assert report["errors"] == 1
    (finding,) = report["findings"]
    assert (finding["kind"], finding["segment"], finding["file"]) == ("click", "the-lamps:2", None)
    assert finding["seconds"] == finding["book_seconds"] > 0
    out = book.layout.outputs
    assert [found.kind for found in read_findings(out) or ()] == ["click"]
    page = out / "index.html"
    assert not page.exists() or finding["message"] in page.read_text()
    suites = ET.parse(tmp_path / "junit.xml").getroot()
    assert (suites.get("failures"), suites.get("errors")) == ("1", "0")
    failed = [case for case in suites.iter("testcase") if case.find("failure") is not None]
    assert [(case.get("classname"), case.get("name")) for case in failed] == [("verify.the-lamps", "takes")]


def test_a_better_second_take_is_kept(book: QualityBook, capsys: pytest.CaptureFixture[str]) -> None:
    damage(book, 2)
    assert main(["verify", str(book.folder), "--retake", "1"]) == 0
    assert "the-lamps:2: take 1 is better and kept: 1 errors, 0 warnings before, 0 errors" in capsys.readouterr().err
    assert "take: 1" in (book.folder / "takes.yaml").read_text()
    assert book.verify().findings == ()


def test_a_second_take_that_is_no_better_is_taken_back(book: QualityBook) -> None:
    damage(book, 2)
    report = book.verify()
    mended = second_takes(
        book.folder,
        report,
        3,
        verify=lambda: report,
        engine=None,
        offline=False,
        options=RenderOptions(jobs=1),
        receiver=lambda event: None,
        confirm=None,
    )
    assert [take.told() for take in mended.takes] == [
        "the-lamps:2: take 1 is no better, take 0 stays: 1 errors, 0 warnings before, 1 errors, 0 warnings now"
    ]
    assert not (book.folder / "takes.yaml").exists()
    assert book.plan().to_make() == []
    assert [finding.segment for finding in book.verify().findings] == ["the-lamps:2"]


def test_a_retake_that_may_not_be_paid_leaves_the_choices_alone(
    book: QualityBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    damage(book, 2)

    def refused(*arguments: object, **options: object) -> None:
        raise UsageError("a paid run needs a budget")

    monkeypatch.setattr("pipeline.workflow.render", refused)
    assert main(["verify", str(book.folder), "--retake"]) == 2
    assert not (book.folder / "takes.yaml").exists()


def test_a_second_take_that_was_made_before_the_cut_off_stays_chosen_and_is_judged_next_time(
    book: QualityBook, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(book, 2)
    render = workflow.render

    def cut_off(*arguments: Any, **options: Any) -> None:
        render(*arguments, **options)
        raise Interrupted("interrupted")

    with monkeypatch.context() as patch:
        patch.setattr("pipeline.workflow.render", cut_off)
        assert main(["verify", str(book.folder), "--retake"]) == 130
    assert "take: 1" in (book.folder / "takes.yaml").read_text()
    capsys.readouterr()
    assert main(["verify", str(book.folder), "--retake"]) == 0
    assert "no segment is worth another take" in capsys.readouterr().err


def test_all_that_one_call_renders_counts_against_its_one_limit(
    book: QualityBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    damage(book, 2)
    report, render, counted = book.verify(), workflow.render, []

    def counting(*arguments: Any, options: RenderOptions, **others: Any) -> Any:
        counted.append(options.together)
        return render(*arguments, options=options, **others)

    monkeypatch.setattr("pipeline.workflow.render", counting)
    second_takes(
        book.folder,
        report,
        1,
        verify=lambda: report,
        engine=None,
        offline=False,
        options=RenderOptions(),
        receiver=lambda event: None,
        confirm=None,
    )
    assert len(counted) == 2
    assert counted[0] is counted[1] is not None


def test_nothing_is_remade_where_nothing_is_wrong(book: QualityBook, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(book.folder), "--retake"]) == 0
    assert "no segment is worth another take" in capsys.readouterr().err
    assert not (book.folder / "takes.yaml").exists()


def test_a_project_without_takes_is_refused_with_the_next_step(
    book: QualityBook, capsys: pytest.CaptureFixture[str]
) -> None:
    (book.folder / "text" / "1.md").write_text("# Other\n\nSomething else entirely.\n")
    assert main(["verify", str(book.folder)]) == 2
    assert "`narrate render` makes the takes" in capsys.readouterr().err
