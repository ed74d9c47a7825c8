"""Kill paid renders at random instants, a hundred times, and check takes, ledger, outputs and the server's books.

    python -m benchmarks.crash_harness [--kills 100] [--seed 1] [--paragraphs 20]

Real `narrate render` processes speak to a real `narrate serve` process (tones, 10-110 ms a request, six at once). Every
project is killed up to four times in a row (four in five by SIGKILL, else by SIGTERM), six times in ten amid requests
and else at an instant drawn evenly from an undisturbed run's length, then rendered to its end. Prints a row for each
project, and exits with 1 where anything does not hold (what is checked: `tests/cli/killing.py`).
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from pipeline.server.accounts import LOCAL_KEY
from tests.cli.killing import Survived, serving, survive, undisturbed, write_project

MOST_IN_A_ROW = 4


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--paragraphs", type=int, default=20, help="in each of two chapters")
    arguments = parser.parse_args()
    os.environ["KUGELAUDIO_API_KEY"] = LOCAL_KEY
    with tempfile.TemporaryDirectory() as folder:
        survived = _kill_all(Path(folder), arguments.kills, arguments.paragraphs, random.Random(arguments.seed))
    return _report(survived)


def _kill_all(folder: Path, kills: int, paragraphs: int, chance: random.Random) -> list[Survived]:
    survived: list[Survived] = []
    with serving(folder) as server:
        expected = undisturbed(write_project(folder / "whole", paragraphs), server)
        print(f"undisturbed: {expected.seconds:.1f} s from the first event, {len(expected.outputs)} outputs")
        print("| killed while | suspected | attempts | billed | ledger | unknown billed | lost | twice | faults |")
        print("|---|---|---|---|---|---|---|---|---|")
        while (left := kills - sum(len(each.killed) for each in survived)) > 0:
            project = write_project(folder / f"killed-{len(survived)}", paragraphs)
            each = survive(project, server, expected, min(left, chance.randint(1, MOST_IN_A_ROW)), chance)
            survived.append(each)
            print(_row(each), *each.faults, sep="\n", flush=True)
    return survived


def _row(each: Survived) -> str:
    found = each.reckoning
    phases = ", ".join(f"{kill.phase} ({kill.signal.name})" for kill in each.killed)
    suspected = sum(kill.suspected for kill in each.killed)
    money = (found.billed, found.known, found.unknown_billed, found.lost, found.twice)
    return f"| {phases} | {suspected} | {found.attempts} | {' | '.join(map(str, money))} | {len(each.faults)} |"


def _report(survived: list[Survived]) -> int:
    kills = [kill for each in survived for kill in each.killed]
    phases = Counter(f"{kill.phase} ({kill.signal.name})" for kill in kills)
    faults = [fault for each in survived for fault in each.faults]
    print(f"{len(kills)} kills of {len(survived)} projects: {dict(phases)}")
    print(
        f"suspected: {sum(kill.suspected for kill in kills)} attempts, at most {max(k.suspected for k in kills)} a kill"
    )
    print("\n".join(faults) if faults else "everything holds")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
