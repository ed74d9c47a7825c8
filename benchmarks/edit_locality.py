"""How much an edit re-makes: our segments against filling every request greedily.

    python benchmarks/edit_locality.py BOOK [--edits 200] [--limit 2000]

BOOK is an EPUB, Markdown or text file. At random places of it (seeded, any character as likely as any other) a word is
changed, a sentence added, or a paragraph removed; after each edit the table counts the segments that were not there
before, and their characters: what a render would make, or buy, again.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from pipeline.manuscript.model import Block, BlockKind, Chapter, Manuscript, Span
from pipeline.manuscript.reading import read_manuscript
from pipeline.project.models import ChapterEntry, Project
from pipeline.script.scripting import write_script
from pipeline.script.sentences import sentences

Rule = Callable[[Chapter], Counter[tuple[object, ...]]]
Edit = Callable[[random.Random, Chapter, int], Chapter]


def ours(project: Project, limit: int) -> Rule:
    """Segments as the script stage makes them, by what goes into their content key."""

    def segments(chapter: Chapter) -> Counter[tuple[object, ...]]:
        script = write_script(Manuscript((chapter,)), project, limit=limit)
        return Counter((part.text, part.voice, part.language, part.entries) for part in script.chapters[0].segments)

    return segments


def greedy(limit: int) -> Rule:
    """Paragraphs (sentences, where one is too long) put together until the next would pass the limit."""

    def segments(chapter: Chapter) -> Counter[tuple[object, ...]]:
        return Counter((text,) for row in _rows(chapter) for text in _filled(row, limit))

    return segments


def paragraphs(limit: int) -> Rule:
    """Every paragraph by itself; sentences filled greedily where one is too long."""

    def segments(chapter: Chapter) -> Counter[tuple[object, ...]]:
        return Counter((text,) for row in _rows(chapter) for block in row for text in _filled([block], limit))

    return segments


def _rows(chapter: Chapter) -> Iterator[list[str]]:
    row: list[str] = []
    for block in chapter.blocks:
        if block.kind is BlockKind.PARAGRAPH:
            row.append(block.text)
            continue
        yield row
        yield [block.text] if block.text else []
        row = []
    yield row


def _filled(row: list[str], limit: int) -> Iterator[str]:
    filled = ""
    for paragraph in row:
        parts = [paragraph] if len(paragraph) <= limit else [paragraph[a:b] for a, b in sentences(paragraph, "en")]
        for part in parts:
            if filled and len(filled) + 2 + len(part) > limit:
                yield filled
                filled = ""
            filled = f"{filled}\n\n{part}" if filled else part
    if filled:
        yield filled


def change_word(rng: random.Random, chapter: Chapter, index: int) -> Chapter:
    """Another word in place of one."""
    text = chapter.blocks[index].text
    starts = [at for at in range(len(text)) if text[at].isalpha() and (at == 0 or text[at - 1] == " ")] or [0]
    start = rng.choice(starts)
    end = next((at for at in range(start, len(text)) if not text[at].isalpha()), len(text))
    return _with_text(chapter, index, start, end, rng.choice(["lantern", "sea", "unquestionable", "grey", "harbour"]))


def add_sentence(rng: random.Random, chapter: Chapter, index: int) -> Chapter:
    """A sentence of 4 to 24 words before one of the paragraph's."""
    start, _ = rng.choice(sentences(chapter.blocks[index].text, "en"))
    words = [
        rng.choice(["the", "wind", "lamp", "rose", "under", "grey", "water", "again"])
        for _ in range(rng.randint(4, 24))
    ]
    return _with_text(chapter, index, start, start, " ".join(words).capitalize() + ". ")


def remove_paragraph(_rng: random.Random, chapter: Chapter, index: int) -> Chapter:
    """One paragraph less."""
    return replace(chapter, blocks=chapter.blocks[:index] + chapter.blocks[index + 1 :])


def _with_text(chapter: Chapter, index: int, start: int, end: int, new: str) -> Chapter:
    """The chapter with ``new`` in place of a stretch of one block; the block's spans move along."""
    block = chapter.blocks[index]
    shift = len(new) - (end - start)

    def moved(at: int) -> int:
        return at if at <= start else max(start, at + shift)

    spans = [replace(span, start=moved(span.start), end=moved(span.end)) for span in block.spans]
    edited = replace(block, text=block.text[:start] + new + block.text[end:], spans=tuple(filter(_is_not_empty, spans)))
    return replace(chapter, blocks=(*chapter.blocks[:index], edited, *chapter.blocks[index + 1 :]))


def _is_not_empty(span: Span) -> bool:
    return span.start < span.end


EDITS: dict[str, Edit] = {
    "word changed": change_word,
    "sentence added": add_sentence,
    "paragraph removed": remove_paragraph,
}


def places(rng: random.Random, manuscript: Manuscript, count: int) -> list[tuple[Chapter, int]]:
    """Paragraphs at random characters of the book."""
    everywhere = [
        (chapter, index)
        for chapter in manuscript.chapters
        for index, block in enumerate(chapter.blocks)
        if block.kind is BlockKind.PARAGRAPH
    ]
    return rng.choices(everywhere, [len(_block(place).text) for place in everywhere], k=count)


def _block(place: tuple[Chapter, int]) -> Block:
    chapter, index = place
    return chapter.blocks[index]


def measure(rule: Rule, edit: Edit, found: list[tuple[Chapter, int]], seed: int) -> tuple[list[int], list[int]]:
    """Segments and characters that are new after each edit, sorted."""
    rng = random.Random(seed)
    before: dict[str, Counter[tuple[object, ...]]] = {}
    segments, characters = [], []
    for chapter, index in found:
        old = before.setdefault(chapter.slug, rule(chapter))
        new = rule(edit(rng, chapter, index)) - old
        segments.append(new.total())
        characters.append(sum(len(str(key[0])) * times for key, times in new.items()))
    return sorted(segments), sorted(characters)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("book", type=Path)
    parser.add_argument("--edits", type=int, default=200)
    parser.add_argument("--limit", type=int, default=2000)
    options = parser.parse_args()
    if not options.book.is_file():
        print(f"there is no book at {options.book}: give the path of an EPUB, Markdown or text file", file=sys.stderr)
        return 2
    book = options.book.resolve()
    entry = ChapterEntry(source=book.name)
    project = Project(folder=book.parent, manifest=book.parent / "project.yaml", title=book.stem, chapters=(entry,))
    manuscript = read_manuscript(project)
    found = places(random.Random(1), manuscript, options.edits)
    rules = {
        "ours": ours(project, options.limit),
        "paragraphs": paragraphs(options.limit),
        f"greedy {project.segment_target}": greedy(project.segment_target),
        f"greedy {options.limit}": greedy(options.limit),
    }
    print(f"{book.name}: {options.edits} edits of each kind, limit {options.limit}")
    print(
        f"{'':12} {'segments':>8} {'':18} {'new: median':>11} {'p99':>4} {'max':>4} "
        f"{'characters: median':>19} {'mean':>6}"
    )
    for name, rule in rules.items():
        count = sum(rule(chapter).total() for chapter in manuscript.chapters)
        for kind, edit in EDITS.items():
            segments, characters = measure(rule, edit, found, seed=7)
            middle, nearly_all = len(segments) // 2, int(len(segments) * 0.99) - 1
            print(
                f"{name:12} {count:8,} {kind:18} {segments[middle]:11} {segments[nearly_all]:4} {segments[-1]:4} "
                f"{characters[middle]:19,} {sum(characters) / len(characters):6,.0f}"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
