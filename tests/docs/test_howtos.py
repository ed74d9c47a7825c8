"""The how-tos are followed to the letter: one new file and one line make an engine, and a format."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import wave
from pathlib import Path

import pytest

STORY = "# The Bell\n\nIt rang once. Then the sea was quiet again.\n"


def follow(page: Path, code: Path, project: Path) -> list[str]:
    """Do what a page says in a copy of the code; the places that were touched."""
    text = page.read_text(encoding="utf-8")
    steps = re.findall(r"<!-- (file|line): (\S+)(?: after (\S+))? -->\n```\w+\n(.*?)```", text, re.DOTALL)
    for kind, name, after, block in steps:
        path = (project if name == "project.yaml" else code) / name
        if kind == "file":
            assert not path.exists()
            path.write_text(block, encoding="utf-8")
            continue
        assert block.count("\n") == 1
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        at = next(number for number, line in enumerate(lines) if line.startswith(f"    {after} = "))
        path.write_text("".join([*lines[: at + 1], block, *lines[at + 1 :]]), encoding="utf-8")
    return [f"{kind} {name}" for kind, name, _, _ in steps]


@pytest.fixture
def copy(repository: Path, tmp_path: Path) -> Path:
    shutil.copytree(repository / "pipeline", tmp_path / "copy" / "pipeline", ignore=shutil.ignore_patterns("*.pyc"))
    return tmp_path / "copy"


@pytest.fixture
def story(tmp_path: Path) -> Path:
    (tmp_path / "story").mkdir()
    (tmp_path / "story" / "story.md").write_text(STORY, encoding="utf-8")
    return tmp_path / "story"


def narrate(copy: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline.cli.main", *map(str, arguments)]
    return subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False, timeout=120)


def test_an_engine_is_one_file_and_one_line(repository: Path, copy: Path, story: Path) -> None:
    steps = follow(repository / "docs" / "howto-engine.md", copy, story)
    assert steps == ["file pipeline/engines/chimes.py", "line pipeline/project/engines.py", "file project.yaml"]
    made = narrate(copy, "render", story)
    assert made.returncode == 0, made.stderr
    with wave.open(str(story / "build" / "wav" / "1-the-bell.wav")) as sound:
        assert sound.getnframes() > 9 * 24_000 * 3 // 10
    assert "It rang once." in (story / "build" / "chimes.srt").read_text(encoding="utf-8")
    assert "chimes" in narrate(copy, "render", "--help").stdout
    manifest = story / "project.yaml"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace("880", "7"), encoding="utf-8")
    assert "hertz is 7; expected a number from 20 to 10000" in narrate(copy, "check", story).stderr
    manifest.write_text(manifest.read_text(encoding="utf-8").replace("{hertz: 7}", "[7]"), encoding="utf-8")
    refused = narrate(copy, "check", story)
    assert refused.returncode == 2
    assert "project.yaml:4" in refused.stderr
    manifest.write_text(
        "title: A\nvoices: {narrator: {hibari: {voice: heart}}}\nchapters: [{source: story.md}]\n", encoding="utf-8"
    )
    told = narrate(copy, "check", story, "--engine", "chimes")
    assert told.returncode == 2
    assert "expected one such as chimes: {hertz: 660}" in told.stderr


@pytest.mark.slow
def test_a_text_format_is_one_file_and_one_line(repository: Path, copy: Path, story: Path) -> None:
    steps = follow(repository / "docs" / "howto-format.md", copy, story)
    assert steps == ["file pipeline/captions/audacity.py", "line pipeline/project/formats.py", "file project.yaml"]
    made = narrate(copy, "render", story)
    assert made.returncode == 0, made.stderr
    for path in (story / "build" / "labels.labels", story / "build" / "labels" / "1-the-bell.labels"):
        rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
        assert [row[2] for row in rows] == ["The Bell", "It rang once.", "Then the sea was quiet again."]
        assert all(float(start) < float(end) for start, end, _ in rows)
    again = narrate(copy, "captions", story, "--format", "labels")
    assert again.returncode == 0, again.stderr
