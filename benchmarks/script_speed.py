"""How fast a manuscript becomes a script, beside sentencex alone and a naive splitter, in one run.

    python benchmarks/script_speed.py BOOK [--megabytes 5] [--runs 3]

BOOK (EPUB, Markdown or text) is read once and repeated to the size asked for; the best of the runs counts, in
processor time of one core, so that other work on the machine does not.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import sentencex

from pipeline.manuscript.model import Manuscript
from pipeline.manuscript.reading import read_manuscript
from pipeline.project.dictionaries import DictionaryEntry
from pipeline.project.models import Casting, ChapterEntry, Project
from pipeline.project.voices import Voice
from pipeline.script.scripting import write_script
from pipeline.script.sentences import sentences

LIMIT = 2000
ENTRIES = 1000


def repeated(manuscript: Manuscript, characters: int) -> Manuscript:
    """The book again and again, until it holds at least ``characters``."""
    size = sum(len(block.text) for chapter in manuscript.chapters for block in chapter.blocks)
    times = -(-characters // size)
    chapters = [
        replace(chapter, slug=f"{chapter.slug}-{turn}") for turn in range(times) for chapter in manuscript.chapters
    ]
    return replace(manuscript, chapters=tuple(chapters))


def names(text: str) -> tuple[DictionaryEntry, ...]:
    """A dictionary: the names of the book (capitals after a small letter), filled up with words it has not."""
    found = sorted(set(re.findall(r"(?<=[a-z,] )[A-Z][a-z]{3,}", text)))[: ENTRIES // 2]
    filler = [f"Quibblethorpe{number}" for number in range(ENTRIES - len(found))]
    return tuple(DictionaryEntry(word, word.lower()) for word in [*found, *filler])


def naive(text: str) -> list[str]:
    """Paragraphs put together until the next would pass the limit."""
    segments, filled = [], ""
    for paragraph in text.split("\n\n"):
        if filled and len(filled) + 2 + len(paragraph) > LIMIT:
            segments.append(filled)
            filled = paragraph
        else:
            filled = f"{filled}\n\n{paragraph}" if filled else paragraph
    return [*segments, filled]


def megabytes_a_second(work: Callable[[], object], size: int, runs: int) -> float:
    """The best of ``runs``."""
    best = float("inf")
    for _ in range(runs):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return size / 1e6 / best


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("book", type=Path)
    parser.add_argument("--megabytes", type=float, default=5)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    if not options.book.is_file():
        print(f"there is no book at {options.book}: give the path of an EPUB, Markdown or text file", file=sys.stderr)
        return 2
    book = options.book.resolve()
    entry = ChapterEntry(source=book.name)
    plain = Project(folder=book.parent, manifest=book.parent / "project.yaml", title=book.stem, chapters=(entry,))
    manuscript = repeated(read_manuscript(plain), int(options.megabytes * 1e6))
    paragraphs = [block.text for chapter in manuscript.chapters for block in chapter.blocks if block.text]
    text = "\n\n".join(paragraphs)
    two_voices = {"voices": {"narrator": Voice(), "other": Voice()}, "casting": Casting(dialogue="other")}
    works: dict[str, Callable[[], object]] = {
        "script": lambda: write_script(manuscript, plain, limit=LIMIT),
        f"script, {ENTRIES:,} entries": lambda: write_script(manuscript, with_names, limit=LIMIT),
        "script, dialogue cast": lambda: write_script(manuscript, with_dialogue, limit=LIMIT),
        "our sentences": lambda: [sentences(paragraph, "en") for paragraph in paragraphs],
        "sentencex, boundaries": lambda: [
            sentencex.get_sentence_boundaries("en", paragraph) for paragraph in paragraphs
        ],
        "sentencex, sentences": lambda: [sentencex.segment("en", paragraph) for paragraph in paragraphs],
        "naive greedy filling": lambda: naive(text),
    }
    with_names = plain.model_copy(update={"entries": names(text)})
    with_dialogue = plain.model_copy(update=two_voices)
    size = len(text.encode())
    print(f"{book.name} repeated to {size / 1e6:.1f} MB in {len(manuscript.chapters)} chapters, limit {LIMIT}")
    speeds = {name: megabytes_a_second(work, size, options.runs) for name, work in works.items()}
    for name, speed in speeds.items():
        print(f"{name:24} {speed:8.1f} MB/s   {speed / speeds['sentencex, sentences']:7.3f} of sentencex")
    return 0


if __name__ == "__main__":
    sys.exit(main())
