"""A whole book on the embedded engine, beside the bare engine on every core, in one run.

usage: python benchmarks/novel.py BOOK.epub [--chapters 1-12] [--rounds 1]

Prints, as ratios where a peer exists:
  - takes made a second by `narrate render` against the bare engine (hibari's own call, one process a core, the same
    texts, audio dropped);
  - peak memory of the main process and of a worker;
  - a second `narrate render` with nothing to do, against `narrate --version` (what any start of it costs).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BARE = """
import json, sys, time
from hibari import Hibari
texts = json.load(open(sys.argv[1]))
engine = Hibari()
engine("Warm up.")
print("ready", flush=True)
sys.stdin.readline()
start = time.perf_counter()
samples = sum(len(engine(text, seed=0)) for text in texts)
print(json.dumps([time.perf_counter() - start, samples / 24000]))
"""
NARRATE = [sys.executable, "-m", "pipeline.cli.main"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("book", type=Path)
    parser.add_argument("--chapters", help="only these chapters, for a quick look")
    parser.add_argument("--rounds", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        project = Path(scratch)
        shutil.copy(arguments.book, project / "book.epub")
        (project / "project.yaml").write_text("title: Book\nlanguage: en\nchapters: [{source: book.epub}]\n")
        texts = missing_texts(project, arguments.chapters)
        for _ in range(arguments.rounds):
            shutil.rmtree(project / ".narration", ignore_errors=True)
            shutil.rmtree(project / "build", ignore_errors=True)
            bare = bare_speed(project, texts)
            report(bare, *render_speed(project, arguments.chapters))
        start, again = seconds([*NARRATE, "--version"]), seconds(render_command(project, arguments.chapters))
        print(f"nothing to do: {again:.2f} s for {len(texts)} segments; `narrate --version` takes {start:.2f} s here")


def missing_texts(project: Path, chapters: str | None) -> list[str]:
    """The texts that a first render asks for, in order."""
    plan = json.loads(subprocess.run([*NARRATE, "plan", "--json", project], check=True, capture_output=True).stdout)
    slugs = list(dict.fromkeys(segment["chapter"] for segment in plan["segments"]))
    wanted = set(slugs)
    if chapters:
        first, _, last = chapters.partition("-")
        wanted = set(slugs[int(first) - 1 : int(last or first)])
    return [segment["text"] for segment in plan["segments"] if segment["chapter"] in wanted]


def bare_speed(project: Path, texts: list[str]) -> float:
    """Characters a second of the bare engine, one process for each core, started together once loaded."""
    cores = os.cpu_count() or 1
    processes = []
    for core in range(cores):
        share = project / f"share-{core}.json"
        share.write_text(json.dumps(texts[core::cores]))
        one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}
        processes.append(
            subprocess.Popen(
                [sys.executable, "-c", BARE, str(share)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=one_thread,
            )
        )
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    results = []
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        assert process.stdout is not None
        results.append(json.loads(process.stdout.readline()))
        process.wait()
    return sum(map(len, texts)) / max(float(wall) for wall, _ in results)


def render_speed(project: Path, chapters: str | None) -> tuple[float, float, float]:
    """Characters a second while takes are made, loading included, and the peak MiB of main process and worker."""
    command = [*render_command(project, chapters), "--events", "json"]
    characters, started, ended, peak, worker_peak = 0, 0.0, 0.0, 0.0, 0.0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "render_started":
                started = time.perf_counter()
            elif event["event"] == "take_made":
                characters += event["characters"]
                ended = time.perf_counter()
            peak = max(peak, peak_mib(process.pid))
            worker_peak = max([worker_peak, *map(peak_mib, children(process.pid))])
    return characters / (ended - started), peak, worker_peak


def render_command(project: Path, chapters: str | None) -> list[str]:
    """The command under test."""
    return [*NARRATE, "render", str(project), *(["--chapters", chapters] if chapters else [])]


def children(pid: int) -> list[int]:
    """The processes that ``pid`` started (Linux)."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(child) for child in task.read_text().split()]
    return found


def peak_mib(pid: int) -> float:
    """Peak resident memory of a process (Linux); 0 once it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+)", status)
    return int(found[1]) / 1024 if found else 0.0


def seconds(command: list[str]) -> float:
    """The best of three runs, whole process."""
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        best = min(best, time.perf_counter() - start)
    return best


def report(bare: float, ours: float, peak: float, worker_peak: float) -> None:
    """One round."""
    print(f"bare engine {bare:.0f} characters/s, narrate render {ours:.0f}: ratio {ours / bare:.3f}")
    print(f"peak memory: main process {peak:.0f} MiB, worker {worker_peak:.0f} MiB", flush=True)


if __name__ == "__main__":
    main()
