"""Paid renders as real processes, killed at random instants, and what must hold of them afterwards."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from pipeline import workflow
from pipeline.server.accounts import LOCAL_KEY
from pipeline.store.ledger import LedgerLine, read_ledger
from pipeline.store.recovery import open_attempts
from pipeline.store.takes import TakeStore
from tests.render.two_books import Reckoning, reckon, texts_of

JOBS = 6
MANIFEST = """title: The Ledger
author: A. Tester
language: en
engine: kugelaudio
engines: {kugelaudio: {tier: 4}}
voices: {narrator: {kugelaudio: {voice_id: 1071}}}
segment_target: 60
chapters: [{source: book.md, split: "heading:1"}]
outputs: [{format: m4b}, {format: mp3}, {format: srt}]
rates: {kugel-3: 7.0}
budget: {run_cents: 500}
"""
FAULTS = """seed: 3
faults: [{fault: latency, delay_ms: 60, jitter_ms: 50}]
"""
_NARRATE = (sys.executable, "-m", "pipeline.cli.main")


@dataclass(frozen=True, slots=True)
class Server:
    """A server process, and its admin routes."""

    url: str

    def requests(self) -> list[dict[str, Any]]:
        """The books, once nothing is being generated any more."""
        deadline = time.monotonic() + 20
        while self._generations() and time.monotonic() < deadline:
            time.sleep(0.02)
        lines: list[dict[str, Any]] = httpx.get(f"{self.url}/admin/books", trust_env=False).json()["requests"]
        return lines

    def _generations(self) -> int:
        accounts = httpx.get(f"{self.url}/admin/accounts", trust_env=False).json()
        return sum(each["generations"] for each in accounts["organisations"])


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """``narrate serve`` in a process of its own, with answers that take their time."""
    faults = folder / "faults.yaml"
    faults.write_text(FAULTS, encoding="utf-8")
    command = [*_NARRATE, "serve", "--silent", "--tier", "4", "--port", "0", "--faults", str(faults)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Server(process.stdout.readline().strip().removeprefix("serving on "))
        finally:
            process.send_signal(signal.SIGTERM)
            process.stdout.close()


def write_project(folder: Path, paragraphs: int) -> Path:
    """Two chapters of short paragraphs, all different."""
    folder.mkdir(parents=True)
    (folder / "project.yaml").write_text(MANIFEST, encoding="utf-8")
    chapters = [
        f"# {name}\n\n"
        + "\n\n".join(f"{name} {number} was lit at dusk and out by dawn." for number in range(paragraphs))
        for name in ("Lamp", "Boat")
    ]
    (folder / "book.md").write_text("\n\n".join(chapters) + "\n", encoding="utf-8")
    return folder


def start(folder: Path, server: Server) -> subprocess.Popen[bytes]:
    """``narrate render`` in a process of its own."""
    command = [*_NARRATE, "render", str(folder), "--api-url", server.url, "--jobs", str(JOBS), "--events", "json"]
    environment = {**os.environ, "KUGELAUDIO_API_KEY": LOCAL_KEY}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)


def outputs(folder: Path) -> dict[str, str]:
    """The checksum of every output; run.json tells of the run and is left out."""
    build = folder / "build"
    files = [path for path in build.rglob("*") if path.is_file() and path.name != "run.json"]
    return {str(path.relative_to(build)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """A run that was left alone: what it wrote, and how long it took from its first event to its end."""

    outputs: dict[str, str]
    texts: dict[str, str]
    seconds: float


def undisturbed(folder: Path, server: Server) -> Undisturbed:
    """Render and look."""
    with start(folder, server) as process:
        assert process.stdout is not None
        process.stdout.readline()
        started = time.monotonic()
        _, told = process.communicate()
        seconds = time.monotonic() - started
    assert process.returncode == 0, told.decode()
    return Undisturbed(outputs(folder), texts_of(workflow.plan(folder, api_url=server.url)), seconds)


@dataclass(frozen=True, slots=True)
class Killed:
    """How one run was ended: the signal, what it was doing, its exit code, and the attempts that it left open."""

    signal: signal.Signals
    phase: str
    code: int
    suspected: int


def kill(folder: Path, server: Server, events: int, after_seconds: float, number: signal.Signals) -> Killed:
    """Render, and send the signal so long after so many events."""
    before = len(suspected(folder))
    with start(folder, server) as process:
        assert process.stdout is not None
        first = [process.stdout.readline() for _ in range(events)]
        time.sleep(after_seconds)
        process.send_signal(number)
        told, _ = process.communicate()
    kinds = [json.loads(line)["event"] for line in (b"".join(first) + told).splitlines() if line.endswith(b"}")]
    phase = "over" if process.returncode == 0 else "assembling" if "assembly_started" in kinds else "making"
    return Killed(number, phase, process.returncode, len(suspected(folder)) - before)


def suspected(folder: Path) -> list[LedgerLine]:
    """Attempts without an end whose take is not stored: what a kill may have cost."""
    store = TakeStore(folder / ".narration" / "takes")
    made = {take.attempt for key in store.all_keys() if (take := store.stored(key)) is not None}
    return [line for line in open_attempts(folder / ".narration" / "ledger") if line.attempt not in made]


@dataclass(frozen=True, slots=True)
class Survived:
    """A project whose runs were killed, then one that was left alone. ``faults``: what does not hold."""

    killed: list[Killed]
    reckoning: Reckoning
    faults: list[str]


def survive(folder: Path, server: Server, expected: Undisturbed, kills: int, chance: random.Random) -> Survived:
    """Kill some runs of a fresh project at random instants, let the next one end, and compare everything."""
    known = len(server.requests())
    killed, faults = [], []
    for _ in range(kills):
        number = signal.SIGTERM if chance.random() < 0.2 else signal.SIGKILL
        whenever = (1, chance.uniform(0, expected.seconds))
        amid_requests = (chance.randint(1, len(expected.texts) // 2), chance.uniform(0, 0.15))
        each = kill(folder, server, *(amid_requests if chance.random() < 0.6 else whenever), number)
        killed.append(each)
        faults += _after_a_kill(folder, server, expected, known, each)
        if each.phase == "over":
            break
    with start(folder, server) as process:
        _, told = process.communicate()
    if process.returncode:
        faults.append(f"the last run ended with {process.returncode}: {told.decode()}")
    found = _reckoned(folder, server, expected, known)
    if (unknown := sum(line.outcome is None for line in _latest(folder))) != sum(each.suspected for each in killed):
        faults.append(f"{unknown} attempts are open at the end")
    if outputs(folder) != expected.outputs:
        differing = sorted(set(outputs(folder).items()) ^ set(expected.outputs.items()))
        faults.append(f"the outputs are not those of a run that was left alone: {[name for name, _ in differing]}")
    if left := [path.name for path in folder.rglob("*.part")]:
        faults.append(f"temporary files are left: {left}")
    return Survived(killed, found, faults + found.faults)


def _after_a_kill(folder: Path, server: Server, expected: Undisturbed, known: int, each: Killed) -> list[str]:
    faults = _reckoned(folder, server, expected, known).faults
    store = TakeStore(folder / ".narration" / "takes")
    for key in store.all_keys():
        take = store.stored(key)
        if take is None or not store.is_intact(take):
            faults.append(f"the take {key[:12]} is damaged")
    if each.suspected > (2 * JOBS if each.signal is signal.SIGKILL else 0):  # under way, or answered and being stored
        faults.append(f"{each.suspected} attempts are suspected after one {each.signal.name}")
    shutting_down = each.code == -signal.SIGTERM and outputs(folder) == expected.outputs  # Python has let go of it
    if each.signal is signal.SIGTERM and each.code not in {0, 130} and not shutting_down:
        faults.append(f"SIGTERM ended it with {each.code}")
    return faults


def _reckoned(folder: Path, server: Server, expected: Undisturbed, known: int) -> Reckoning:
    state = folder / ".narration"
    return reckon(expected.texts, state / "ledger", server.requests()[known:], TakeStore(state / "takes"))


def _latest(folder: Path) -> list[LedgerLine]:
    return list({line.attempt: line for line in read_ledger(folder / ".narration" / "ledger")}.values())
