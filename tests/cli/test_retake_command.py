"""``narrate retake`` as a user runs it, with the embedded voice."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from pipeline.cli.main import main
from pipeline.store.locking import project_lock

from .conftest import Narrate


def takes(project: Path) -> dict[str, str]:
    """The audio of every stored take, by key."""
    found = (project / ".narration" / "takes").glob("??/*.flac")
    return {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def clips(project: Path) -> set[str]:
    timeline = json.loads((project / "build" / "timeline.json").read_bytes())
    return {clip["key"] for chapter in timeline["chapters"] for clip in chapter["clips"]}


@pytest.mark.slow  # the voice is loaded three times
def test_another_take_is_asked_for_made_used_and_taken_back(narrate: Narrate, project: Path) -> None:
    assert narrate("render", project).returncode == 0
    first, used = takes(project), clips(project)

    asked = narrate("retake", project, "the-stairs:1")
    assert asked.returncode == 0
    assert "take 0 → 1: There were 163 steps." in asked.stdout
    assert "`narrate render` makes 1 take" in asked.stdout
    assert "retake asked: take 1" in narrate("plan", project).stdout

    made = narrate("render", project)
    assert "1 takes made" in made.stdout or "1 take made" in made.stdout
    second = takes(project)
    (new,) = second.keys() - first.keys()
    assert first.items() <= second.items()  # the old takes are kept
    assert second[new] not in first.values()  # and the new one sounds different
    assert new in clips(project)
    assert len(clips(project) - used) == 1

    listed = narrate("retake", "--list", project).stdout
    assert "the-stairs:1: take 1 (stored: 0, 1): There were 163 steps." in listed

    assert narrate("retake", project, "the-stairs:1", "--choose", "0").returncode == 0
    assert narrate("render", project).returncode == 0
    assert clips(project) == used


def test_names_that_mean_nothing_or_too_much_are_one_line_each(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for names, told in {
        ("no-such:1",): "there is no chapter 'no-such'",
        ("the-stairs:99",): "has no segment 99",
        ("abcdef012345",): "no segment's key begins with abcdef012345",
        ("nothing",): "'nothing' is neither a segment nor the project",
        ("the-stairs:1",): "has no take here that could be made again",
        (): "retake of which segment?",
    }.items():
        assert main(["retake", str(project), *names]) == 2, names
        shown = capsys.readouterr().err
        assert told in shown
        assert len(shown.splitlines()) <= 2
    assert not (project / "takes.yaml").exists()


def test_a_choice_is_taken_back_by_the_key_that_it_was_made_by(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", str(project), "--json"]) == 0
    key = json.loads(capsys.readouterr().out)["segments"][1]["key"][:10]
    assert main(["retake", str(project), key, "--unheard"]) == 0
    assert "take: 1" in (project / "takes.yaml").read_text()
    assert main(["retake", str(project), key, "--undo"]) == 0
    assert not (project / "takes.yaml").exists()


def test_choices_are_not_made_beside_a_run(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.workflow._SHORT_WORK_SECONDS", 0.1)
    with project_lock(project / ".narration"):
        assert main(["retake", str(project), "the-stairs:1", "--unheard"]) == 7
    assert "another run is at work" in capsys.readouterr().err


def test_a_choice_is_recorded_before_anything_was_heard_only_where_that_is_meant(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["retake", str(project), "2:1", "--unheard"]) == 0
    assert "the-stairs:1: take 0 → 1: There were 163 steps." in capsys.readouterr().out
    assert main(["retake", str(project), "--list"]) == 0
    assert "the-stairs:1: take 1 (stored: none): There were 163 steps." in capsys.readouterr().out
    assert main(["retake", str(project), "2:1", "--undo"]) == 0
    assert not (project / "takes.yaml").exists()


def test_a_plan_is_shown_against_another_as_table_and_markdown(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    faster = project / "faster.yaml"
    text = (project / "project.yaml").read_text()
    faster.write_text(text.replace("{hibari: {voice: heart}}", "{hibari: {voice: heart}, speed: 1.2}"))
    assert main(["plan", str(faster), "--against", str(project)]) == 0
    assert "voice narrator: speed 1.0 → 1.2" in capsys.readouterr().out
    assert main(["plan", str(faster), "--against", str(project), "--format", "markdown"]) == 0
    assert "| the-stairs:1 | voice narrator: speed 1.0 → 1.2 |" in capsys.readouterr().out
    assert main(["plan", str(faster), "--format", "markdown"]) == 2
