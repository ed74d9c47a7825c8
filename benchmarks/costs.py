"""What cost reports cost: `narrate costs` over a ledger of a million lines, beside bare parsing of the same lines.

    python benchmarks/costs.py [--lines 1000000] [--runs 1]

The ledger of 50 runs is written: two lines an attempt, one attempt in fifty rejected or failed and made again, one in a
thousand cut off without its second line. Then, in processes of their own:

- a process that does nothing but read the lines and parse them with orjson;
- `narrate costs`, by itself, by day and voice, and with a second copy of the whole ledger beside it.

Prints processor seconds, their ratio to the bare pass, and peak memory; then the memory for a tenth of the ledger, to
show how it grows. The sum that is reported is held against the one that was written.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import orjson

NARRATE = [sys.executable, "-m", "pipeline.cli.main"]
BARE = """
import os, sys, orjson
for name in sorted(os.listdir(sys.argv[1])):
    with open(os.path.join(sys.argv[1], name), "rb") as file:
        for line in file:
            orjson.loads(line)
"""
WATCHING = """
import os, subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, used = os.wait4(child.pid, 0)
if status:
    sys.exit(f"{sys.argv[1:]} failed")
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
"""
RUNS = 50
START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Measured:
    """Processor seconds and peak memory in MiB of a process."""

    busy: float
    mebibytes: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        big, small, copy = Path(scratch) / "big", Path(scratch) / "small", Path(scratch) / "copy"
        cents = write_ledgers(big, arguments.lines)
        write_ledgers(small, arguments.lines // 10)
        shutil.copytree(big, copy)
        require_sum(big, cents)
        bare = best([sys.executable, "-c", BARE, str(big)], arguments.runs)
        command = [*NARRATE, "costs", "--ledger", str(big)]
        rows = [
            ("bare parsing of the lines", bare),
            ("narrate costs", best(command, arguments.runs)),
            ("by day and voice", best([*command, "--by", "day", "--by", "voice"], arguments.runs)),
            ("with a copy of everything", best([*command, "--ledger", str(copy)], arguments.runs)),
            ("a tenth of the ledger", best([*NARRATE, "costs", "--ledger", str(small)], arguments.runs)),
        ]
    print(f"{arguments.lines:,} lines, {cents:,} cents\n")
    print(f"{'':28} {'busy s':>8} {'× bare':>8} {'MiB':>6}")
    for name, row in rows:
        print(f"{name:28} {row.busy:8.2f} {row.busy / bare.busy:8.2f} {row.mebibytes:6.0f}")


def write_ledgers(folder: Path, lines: int) -> Decimal:
    """So many lines in a file for each run; return the sum of all charges that are known."""
    folder.mkdir()
    rng = random.Random(1)
    total = Decimal(0)
    for run in range(RUNS):
        with (folder / f"{run:02}.jsonl").open("wb") as file:
            for line, cents in _run_of(rng, run, lines // RUNS):
                file.write(line)
                total += cents
    return total


def _run_of(rng: random.Random, run: int, lines: int) -> Iterator[tuple[bytes, Decimal]]:
    written = 0
    at = START + timedelta(days=7 * run)
    name = f"{at:%Y%m%dT%H%M%SZ}-{run:08x}"
    while written < lines:
        at += timedelta(seconds=rng.uniform(0, 4))
        characters = rng.randint(40, 1800)
        seconds = round(characters / rng.uniform(13, 17), 6)
        cents = round(Decimal(str(seconds)) * 7 / 60, 6)
        outcome = rng.choices(("stored", "rejected", "failed"), (980, 10, 10))[0]
        common = {
            "schema": 1, "at": _time(at), "run": name, "event": "started", "attempt": f"{name}-{written:x}",
            "key": f"{rng.getrandbits(256):064x}", "chapter": f"chapter-{written * 40 // lines + 1}",
            "index": written % 250, "engine": "kugelaudio", "provider": "kugelaudio", "account": "4f1c2b9d",
            "model": "kugel-3", "voice": rng.choice(("narrator", "elsie")), "number": 1, "outcome": None,
            "error_code": None, "request_id": None, "characters": characters, "audio_seconds": None,
            "reserved_cents": str(cents * 2), "cost_cents": None, "rate": "7.0", "because": "new",
            "revision": f"{run:040x}",
        }  # fmt: skip
        yield orjson.dumps(common, option=orjson.OPT_APPEND_NEWLINE), Decimal(0)
        written += 2
        if rng.random() < 0.001:
            continue
        billed = outcome != "failed"
        ended = {
            **common, "at": _time(at + timedelta(seconds=seconds / 8)), "event": "ended", "outcome": outcome,
            "request_id": f"req-{rng.getrandbits(64):016x}", "audio_seconds": seconds if billed else None,
            "cost_cents": str(cents) if billed else "0",
        }  # fmt: skip
        yield orjson.dumps(ended, option=orjson.OPT_APPEND_NEWLINE), cents if billed else Decimal(0)


def _time(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def require_sum(folder: Path, cents: Decimal) -> None:
    """Stop where the report's total is not what was written."""
    command = [*NARRATE, "costs", "--ledger", str(folder), "--json"]
    report = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    reported = Decimal(report["real"]["total"]["cents"])
    if reported != cents:
        sys.exit(f"{reported} cents were reported, {cents} were written")


def best(command: Sequence[str], runs: int) -> Measured:
    """The run of a command that took the least processor time."""
    return min((_run(command) for _ in range(runs)), key=lambda measured: measured.busy)


def _run(command: Sequence[str]) -> Measured:
    """Run a command below a small process: memory is told as the highest since the fork, when it was its parent's."""
    done = subprocess.run([sys.executable, "-S", "-c", WATCHING, *command], capture_output=True, text=True, check=True)
    busy, peak = map(float, done.stdout.split())
    return Measured(busy, peak / (1024 * 1024 if sys.platform == "darwin" else 1024))


if __name__ == "__main__":
    main()
