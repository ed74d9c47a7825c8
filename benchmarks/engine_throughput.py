"""The embedded engine through its worker processes, against the bare engine on the same cores in the same run.

    python benchmarks/engine_throughput.py [TEXT] [--characters 60000] [--rounds 5] [--jobs N]

TEXT is a plain text file in English (without one, a built-in page is repeated). Both ways speak the same paragraphs,
in turns, round by round, every process loaded before the first: the bare engine is ``Hibari()(paragraph)`` in a
process pool that throws the sound away, ours is ``HibariEngine.speak``, which hands over sound and word times. The
measure is wall time for the same text (the bare engine's audio is longer: it keeps the silence around every
sentence); processor time is given beside it, since other work on the machine disturbs it less.
Targets: at least 95 % of the bare engine; a worker within 400 MiB.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import re
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.engines.hibari import HibariEngine
from pipeline.engines.local.cores import usable_cores
from pipeline.engines.protocol import Order

PAGE = """The keeper of the light had kept no ledger before that winter. On 3 November 1815, at 7:30 p.m., he wrote the
first line.

“Wind from the north,” he wrote, “and no sail since Tuesday; the oil will last, if the boats come, until the new year.”

His daughter, who could not yet read, drew a small ship in the margin. It had three masts, and it was on fire. He asked
her what had happened to the crew. She thought about it for a while, and then she said that they had all gone home.

In the spring there were forty-one pages. He had counted every bird that struck the glass, every cask, every hour of
fog; he had left nothing out but the night when the lamp failed, because he had been asleep."""
WARM_UP = "Before the clock starts, every process says this once."


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    text = arguments.text.read_text(encoding="utf-8") if arguments.text else PAGE
    paragraphs = _paragraphs(text, arguments.characters)
    rounds = [paragraphs[i :: arguments.rounds] for i in range(arguments.rounds)]
    print(f"{sum(map(len, paragraphs))} characters in {len(paragraphs)} paragraphs, {arguments.jobs} processes each")
    asyncio.run(_measure(rounds, arguments.jobs))


async def _measure(rounds: Sequence[Sequence[str]], jobs: int) -> None:
    bare_wall, our_wall, bare_audio, our_audio = [], [], 0.0, 0.0
    with multiprocessing.get_context("spawn").Pool(jobs) as bare:
        bare.map(_say_bare, [WARM_UP] * jobs * 4, chunksize=1)
        async with HibariEngine(jobs) as engine:
            voice = engine.resolve_voice({}, 1.0)
            await asyncio.gather(*(engine.speak(Order(WARM_UP, "en", voice)) for _ in range(jobs * 4)))
            for paragraphs in rounds:
                wall, seconds = _bare(bare, paragraphs)
                bare_wall.append(wall)
                bare_audio += seconds
                wall, seconds = await _ours(engine, paragraphs)
                our_wall.append(wall)
                our_audio += seconds
            _report(bare_wall, our_wall, bare_audio, our_audio)


def _bare(pool: Any, paragraphs: Sequence[str]) -> tuple[float, float]:
    start = time.perf_counter()
    samples = sum(pool.imap_unordered(_say_bare, paragraphs, chunksize=1))
    return time.perf_counter() - start, samples / 24_000


async def _ours(engine: HibariEngine, paragraphs: Sequence[str]) -> tuple[float, float]:
    voice = engine.resolve_voice({}, 1.0)
    start = time.perf_counter()
    seconds = 0.0
    for speaking in asyncio.as_completed([engine.speak(Order(text, "en", voice)) for text in paragraphs]):
        seconds += (await speaking).usage.audio_seconds
    return time.perf_counter() - start, seconds


def _report(bare_wall: list[float], our_wall: list[float], bare_audio: float, our_audio: float) -> None:
    ratios = [bare / ours for bare, ours in zip(bare_wall, our_wall, strict=True)]
    print(f"bare engine  {sum(bare_wall):7.2f} s wall  {bare_audio:8.1f} s audio  {bare_audio / sum(bare_wall):6.1f}x")
    print(f"ours         {sum(our_wall):7.2f} s wall  {our_audio:8.1f} s audio  {our_audio / sum(our_wall):6.1f}x")
    print(
        f"ours reaches {statistics.median(ratios):.1%} of the bare engine (rounds {min(ratios):.1%}-{max(ratios):.1%})"
    )
    for kind, seconds in _processor_seconds().items():
        print(f"processor    {kind}: {seconds:.2f} s in all, start included")
    for kind, sizes in _peaks().items():
        print(f"peak memory  {kind}: " + ", ".join(f"{size:.0f} MiB" for size in sizes))


def _peaks() -> dict[str, list[float]]:
    """Peak resident memory in MiB of this process and its children (Linux; elsewhere nothing)."""
    peaks: dict[str, list[float]] = {}
    for kind, folder in _processes():
        peak = re.search(r"^VmHWM:\s+(\d+)", (folder / "status").read_text(), re.MULTILINE)
        if peak is not None:
            peaks.setdefault(kind, []).append(int(peak.group(1)) / 1024)
    return peaks


def _processor_seconds() -> dict[str, float]:
    """Processor time used by this process and its children (Linux; elsewhere nothing)."""
    seconds: dict[str, float] = {}
    for kind, folder in _processes():
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        used = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        seconds[kind] = seconds.get(kind, 0.0) + used
    return seconds


def _processes() -> Iterator[tuple[str, Path]]:
    """This process and its children that speak: what they are, and their folder in /proc."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            command = (folder / "cmdline").read_bytes().decode("utf-8", "replace")
        except OSError:
            continue  # it ended while we looked
        if int(folder.name) == os.getpid():
            yield "this process", folder
        elif parent == os.getpid() and "spawn_main" in command:
            yield "bare workers", folder
        elif parent == os.getpid() and "local.worker" in command:
            yield "our workers", folder


@cache
def _bare_engine() -> Any:
    from hibari import Hibari  # noqa: PLC0415 - loaded in the pool's processes alone

    return Hibari()


def _say_bare(text: str) -> int:
    return len(_bare_engine()(text, seed=0))


def _paragraphs(text: str, characters: int) -> list[str]:
    found = [" ".join(part.split()) for part in re.split(r"\n\s*\n", text) if part.strip()]
    paragraphs: list[str] = []
    total = 0
    while total < characters:
        for paragraph in found:
            if total >= characters:
                break
            paragraphs.append(paragraph[:4000])
            total += len(paragraphs[-1])
    return paragraphs


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("text", nargs="?", type=Path)
    parser.add_argument("--characters", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=usable_cores())
    arguments = parser.parse_args()
    if arguments.text and not arguments.text.read_text(encoding="utf-8").strip():
        sys.exit(f"{arguments.text} is empty")
    return arguments


if __name__ == "__main__":
    main()
