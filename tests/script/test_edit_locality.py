"""An edit changes the segment it falls in, seldom a second one."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.manuscript.model import Block, BlockKind, Chapter, Manuscript, Source
from pipeline.manuscript.reading import read_manuscript
from pipeline.project.models import ChapterEntry, Project
from pipeline.script.scripting import write_script
from pipeline.script.sentences import sentences

WORDS = ["lamp", "keeper", "wind", "stair", "slowly", "over", "grey", "water", "turned", "never", "again", "rope"]
EDITS = ("word", "sentence", "paragraph")


def sentence(rng: random.Random, most: int = 24) -> str:
    return " ".join(rng.choices(WORDS, k=rng.randint(1, most))).capitalize() + "."


def made_up_chapter(number: int) -> Chapter:
    """Half talk in short lines, half paragraphs, one of them far over the limit."""
    rng = random.Random(number)
    texts = []
    for _ in range(25):
        if rng.random() < 0.5:
            texts += [f"“{sentence(rng, 8)}”" for _ in range(rng.randint(1, 6))]
        texts.append(" ".join(sentence(rng) for _ in range(rng.randint(2, 8))))
    texts.insert(rng.randrange(len(texts)), " ".join(sentence(rng) for _ in range(120)))
    return chapter_of(f"made-up-{number}", texts)


def chapter_of(slug: str, texts: list[str]) -> Chapter:
    blocks = tuple(Block(BlockKind.PARAGRAPH, text, Source("a.txt", line)) for line, text in enumerate(texts, 1))
    return Chapter(slug, slug, blocks, Source("a.txt"))


def project_of(folder: Path, source: str) -> Project:
    return Project(folder=folder, manifest=folder / "project.yaml", title="T", chapters=(ChapterEntry(source=source),))


def keys(chapter: Chapter, project: Project) -> Counter[tuple[object, ...]]:
    script = write_script(Manuscript((chapter,)), project, limit=2000)
    return Counter((part.text, part.voice, part.language, part.entries) for part in script.chapters[0].segments)


def edited(rng: random.Random, chapter: Chapter, index: int, kind: str) -> Chapter:
    before, block, after = chapter.blocks[:index], chapter.blocks[index], chapter.blocks[index + 1 :]
    if kind == "paragraph":
        return replace(chapter, blocks=before + after)
    if kind == "word":
        words = block.text.split(" ")
        words[rng.randrange(len(words))] = "lantern"
        text = " ".join(words)
    else:
        at, _ = rng.choice(sentences(block.text, "en"))
        text = f"{block.text[:at]}{sentence(rng)} {block.text[at:]}"
    return replace(chapter, blocks=(*before, replace(block, text=text, spans=()), *after))


def new_segments(chapters: list[Chapter], kind: str, edits: int, project: Project) -> tuple[list[int], list[int]]:
    """After each of the edits, the segments that were not there before and their characters, both sorted."""
    rng = random.Random(kind)
    places = [
        (chapter, index)
        for chapter in chapters
        for index, block in enumerate(chapter.blocks)
        if block.kind is BlockKind.PARAGRAPH and not block.spans
    ]
    old = {chapter.slug: keys(chapter, project) for chapter in chapters}
    counts, characters = [], []
    for chapter, index in rng.choices(places, k=edits):
        new = keys(edited(rng, chapter, index, kind), project) - old[chapter.slug]
        counts.append(new.total())
        characters.append(sum(len(str(key[0])) * times for key, times in new.items()))
    return sorted(counts), sorted(characters)


@pytest.mark.parametrize("kind", EDITS)
def test_an_edit_in_a_talkative_book_changes_one_segment_or_two(kind: str) -> None:
    chapters = [made_up_chapter(number) for number in range(8)]
    counts, characters = new_segments(chapters, kind, 200, project_of(Path(), "a.txt"))
    assert counts[100] <= 1
    assert counts[197] <= 2
    assert characters[100] <= 700


@pytest.mark.slow
@pytest.mark.parametrize("kind", EDITS)
def test_an_edit_in_a_novel_changes_one_segment_or_two(kind: str, books: Path) -> None:
    project = project_of(books, "pride-and-prejudice.epub")
    chapters = list(read_manuscript(project).chapters)
    counts, characters = new_segments(chapters, kind, 200, project)
    assert counts[100] <= 1
    assert counts[197] <= 2
    assert characters[100] <= 700


def test_joining_leaves_hardly_a_short_segment() -> None:
    project = project_of(Path(), "a.txt")
    chapters = [made_up_chapter(number) for number in range(8)]
    lengths = [len(str(key[0])) for chapter in chapters for key in keys(chapter, project).elements()]
    paragraphs = [len(block.text) for chapter in chapters for block in chapter.blocks]
    assert sum(length < 60 for length in paragraphs) > len(paragraphs) / 4
    assert sum(length < 60 for length in lengths) <= len(lengths) / 50
