"""Runners as processes, at one book, one store and one paid server, buy every segment once between them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.server.accounts import LOCAL_KEY
from pipeline.store.ledger import LedgerLine, read_ledger
from tests.store.s3_server import S3, serving_s3

from .killing import Server, serving, write_project

pytestmark = pytest.mark.slow

LEASE_SECONDS = 6
PARAGRAPHS = 12


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path) as running:
        yield running


@pytest.fixture
def s3() -> Iterator[S3]:
    with serving_s3() as running:
        yield running


def start(folder: Path, server: Server, store: str, *more: str, **environment: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "pipeline.cli.main", "render", str(folder), "--api-url", server.url, "--jobs", "4"]
    given = {"KUGELAUDIO_API_KEY": LOCAL_KEY, "NARRATE_STORE": store, "NARRATE_STORE_LEASE": str(LEASE_SECONDS)}
    return subprocess.Popen(
        [*command, "--shared", "--events", "json", *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **given, **environment},
    )


def ended(process: subprocess.Popen[bytes]) -> list[dict[str, object]]:
    """The events of a run that ended well."""
    told, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors.decode()
    return [json.loads(line) for line in told.splitlines() if line.startswith(b"{")]


def made(events: list[dict[str, object]]) -> int:
    return sum(event["event"] == "take_made" for event in events)


def bought(server: Server) -> Counter[str]:
    """How often each text was billed, by the server's books."""
    return Counter(str(line["text_sha256"]) for line in server.requests() if float(str(line["cents"] or 0)) > 0)


def stored(folder: Path) -> list[LedgerLine]:
    return [line for line in read_ledger(folder / ".narration" / "ledger") if line.outcome == "stored"]


def write(folder: Path) -> Path:
    write_project(folder, PARAGRAPHS)
    manifest = folder / "project.yaml"
    text = manifest.read_text(encoding="utf-8").replace("{run_cents: 500}", "{run_cents: 500, project_cents: 500}")
    manifest.write_text(text.replace("[{format: m4b}, {format: mp3}, {format: srt}]", "[{format: srt}]"))
    return folder


def render_together(tmp_path: Path, server: Server, store: str, **environment: str) -> None:
    folders = [write(tmp_path / name) for name in ("one", "two")]
    processes = [start(folder, server, store, **environment) for folder in folders]
    counts = [made(ended(process)) for process in processes]
    texts = bought(server)
    assert set(texts.values()) == {1}
    assert sum(counts) == len(texts) == 2 * PARAGRAPHS + 2
    for folder in folders:
        record = json.loads((folder / "build" / "run.json").read_text())
        assert record["chapters_whole"] == 2
        assert record["exit_code"] == 0
    third = write(tmp_path / "three")
    assert made(ended(start(third, server, store, **environment))) == 0
    assert bought(server) == texts
    assert len({line.attempt for line in stored(third)}) == len(texts)


def test_two_runners_at_one_folder_buy_every_segment_once_between_them(server: Server, tmp_path: Path) -> None:
    render_together(tmp_path, server, str(tmp_path / "store"))


def test_two_runners_at_s3_buy_every_segment_once_between_them(server: Server, s3: S3, tmp_path: Path) -> None:
    store = s3.bucket("shared")
    s3.moods(
        {"method": "PUT", "path": "/takes/", "mood": "fail", "share": 0.1},
        {"method": "PUT", "path": "/claims/", "mood": "lose", "share": 0.1},
        {"method": "GET", "path": "/takes/", "mood": "cut", "share": 0.05},
        {"method": "PUT", "path": "/takes/", "mood": "slow", "share": 0.2, "seconds": 0.2},
    )
    render_together(tmp_path, server, store, **s3.environment)


def test_a_runner_killed_with_claims_is_followed_by_the_other_after_its_lease(server: Server, tmp_path: Path) -> None:
    store = str(tmp_path / "store")
    first, second = (write(tmp_path / name) for name in ("one", "two"))
    killed = start(first, server, store)
    assert killed.stdout is not None
    for line in killed.stdout:
        if b'"take_made"' in line:
            break
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    left = list((tmp_path / "store" / "claims").iterdir())
    assert left
    started = time.monotonic()
    events = ended(start(second, server, store))
    assert time.monotonic() - started > LEASE_SECONDS / 2
    assert json.loads((second / "build" / "run.json").read_text())["chapters_whole"] == 2
    # only what was in flight when the runner was killed may have been bought again
    again = {text: times for text, times in bought(server).items() if times > 1}
    assert len(again) <= len(left)
    assert made(events) >= len(left)


def test_an_interrupted_runner_leaves_its_claims_to_the_other_at_once(server: Server, tmp_path: Path) -> None:
    store = str(tmp_path / "store")
    first, second = (write(tmp_path / name) for name in ("one", "two"))
    stopped = start(first, server, store, NARRATE_STORE_LEASE="900")
    assert stopped.stdout is not None
    for line in stopped.stdout:
        if b'"take_made"' in line:
            break
    stopped.send_signal(signal.SIGTERM)
    stopped.communicate(timeout=60)
    assert stopped.returncode == 130
    ended(start(second, server, store, NARRATE_STORE_LEASE="900"))
    assert set(bought(server).values()) == {1}
