"""Paid rendering against the ideal schedule, beside the provider's SDK under asyncio, a semaphore and tenacity.

    python benchmarks/paid_rendering.py --bench FOLDER [--only NAME ...] [--rounds 3] [--client NAME ...]

``FOLDER`` has the reference server (``fake_tts_server.py``): a generation takes 250 ms and 10 ms for every hundred
characters, fifteen characters are a second of audio, which comes in frames of one second, and a rate counts over a
sliding minute. The ideal schedule keeps all places busy with nothing but those latencies; under a rate R the (R+1)st
request may start a minute after the first.

Ours is what ``narrate render`` runs for a project of one paragraph for each request: takes encoded, checked, and on
disk with their sidecars (fsync), two ledger lines for each attempt (fsync), money reserved and settled. The SDK's
answers are saved as WAV files when they come, nothing is synced. Each run is a process of its own with a fresh server;
clients take turns, and the run with the median ratio is shown. Look at the load of the machine first.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SERVER = "fake_tts_server.py"
LOAD = Path(__file__).with_name("paid_rendering_load.py")
MINUTE = 60.0
NAMES = {
    "ours": "narrate, takes durable",
    "sdk": "SDK, asyncio, semaphore, tenacity",
    "bare": "answers read and dropped",
    "bare-disk": "audio decoded and written, not synced",
}
REFUSALS = ("429_rpm", "429_concurrency")


@dataclass(frozen=True, slots=True)
class Scenario:
    """A load, and the ratio to the ideal that ours is to reach."""

    name: str
    requests: int
    concurrency: int
    characters: int
    rate: int
    target: float


SCENARIOS = (
    Scenario("short", 400, 10, 300, 0, 1.05),
    Scenario("long", 400, 10, 1_800, 0, 1.10),
    Scenario("wide", 1_600, 40, 300, 0, 1.10),
    Scenario("wide-400", 400, 40, 300, 0, 1.10),
    Scenario("rate", 400, 10, 300, 300, 1.03),
)


@dataclass(frozen=True, slots=True)
class Run:
    """What one run took."""

    client: str
    seconds: float
    ideal: float
    busy: float
    mebibytes: float
    given_up: int
    refused: int
    server_busy: float

    @property
    def ratio(self) -> float:
        """Seconds over the ideal."""
        return self.seconds / self.ideal


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path, required=True)
    parser.add_argument("--only", nargs="+", choices=[scenario.name for scenario in SCENARIOS])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--client", nargs="+", choices=list(NAMES), default=["ours", "sdk"])
    arguments = parser.parse_args()
    if not (arguments.bench / SERVER).exists():
        sys.exit(f"there is no {SERVER} in {arguments.bench}")
    print(
        f"{'':42} {'target':>6} {'wall÷ideal':>10} {'wall s':>7} {'busy s':>7} {'MiB':>5} {'429s':>5} {'given up':>8}"
    )
    for scenario in SCENARIOS:
        if arguments.only is None or scenario.name in arguments.only:
            _compare(arguments.bench, scenario, arguments.client, arguments.rounds)


def _compare(bench: Path, scenario: Scenario, clients: list[str], rounds: int) -> None:
    rate = f", {scenario.rate}/min" if scenario.rate else ""
    print(
        f"{scenario.requests:,} × {scenario.characters:,} characters, {scenario.concurrency} at once{rate} "
        f"(load {os.getloadavg()[0]:.1f})"
    )
    runs = [_run(bench, scenario, client) for _ in range(rounds) for client in clients]
    for client in clients:
        mine = sorted((run for run in runs if run.client == client), key=lambda run: run.ratio)
        run = mine[len(mine) // 2]
        target = f"{scenario.target:.2f}" if client == "ours" else ""
        print(
            f"  {NAMES[client]:40} {target:>6} {run.ratio:10.3f} {run.seconds:7.2f} {run.busy:7.2f} "
            f"{run.mebibytes:5.0f} {run.refused:5} {run.given_up:8}   "
            f"(ideal {run.ideal:.2f} s, best {mine[0].ratio:.3f}, server busy {run.server_busy:.1f} s)",
            flush=True,
        )


def _run(bench: Path, scenario: Scenario, client: str) -> Run:
    with _server(bench, scenario) as (url, books):
        numbers = (scenario.characters, scenario.requests, scenario.concurrency, scenario.rate)
        command = [sys.executable, str(LOAD), client, url, *map(str, numbers)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    load: Mapping[str, Any] = json.loads(done.stdout.splitlines()[-1])
    latencies = [0.25 + 0.01 * length / 100 for length in load["lengths"]]
    rated = scenario.rate and scenario.requests > scenario.rate
    ideal = (
        MINUTE + sum(latencies[scenario.rate :]) / scenario.concurrency
        if rated
        else sum(latencies) / scenario.concurrency
    )
    return Run(
        client=client,
        seconds=load["seconds"],
        ideal=ideal,
        busy=load["busy"],
        mebibytes=load["peak_mib"],
        given_up=load["given_up"],
        refused=sum(books.get(name, 0) for name in REFUSALS),
        server_busy=books.get("cpu", 0.0),
    )


@contextmanager
def _server(bench: Path, scenario: Scenario) -> Iterator[tuple[str, dict[str, Any]]]:
    """A fresh reference server: its address, and the books that it prints when it is stopped."""
    port = _free_port()
    limits = ["--concurrent", str(scenario.concurrency), "--rpm", str(scenario.rate)]
    command = [sys.executable, str(bench / SERVER), "--port", str(port), *limits]
    books: dict[str, Any] = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            sys.exit("the reference server did not start")
        try:
            yield f"http://127.0.0.1:{port}", books
        finally:
            process.terminate()
            books.update(json.loads(process.stdout.readline() or "{}"))
            time.sleep(0.2)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
