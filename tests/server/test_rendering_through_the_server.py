"""A sample project through the local server, eight segments at once: the same book as from the embedded engine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipeline.server.running import BackgroundServer
from pipeline.server.service import ServerOptions

pytestmark = pytest.mark.slow


FRAME_MS = 40
"""A frame of a 25 Hz video: what a caption may be off by."""


def _sample(repository: Path, folder: Path) -> Path:
    """Two chapters of the sample project, with captions for output: encoders are tested elsewhere."""
    shutil.copytree(repository / "projects" / "lighthouse", folder)
    (folder / "manuscript" / "02-eleven-pints.md").unlink()
    manifest = folder / "project.yaml"
    lines = manifest.read_text().splitlines(keepends=True)
    manifest.write_text(
        "".join(line for line in lines if not line.startswith(("  - {format: m4b", "  - {format: mp3")))
    )
    return folder


def _rendered(folder: Path, *options: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "pipeline.cli.main", "render", str(folder), *options]
    environment = {**os.environ, "KUGELAUDIO_API_KEY": "ka_local"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    timeline: dict[str, Any] = json.loads((folder / "build" / "timeline.json").read_text())
    return timeline


def _captions(folder: Path, slug: str) -> tuple[list[str], list[list[int]]]:
    """The texts of a chapter's captions, and their start and end in milliseconds."""
    (path,) = (folder / "build").rglob(f"*{slug}*.srt")
    blocks = [block.splitlines() for block in path.read_text().strip().split("\n\n")]
    times = [[_ms(time) for time in block[1].split(" --> ")] for block in blocks]
    return ["\n".join(block[2:]) for block in blocks], times


def _ms(time: str) -> int:
    hours, minutes, seconds = time.replace(",", ".").split(":")
    return round(1000 * (3600 * int(hours) + 60 * int(minutes) + float(seconds)))


def _takes(folder: Path) -> dict[str, dict[str, Any]]:
    return {path.stem: json.loads(path.read_text()) for path in (folder / ".narration" / "takes").rglob("*.json")}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[BackgroundServer]:
    with BackgroundServer(ServerOptions(state=tmp_path / "one", tier=3, jobs=2)) as running:
        yield running


def _through(server: BackgroundServer) -> tuple[str, ...]:
    return ("--engine", "kugelaudio", "--api-url", server.url, "--jobs", "8", "--max-cost", "500")


def _billed(server: BackgroundServer) -> int:
    totals: dict[str, Any] = httpx.get(f"{server.url}/admin/books").json()["totals"]
    assert totals["outcomes"]["billed"] == totals["requests"]
    return int(totals["outcomes"]["billed"])


def test_eight_at_once_are_the_same_book_and_the_takes_are_that_servers_alone(
    repository: Path, tmp_path: Path, server: BackgroundServer
) -> None:
    direct, served = (_sample(repository, tmp_path / name) for name in "ab")
    by_engine = _rendered(direct)["chapters"]
    by_server = _rendered(served, *_through(server))["chapters"]
    assert [chapter["slug"] for chapter in by_server] == [chapter["slug"] for chapter in by_engine]
    for one, other in zip(by_engine, by_server, strict=True):
        assert other["words"]["text"] == one["words"]["text"]
        assert other["words"]["char_start"] == one["words"]["char_start"]
        assert other["words"]["start_sample"] == sorted(other["words"]["start_sample"])
        assert other["samples"] == pytest.approx(one["samples"], rel=0.01)
        texts, times = _captions(direct, one["slug"])
        told, heard = _captions(served, one["slug"])
        assert told == texts
        off_ms = [abs(a - b) for cue, same in zip(times, heard, strict=True) for a, b in zip(cue, same, strict=True)]
        assert max(off_ms) <= FRAME_MS
        assert heard[-1][1] <= 1000 * other["samples"] / 24_000
    made = _takes(served)
    assert {take["inputs"]["provider"] for take in made.values()} == {f"local:{server.service.server_id}"}
    assert _billed(server) == len(made)

    _rendered(served, *_through(server))
    assert _billed(server) == len(made), "the second run makes nothing"
    with BackgroundServer(ServerOptions(state=tmp_path / "two", tier=4, silent=True)) as another:
        _rendered(served, *_through(another))
        assert _billed(another) == len(made), "takes of one server are none of another's"
    assert len(_takes(served)) == 2 * len(made)
    assert not made.keys() & _takes(direct).keys()
