"""A few words of another language inside a sentence: said by the voice around them where the engine cannot switch.

A novel that marks “pourquoi” as French is still a novel an English voice can read; a paragraph in French is not.
Nothing is dropped: what is read this way is listed (``narrate check``), and what is longer keeps its language, so
that an engine without it refuses the passage.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from pipeline.manuscript.model import Block, Chapter, Manuscript, Source, Span
from pipeline.project.models import Project

LONGEST_FOREIGN = 60
"""Characters of another language that a voice may be asked to read as its own: a name, a term, a short phrase."""


@dataclass(frozen=True, slots=True)
class ForeignPassage:
    """Words marked as ``language`` that are read as ``read_as``."""

    text: str
    language: str
    read_as: str
    source: Source


def read_in_place(
    manuscript: Manuscript, project: Project, speaks: Callable[[str], bool]
) -> tuple[Manuscript, tuple[ForeignPassage, ...]]:
    """The manuscript with short spans in languages that the engine does not speak left to the language around them."""
    passages: list[ForeignPassage] = []
    chapters = []
    for chapter in manuscript.chapters:
        blocks = tuple(_block(block, chapter, project, speaks, passages) for block in chapter.blocks)
        chapters.append(replace(chapter, blocks=blocks) if blocks != chapter.blocks else chapter)
    return replace(manuscript, chapters=tuple(chapters)), tuple(passages)


def _block(
    block: Block, chapter: Chapter, project: Project, speaks: Callable[[str], bool], passages: list[ForeignPassage]
) -> Block:
    around = block.language or chapter.language or project.language
    short = [span for span in block.spans if _is_short_and_foreign(span, block, speaks)]
    if not short or not speaks(around):
        return block
    passages += [
        ForeignPassage(block.text[span.start : span.end], span.language or "", around, block.source) for span in short
    ]
    return replace(block, spans=tuple(replace(span, language=None) if span in short else span for span in block.spans))


def _is_short_and_foreign(span: Span, block: Block, speaks: Callable[[str], bool]) -> bool:
    length = span.end - span.start
    if span.language is None or length > LONGEST_FOREIGN or length == len(block.text):
        return False
    return not speaks(span.language)
