"""``narrate captions``: made from a timeline without rendering, and checked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.assembly.timeline import ChapterTimeline, Timeline, Turn
from pipeline.cli.main import main
from pipeline.errors import InputError
from pipeline.reports.timeline_json import timeline_json
from pipeline.reports.timeline_reading import read_timeline

TEXT = "The Lamp\n\n“Who lit it?” asked Ada, who had climbed 163 steps in the dark.\n\nNobody answered."


@pytest.fixture
def project(tmp_path: Path, narrator) -> Path:
    """A project whose timeline is there, and nothing else of its outputs."""
    spoken = narrator(TEXT)
    turns = (Turn(0, "narrator", "en"), Turn(10, "ada", "en"), Turn(24, "narrator", "en"))
    chapter = ChapterTimeline("the-lamp", "The Lamp", TEXT, spoken.samples, (), spoken.words, turns)
    (tmp_path / "build" / "text").mkdir(parents=True)
    (tmp_path / "build" / "timeline.json").write_bytes(b"".join(timeline_json(Timeline((chapter,)))))
    (tmp_path / "build" / "text" / "the-lamp.txt").write_text(f"{TEXT}\n", encoding="utf-8")
    (tmp_path / "book.md").write_text("# The Lamp\n", encoding="utf-8")
    (tmp_path / "project.yaml").write_text("title: Ada\nchapters: [{source: book.md}]\n", encoding="utf-8")
    return tmp_path


def test_a_timeline_is_read_back_as_it_was_written(project: Path) -> None:
    read = read_timeline(project / "build")
    assert b"".join(timeline_json(read)) == (project / "build" / "timeline.json").read_bytes()
    assert read.chapters[0].text == TEXT


@pytest.mark.parametrize(
    ("old", "new"),
    [("24000", "48000"), ('"char_end":[3', '"char_end":[9999'), ("text/the-lamp.txt", "../book.md"), ("]", "")],
)
def test_a_damaged_timeline_is_refused(project: Path, old: str, new: str) -> None:
    path = project / "build" / "timeline.json"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match="not a timeline that narrate wrote"):
        read_timeline(project / "build")


def test_captions_are_made_without_rendering_and_pass_their_own_check(project: Path, capsys) -> None:
    out = project / "made"
    for asked in ("vtt --granularity word --speakers colours", "lrc", "ass --rules bbc", "srt --speakers names"):
        assert main(["captions", str(project), "--format", *asked.split(), "--out", str(out)]) == 0
    assert {path.name for path in out.iterdir()} == {
        "1-the-lamp.vtt", "ada.vtt", "1-the-lamp.lrc", "1-the-lamp.ass", "ada.ass", "1-the-lamp.srt", "ada.srt",
    }  # fmt: skip
    assert "ADA: “Who lit it?”" in (out / "ada.srt").read_text(encoding="utf-8")
    assert main(["captions", "--check", *map(str, sorted(out.iterdir()))]) == 0
    assert capsys.readouterr().err == ""


def test_errors_fail_a_check_and_warnings_only_when_asked(tmp_path: Path, capsys) -> None:
    path = tmp_path / "fast.srt"
    path.write_text("1\n00:00:01,000 --> 00:00:01,900\nFar too many words for a second.\n", encoding="utf-8")
    assert main(["captions", "--check", str(path)]) == 0
    assert f"{path}:2: warning: speed: 35.52 c/s" in capsys.readouterr().out
    assert main(["captions", "--check", "--strict", str(path)]) == 6
    path.write_text("1\n00:00:02,000 --> 00:00:01,000\nBack.\n", encoding="utf-8")
    assert main(["captions", "--check", str(path)]) == 6
    captured = capsys.readouterr()
    assert "error: duration: it ends where it starts, or before (caption 1 at 00:00:02.000)" in captured.out
    assert "1 of 1 caption files failed" in captured.err


def test_a_check_as_json_holds_every_finding(tmp_path: Path, capsys) -> None:
    path = tmp_path / "back.srt"
    path.write_text("1\n00:00:02,000 --> 00:00:01,000\nBack.\n", encoding="utf-8")
    assert main(["captions", "--check", "--json", "--rules", "bbc", str(path)]) == 6
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["rules"], document["strict"]) == (1, "bbc", False)
    (file,) = document["files"]
    assert (file["format"], file["captions"], file["errors"], file["counts"]) == ("srt", 1, 1, {"duration": 1})
    assert file["findings"][0] == {
        "fault": "duration", "level": "error", "line": 2, "message": "it ends where it starts, or before",
        "caption": 1, "start_ms": 2000, "found": 1000, "limit": 2000,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--check"], "--check needs a FILE"),
        (["--check", "missing.srt"], "missing.srt: no such file or directory"),
        (["--check", "--format", "vtt", "a.srt"], "--format is for making captions"),
        (["--strict"], "--strict is for --check"),
        (["one", "two"], "one project at a time"),
        (["--format", "srt", "--speakers", "colours"], "--speakers colours: expected none or names"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(arguments: list[str], said: str, capsys) -> None:
    assert main(["captions", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_without_a_timeline_the_next_step_is_named(project: Path, capsys) -> None:
    (project / "build" / "timeline.json").unlink()
    assert main(["captions", str(project)]) == 2
    assert "`narrate render` makes it" in capsys.readouterr().err
