"""Plain text: paragraphs by blank lines, scene breaks, and the lines that announce chapters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.manuscript.blocks import build_block, is_scene_break_line
from pipeline.manuscript.chapter_lines import CHAPTER_LEVEL, NUMERAL_LEVEL, announced_level, numeral
from pipeline.manuscript.folding import Run
from pipeline.manuscript.model import BlockKind, Source
from pipeline.manuscript.passages import Passage

_WRAP_COLUMNS = 160
"""No hard-wrapped text is wider: where a line is, every line is a paragraph of its own."""

_SUBTITLE_CHARACTERS = 60
_ENDS_SENTENCE = re.compile(r"[.!?…,;:»«”“\"'’]$")


@dataclass(frozen=True, slots=True)
class _Group:
    """Lines that belong together; ``line`` is the number of the first."""

    line: int
    lines: tuple[str, ...]
    level: int = 0

    @property
    def text(self) -> str:
        return " ".join(self.lines)


def read_plain(text: str, file: str, cut: re.Pattern[str] | None = None) -> tuple[Passage, ...]:
    """The passages of a plain text with LF line ends; ``file`` is what their sources name.

    Lines of a paragraph are joined by spaces; a hyphen at a line's end stays. A line that matches ``cut`` is a
    heading of level 1 (``split: REGEX``). Every character that is no white space is in one block or skip.
    """
    groups = list(_groups(text.split("\n"), cut))
    passages: list[Passage] = []
    for group in _with_numerals(groups):
        source = Source(file, group.line, group.line + len(group.lines) - 1)
        kind = BlockKind.HEADING if group.level else BlockKind.PARAGRAPH
        built = build_block(kind, [Run(group.text)], source, level=group.level)
        passages += map(Passage, built)
    return tuple(passages)


def _groups(lines: Sequence[str], cut: re.Pattern[str] | None) -> Iterator[_Group]:
    stripped = [line.strip().strip("\ufeff") for line in lines]
    start = 0
    for at, line in enumerate([*stripped, ""]):
        if line:
            continue
        if at > start:
            yield from _paragraphs(start + 1, tuple(stripped[start:at]), cut)
        start = at + 1


def _paragraphs(line: int, lines: tuple[str, ...], cut: re.Pattern[str] | None) -> Iterator[_Group]:
    """The paragraphs of lines without a blank one among them: cut at scene breaks and at announced chapters."""
    if cut is None and sum(announced_level(text) is not None for text in lines) > 1:
        yield _Group(line, lines)  # a table of contents
        return
    start = 0
    for at, text in enumerate(lines):
        if is_scene_break_line(text) or (cut and cut.match(text)):
            yield from _prose(line + start, lines[start:at], cut)
            yield _Group(line + at, (text,), int(bool(cut and cut.match(text))))
            start = at + 1
    yield from _prose(line + start, lines[start:], cut)


def _prose(line: int, lines: tuple[str, ...], cut: re.Pattern[str] | None) -> Iterator[_Group]:
    if not lines:
        return
    level = announced_level(lines[0]) if cut is None else None
    if level is not None:
        heading = 2 if len(lines) == 2 and _is_subtitle(lines[1]) else 1
        yield _Group(line, lines[:heading], level)
        line, lines = line + heading, lines[heading:]
    if lines and max(map(len, lines)) > _WRAP_COLUMNS:
        yield from (_Group(line + at, (text,)) for at, text in enumerate(lines))
    elif lines:
        yield _Group(line, lines)


def _is_subtitle(text: str) -> bool:
    return len(text) <= _SUBTITLE_CHARACTERS and not _ENDS_SENTENCE.search(text)


def _with_numerals(groups: Sequence[_Group]) -> Iterator[_Group]:
    """Lone numbers become headings where they count on: 1, 2, 3, or 1 again. Others are prose, or page numbers.

    They are chapters where nothing else is, and sections below the chapters that words announce.
    """
    level = NUMERAL_LEVEL if any(group.level == CHAPTER_LEVEL for group in groups) else CHAPTER_LEVEL
    before = 0
    for group in groups:
        value = numeral(group.lines[0]) if len(group.lines) == 1 and not group.level else None
        if value is not None and value in {1, before + 1}:
            before = value
            yield _Group(group.line, group.lines, level)
        else:
            yield group
