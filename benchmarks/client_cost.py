"""What a generation costs the caller: our client beside the provider's own SDK, same server, same texts, same run.

    python benchmarks/client_cost.py [--characters 300 1800] [--requests 96] [--concurrency 8] [--rounds 3]

The SDK is the package ``kugelaudio==2.7.0``, one of the development dependencies (``pip install kugelaudio==2.7.0``).
The local server runs in this process in its silent mode: tones of real length (15 characters a second at 24 kHz) in
Base64 frames, with word timestamps. Each client runs in a process of its own (``client_load.py``), in turns, round by
round: it speaks texts of 0.5 to 1.5 times the characters, several at once, and saves each as a WAV file. Counted are
its processor seconds from the first request to the last (imports are given beside them) and the peak of its resident
memory; a last run of four times as many requests shows whether memory grows with their number.
Targets: at most half of the SDK's processor time; at most 60 MiB at 300 characters and 120 MiB at 1,800; no growth.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.server.accounts import LOCAL_KEY
from pipeline.server.running import BackgroundServer
from pipeline.server.service import ServerOptions

CLIENTS = ("ours", "sdk")
GROWTH = 4
TARGET_SHARE = 0.5
TARGET_MIB = {300: 60, 1800: 120}


@dataclass(frozen=True, slots=True)
class Load:
    """What one client is to do."""

    url: str
    characters: int
    requests: int
    concurrency: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What it took: processor seconds before and during the requests, and the peak of resident memory in MiB."""

    start_seconds: float
    seconds: float
    peak_mib: float


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    with BackgroundServer(ServerOptions(silent=True, tier=0)) as server:
        for characters in arguments.characters:
            _compare(Load(server.url, characters, arguments.requests, arguments.concurrency), arguments.rounds)


def _compare(load: Load, rounds: int) -> None:
    print(f"{load.characters} characters, {load.requests} requests, {load.concurrency} at once, {rounds} rounds")
    costs: dict[str, list[Cost]] = {client: [] for client in CLIENTS}
    for number in range(rounds):
        for client in CLIENTS if number % 2 == 0 else reversed(CLIENTS):
            costs[client].append(_run(client, load))
    for client in CLIENTS:
        more = _run(client, replace(load, requests=load.requests * GROWTH))
        print(
            f"  {client:<5} {_shown(costs[client], load.requests)}, {more.peak_mib:.0f} MiB after {GROWTH} times more"
        )
    shares = [ours.seconds / sdk.seconds for ours, sdk in zip(costs["ours"], costs["sdk"], strict=True)]
    spread = f"{min(shares):.0%}-{max(shares):.0%}"
    memory = f"; memory: at most {TARGET_MIB[load.characters]} MiB" if load.characters in TARGET_MIB else ""
    print(f"  ours takes {statistics.median(shares):.0%} of the SDK's CPU ({spread})")
    print(f"  targets: at most {TARGET_SHARE:.0%}{memory}")


def _shown(costs: list[Cost], requests: int) -> str:
    each_ms = [cost.seconds / requests * 1000 for cost in costs]
    start_seconds = statistics.median(cost.start_seconds for cost in costs)
    return (
        f"{statistics.median(each_ms):6.2f} ms CPU a request ({min(each_ms):.2f}-{max(each_ms):.2f}), "
        f"{start_seconds:.2f} s to start, peak {max(cost.peak_mib for cost in costs):.0f} MiB"
    )


def _run(client: str, load: Load) -> Cost:
    """One client in a process of its own."""
    script = str(Path(__file__).with_name("client_load.py"))
    numbers = map(str, (load.characters, load.requests, load.concurrency))
    command = [sys.executable, script, client, load.url, LOCAL_KEY, *numbers]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=_environment())
    if done.returncode:
        sys.exit(f"{client}: {done.stderr.strip()}\n(the SDK: pip install kugelaudio==2.7.0)")
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def _environment() -> dict[str, str]:
    """This checkout is importable, wherever the benchmark is started."""
    root = str(Path(__file__).resolve().parent.parent)
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--characters", type=int, nargs="+", default=[300, 1800])
    parser.add_argument("--requests", type=int, default=96)
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    main()
