"""What commands tell a CI server: annotations on manuscript lines, summaries, comments, JUnit."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from pipeline.cli.main import main
from pipeline.errors import InputError, Problem
from pipeline.reports.ci.annotations import Annotation, annotations_of, github_lines
from pipeline.reports.ci.summaries import (
    COMMENT_CHARACTERS,
    SUMMARY_BYTES,
    append_summary,
    cut_at_a_line,
    error_summary,
    write_comment,
)
from pipeline.reports.markdown import escaped

MANIFEST = "title: A\nvoices: {narrator: {hibari: {voice: heart}}}\nchapters: [{source: book.md}]\n"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a project in books/one, on a machine that is no CI server."""
    for name in ("GITHUB_ACTIONS", "GITLAB_CI", "GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)
    book = tmp_path / "books" / "one"
    book.mkdir(parents=True)
    (book / "project.yaml").write_text(MANIFEST, encoding="utf-8")
    (book / "book.md").write_text("# One\n\nThe lamp was lit.\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def spoil(checkout: Path, lines: int) -> None:
    text = "# One\n\n" + "\n\n".join(f"::error::مرحبا ##[error] {number}." for number in range(lines)) + "\n"
    (checkout / "books" / "one" / "book.md").write_text(text, encoding="utf-8")


def annotations(log: str) -> list[str]:
    return [line for line in log.splitlines() if line.startswith("::")]


def test_problems_stand_on_their_lines_of_the_pull_request(
    checkout: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(checkout))
    spoil(checkout, 2)
    assert main(["check", "books/one"]) == 2
    told = capfd.readouterr()
    found = annotations(told.out)
    assert [line.split("::")[1] for line in found] == [
        "error file=books/one/book.md,line=3,title=narrate",
        "error file=books/one/book.md,line=5,title=narrate",
    ]
    assert "##[" not in told.out + told.err
    assert "book.md:3: " in told.err


def test_ten_annotations_are_the_most_and_the_tenth_says_how_many_more() -> None:
    errors = [Annotation("error", f"wrong {number}", "a.md", number) for number in range(1, 31)]
    warnings = [Annotation("warning", "odd", "a.md", 1)] * 10
    lines = github_lines([*errors, *warnings])
    assert [line.split(" ")[0] for line in lines] == ["::error"] * 10 + ["::warning"] * 10
    assert "21 more" in lines[9]


def test_a_problem_outside_the_repository_has_no_place(tmp_path: Path) -> None:
    error = InputError([Problem("main:book.md", 3, 1, "wrong"), Problem("../../etc/passwd", 1, 1, "wrong")])
    found = annotations_of(error, tmp_path, tmp_path)
    assert [(each.file, each.line) for each in found] == [(None, 0), (None, 0)]
    assert found[0].message == "main:book.md:3:1: wrong"


def test_nothing_is_told_where_nobody_asked(checkout: Path, capfd: pytest.CaptureFixture[str]) -> None:
    spoil(checkout, 1)
    before = sorted(checkout.rglob("*"))
    assert main(["check", "books/one"]) == 2
    assert annotations(capfd.readouterr().out) == []
    assert main(["check", "books/one", "--annotations", "github"]) == 2
    assert len(annotations(capfd.readouterr().out)) == 1
    assert sorted(checkout.rglob("*")) == before


def test_gitlab_gets_a_code_quality_report_which_is_empty_when_all_is_well(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITLAB_CI", "true")
    report = checkout / "gl-code-quality-report.json"
    spoil(checkout, 2)
    assert main(["check", "books/one"]) == 2
    rows = json.loads(report.read_bytes())
    assert [(row["location"]["path"], row["location"]["lines"]["begin"]) for row in rows] == [
        ("books/one/book.md", 3),
        ("books/one/book.md", 5),
    ]
    assert len({row["fingerprint"] for row in rows}) == 2
    (checkout / "books" / "one" / "book.md").write_text("# One\n\nThe lamp was lit.\n", encoding="utf-8")
    assert main(["check", "books/one"]) == 0
    assert json.loads(report.read_bytes()) == []


def test_a_check_is_written_as_junit_whether_or_not_it_passes(checkout: Path) -> None:
    for lines, failures in ((0, 0), (2, 2)):
        if lines:
            spoil(checkout, lines)
        assert main(["check", "books/one", "--junit", "check.xml"]) == (2 if failures else 0)
        suites = ET.parse(checkout / "check.xml").getroot()
        cases = suites.findall("testsuite/testcase")
        assert (suites.get("tests"), suites.get("failures")) == (str(len(cases)), str(failures))
        assert len([case for case in cases if case.find("failure") is not None]) == failures


def test_a_summary_is_added_to_what_is_there(checkout: Path) -> None:
    summary = checkout / "summary.md"
    assert main(["check", "books/one", "--summary", "summary.md"]) == 0
    spoil(checkout, 1)
    assert main(["check", "books/one", "--summary", "summary.md"]) == 2
    written = summary.read_text(encoding="utf-8")
    assert written.index("No problems: 1 chapters") < written.index("failed (exit 2)")
    assert "| book.md:3 |" in written


def test_a_summary_stays_within_a_mebibyte_and_a_comment_within_its_limit(tmp_path: Path) -> None:
    problems = [Problem("book.md", number, 1, "→ wrong " * 10) for number in range(1, 30_000)]
    long = error_summary("check", InputError(problems))
    summary = tmp_path / "summary.md"
    append_summary(summary, "before\n" * 1000)
    append_summary(summary, long)
    append_summary(summary, long)
    written = summary.read_bytes()
    assert SUMMARY_BYTES - 400 < len(written) <= SUMMARY_BYTES
    assert "more lines are over the size limit" in written.decode()
    write_comment(tmp_path / "comment.md", long, project="--> <b>")
    comment = (tmp_path / "comment.md").read_text(encoding="utf-8")
    assert len(comment) <= COMMENT_CHARACTERS
    assert comment.splitlines()[0].count("-->") == 1
    assert all(line.endswith("|") for line in comment.splitlines() if line.startswith("|"))


def test_a_text_that_fits_is_not_cut() -> None:
    assert cut_at_a_line("one\ntwo\n", 7) == "one\ntwo"
    assert cut_at_a_line("one\ntwo\n" * 100, 300).startswith("one\ntwo\n")


@pytest.mark.parametrize(
    "text",
    ["@everyone", "#1", "GH-7", "a/b#3", "https://example.org", "www.example.org", "!12", "~bug", "$5", "%v1", "&2"],
)
def test_nothing_that_a_server_would_turn_into_a_link_or_a_mention_stays_whole(text: str) -> None:
    assert text not in escaped(f"see {text} here").replace("\\", "").replace("&#64;", "@").replace("&amp;", "&")


@pytest.mark.parametrize("text", ["<img src=x>", "a | b", "`code`", "[a](b)", "**b**", "two\nlines", "__x__"])
def test_markup_is_shown_as_text(text: str) -> None:
    safe = escaped(text)
    assert "\n" not in safe
    assert "<" not in safe
    for sign in "|`*_[":
        assert safe.count(sign) == safe.count(f"\\{sign}")


def test_a_summary_without_a_comparison_is_refused(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "books/one", "--comment", "comment.md"]) == 2
    assert "add --against REV" in capsys.readouterr().err


def test_the_code_quality_of_several_projects_is_in_one_file(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("two", "three"):
        book = checkout / "books" / name
        book.mkdir()
        (book / "project.yaml").write_text(MANIFEST, encoding="utf-8")
        (book / "book.md").write_text("# One\n\nمرحبا\n", encoding="utf-8")
    (checkout / "books" / "two" / "book.md").write_text("# One\n\nIt was [danke]{lang=de} again.\n", encoding="utf-8")
    monkeypatch.setenv("GITLAB_CI", "true")
    assert main(["check", "books/three", "books/two", "books/one"]) == 2
    found = json.loads((checkout / "gl-code-quality-report.json").read_bytes())
    assert [(row["location"]["path"], row["severity"]) for row in found] == [
        ("books/three/book.md", "major"),
        ("books/two/book.md", "minor"),
    ]
    assert main(["check", "books/one"]) == 0
    assert json.loads((checkout / "gl-code-quality-report.json").read_bytes()) == []
