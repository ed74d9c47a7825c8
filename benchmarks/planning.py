"""What planning costs: `narrate plan` on ten thousand segments, beside bare reading of their sidecars.

    python benchmarks/planning.py [--segments 10000] [--runs 3]

A manuscript of the size asked for (about 500 characters a segment, as paragraphs of a novel) is written, a take with
word times stored for each of its segments (all share one second of audio), and then, in processes of their own:

- `narrate plan` with every take stored, the first time and again (then the index of the sidecars is there), with none,
  and with one word changed;
- for comparison, a process that does nothing but read the same sidecars and parse them with orjson.

Prints seconds, their ratio to the bare reading, and the peak memory of each; then the plan's peak memory for a tenth of
the manuscript, to show how it grows. The best of the runs counts.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson

from pipeline import workflow
from pipeline.engines.protocol import Speech, Usage, WordTimes
from pipeline.script.words import written_words
from pipeline.store.layout import Layout

NARRATE = [sys.executable, "-m", "pipeline.cli.main"]
BARE = """
import os, sys, orjson
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        if name.endswith(".json"):
            with open(os.path.join(folder, name), "rb") as file:
                orjson.loads(file.read())
"""
WATCHING = """
import os, subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, used = os.wait4(child.pid, 0)
if status:
    sys.exit(f"{sys.argv[1:]} failed")
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
"""
WORDS = (
    *("the", "lamp", "keeper", "stairs", "harbour", "wind", "and", "grey", "water", "rose", "under", "his", "again"),
    *("nobody", "said", "that", "she", "had", "counted", "them", "before", "morning", "Fitzwilliam", "of", "light"),
)
SECOND = 24_000
SETTLED_SECONDS = 4.0
"""Sidecars that were written a moment ago are not indexed."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Wall and processor seconds, and peak memory in MiB, of a process."""

    seconds: float
    busy: float
    mebibytes: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--segments", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        big, small = Path(scratch) / "big", Path(scratch) / "small"
        characters = write_project(big, arguments.segments)
        write_project(small, arguments.segments // 10)
        command = [*NARRATE, "plan", str(big)]
        none = best(command, arguments.runs)
        segments = store_all(big)
        store_all(small)
        time.sleep(SETTLED_SECONDS)
        first = best(command, 1)
        every = best(command, arguments.runs)
        bare = best([sys.executable, "-c", BARE, str(big / ".narration" / "takes")], arguments.runs)
        tenth = best([*NARRATE, "plan", str(small)], arguments.runs)
        book = big / "book.txt"
        book.write_text(book.read_text().replace("harbour", "haven", 1))
        one = best(command, arguments.runs)
    print(f"{segments:,} segments, {characters:,} characters\n")
    print(f"{'':34} {'seconds':>8} {'busy':>8} {'× bare':>8} {'MiB':>6}")
    for name, row in (
        ("bare reading of the sidecars", bare),
        ("plan, every take stored, first", first),
        ("plan, every take stored", every),
        ("plan, no take stored", none),
        ("plan, one word changed", one),
        ("plan of a tenth, all stored", tenth),
    ):
        print(f"{name:34} {row.seconds:8.2f} {row.busy:8.2f} {row.busy / bare.busy:8.2f} {row.mebibytes:6.0f}")


def write_project(folder: Path, segments: int) -> int:
    """A manuscript of so many paragraphs, a heading to every hundred; return its characters."""
    folder.mkdir()
    rng = random.Random(1)
    parts = []
    for number in range(segments):
        if number % 100 == 0:
            parts.append(f"Chapter {number // 100 + 1}")
        parts.append(" ".join(_sentence(rng) for _ in range(rng.randint(4, 9))))
    text = "\n\n".join(parts)
    (folder / "book.txt").write_text(text)
    source = '{source: book.txt, split: "Chapter [0-9]+"}'
    (folder / "project.yaml").write_text(f"title: Ten Thousand\nchapters: [{source}]\n")
    return len(text)


def _sentence(rng: random.Random) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(rng.randint(6, 22))).capitalize() + "."


def store_all(folder: Path) -> int:
    """Store a take for every segment, durable writes left out: files as a render leaves them."""
    plan = workflow.plan(folder)
    takes = Layout(folder / ".narration", folder / "build").takes
    first = next(plan.segments())
    pcm = (np.sin(np.arange(SECOND) / 20) * 6000).astype(np.int16)
    takes.put(first.key, first.inputs, _speech(first.segment.text, pcm), (0, SECOND), "bench")
    audio = takes.audio_path(first.key).read_bytes()
    sidecar = takes.sidecar_path(first.key).read_bytes()
    pattern = orjson.loads(sidecar)
    count = 0
    for planned in plan.segments():
        count += 1
        words = _speech(planned.segment.text, pcm).words
        columns = ("char_start", "char_end", "start_sample", "end_sample")
        document = {
            **pattern,
            "key": planned.key,
            "words": {name: getattr(words, name).tolist() for name in columns},
            "inputs": dict(planned.inputs),
        }
        takes.audio_path(planned.key).parent.mkdir(parents=True, exist_ok=True)
        takes.audio_path(planned.key).write_bytes(audio)
        takes.sidecar_path(planned.key).write_bytes(orjson.dumps(document))
    return count


def _speech(text: str, pcm: np.ndarray) -> Speech:
    places = np.array(written_words(text), np.int32).reshape(-1, 2)
    starts = (places[:, 0] * 1600).astype(np.int32)
    words = WordTimes(places[:, 0], places[:, 1], starts, starts + 800)
    return Speech(pcm, SECOND, words, Usage(len(pcm) / SECOND, len(text)))


def best(command: Sequence[str], runs: int) -> Measured:
    """The fastest of several runs of a command."""
    return min((_run(command) for _ in range(runs)), key=lambda measured: measured.seconds)


def _run(command: Sequence[str]) -> Measured:
    """Run a command below a small process: memory is told as the highest since the fork, when it was its parent's."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-S", "-c", WATCHING, *command], capture_output=True, text=True, check=True)
    seconds = time.perf_counter() - start
    busy, peak = map(float, done.stdout.split())
    return Measured(seconds, busy, peak / (1024 * 1024 if sys.platform == "darwin" else 1024))


if __name__ == "__main__":
    main()
