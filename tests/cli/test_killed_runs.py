"""Killed at any instant, the next run finds every stored take and ends with the bytes of a run that was left alone."""

from __future__ import annotations

import hashlib
import json
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.store.ledger import read_ledger

from .conftest import Narrate

pytestmark = pytest.mark.slow

PARAGRAPHS = "\n\n".join(
    f"Lamp {number} was lit at dusk, and it went out before the tide had turned." for number in range(24)
)
BOOK = f"# The Lamps\n\n{PARAGRAPHS}\n\n# The Tide\n\n{PARAGRAPHS.replace('Lamp', 'Boat')}\n"


def make(project: Path) -> Path:
    (project / "book.md").write_text(BOOK, encoding="utf-8")
    return project


def outputs(project: Path) -> dict[str, str]:
    build = project / "build"
    files = [path for path in build.rglob("*") if path.is_file() and path.name != "run.json"]
    return {str(path.relative_to(build)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def kill_after(project: Path, events: int) -> None:
    """Render until that many events were seen, then SIGKILL."""
    command = [sys.executable, "-m", "pipeline.cli.main", "render", "--events", "json", str(project)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        for _ in range(events):
            if not process.stdout.readline():
                break
        process.send_signal(signal.SIGKILL)


def test_nothing_stored_is_lost_or_made_twice(narrate: Narrate, project: Path, tmp_path: Path) -> None:
    make(project)
    assert narrate("render", project).returncode == 0
    expected = outputs(project)
    total = json.loads(narrate("plan", "--json", project).stdout)["totals"]["segments"]

    killed = tmp_path / "killed"
    killed.mkdir()
    (killed / "project.yaml").write_bytes((project / "project.yaml").read_bytes())
    make(killed)
    chance = random.Random(7)
    for _ in range(6):
        kill_after(killed, chance.randint(1, total + 8))
    assert narrate("render", killed).returncode == 0
    assert outputs(killed) == expected
    assert not [path for path in (killed / "build").rglob("*") if ".part" in path.name]
    lines = list(read_ledger(killed / ".narration" / "ledger"))
    stored = [line.key for line in lines if line.outcome == "stored"]
    assert len(stored) == len(set(stored)), "a stored take was made again"
