"""``--quiet``: commands that do something say nothing while all is well, and everything when it is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.cli.main import main

QUIET = [["check"], ["check", "-v"], ["retake", "--list"], ["clean"], ["clean", "--takes", "--yes"]]


@pytest.mark.parametrize("command", QUIET, ids=" ".join)
def test_a_command_that_is_well_says_nothing(
    command: list[str], project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--quiet", str(project)]) == 0
    assert capsys.readouterr() == ("", "")


def test_a_store_is_filled_without_a_word(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for action in ("status", "push", "pull", "verify"):
        assert main(["store", action, "-q", str(project), "--store", str(tmp_path / "store")]) == 0
    assert capsys.readouterr() == ("", "")


def test_what_is_wrong_is_told_all_the_same(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "book.md").write_text("# One\n\nمرحبا\n", encoding="utf-8")
    assert main(["check", "--quiet", str(project)]) == 2
    assert "book.md:3: " in capsys.readouterr().err


def test_annotations_are_for_the_server_and_are_not_muted(
    project: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(project))
    (project / "book.md").write_text("# One\n\nShe said [danke]{lang=de} and went.\n", encoding="utf-8")
    assert main(["check", "--quiet", str(project)]) == 0
    assert capfd.readouterr().out.startswith("::warning file=book.md,line=3")


def test_json_that_is_asked_for_is_no_talk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    captions = tmp_path / "one.srt"
    captions.write_text("1\n00:00:01,000 --> 00:00:03,000\nThe lamp was lit.\n", encoding="utf-8")
    assert main(["captions", "--check", "--json", "-q", str(captions)]) == 0
    assert json.loads(capsys.readouterr().out)
