"""How much memory a paid render takes: two manuscripts, one ten times as long as the other, at a local server.

    python benchmarks/paid_memory.py [--segments 3000] [--jobs 20]

`narrate render` runs in a process of its own against `narrate serve --silent` in another (tones of the right length:
9,000 segments of 600 characters are 100 hours). Prints, for a tenth of the segments and for all of them, the seconds
of audio, the wall time, and the peak resident memory of making the takes and publishing captions, which
are the only output.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NARRATE = [sys.executable, "-m", "pipeline.cli.main"]
MANIFEST = """title: Long
engine: kugelaudio
engines: {kugelaudio: {tier: 4}}
voices: {narrator: {kugelaudio: {voice_id: 1071}}}
segment_target: 600
chapters: [{source: book.md, split: "heading:1"}]
outputs: [{format: srt}]
rates: {kugel-3: 7.0}
"""
SENTENCE = "The {number} keeper of the light went up the stairs again and counted every one of them under his breath. "
SEGMENTS_A_CHAPTER = 100


def main() -> None:
    """Measure both sizes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--segments", type=int, default=3000)
    parser.add_argument("--jobs", type=int, default=20)
    arguments = parser.parse_args()
    command = [*NARRATE, "serve", "--silent", "--tier", "0", "--port", "0"]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server,
    ):
        assert server.stdout is not None
        url = server.stdout.readline().strip().removeprefix("serving on ")
        try:
            for segments in (arguments.segments // 10, arguments.segments):
                _measure(Path(folder) / str(segments), segments, url, arguments.jobs)
        finally:
            server.terminate()


def _measure(folder: Path, segments: int, url: str, jobs: int) -> None:
    folder.mkdir()
    paragraphs = [(SENTENCE.format(number=number) * 6)[:598] + "." for number in range(segments)]
    chapters = [
        f"# Part {start // SEGMENTS_A_CHAPTER}\n\n" + "\n\n".join(paragraphs[start : start + SEGMENTS_A_CHAPTER])
        for start in range(0, segments, SEGMENTS_A_CHAPTER)
    ]
    (folder / "book.md").write_text("\n\n".join(chapters) + "\n", encoding="utf-8")
    (folder / "project.yaml").write_text(MANIFEST, encoding="utf-8")
    command = [*NARRATE, "render", str(folder), "--api-url", url, "--jobs", str(jobs), "--max-cost", "100000"]
    started = time.monotonic()
    child = subprocess.Popen(
        [*command, "--events", "none"],
        env={**os.environ, "KUGELAUDIO_API_KEY": "ka_local"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    _, status, used = os.wait4(child.pid, 0)
    assert child.stderr is not None
    if status:
        sys.exit(child.stderr.read().decode())
    seconds = time.monotonic() - started
    hours = sum(map(len, paragraphs)) / 15 / 3600
    print(f"{segments:6} segments, {hours:6.1f} h of audio: {seconds:7.1f} s, {used.ru_maxrss / 1024:.0f} MiB at most")


if __name__ == "__main__":
    main()
