"""Where a source is cut into chapters: ``split: auto | file | heading:N | REGEX``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from pipeline.manuscript.model import Block, BlockKind, Skip, Source
from pipeline.manuscript.passages import Anchor, Matter, Part, Passage

_HEADING_RULE = re.compile(r"heading:(.*)")
_LONGEST_MOTTO = 400
_LONGEST_MATCHED = 200
"""Only the beginning of a block is matched, and only a block this short becomes a heading."""


class Cut(StrEnum):
    """The kinds of rule."""

    AUTO = "auto"
    FILE = "file"
    HEADING = "heading"
    PATTERN = "pattern"


@dataclass(frozen=True, slots=True)
class Rule:
    """A ``split`` key, understood."""

    cut: Cut
    level: int = 0
    pattern: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A text file that was read: what it is called in messages, its passages, and the title it gives itself."""

    shown: str
    stem: str
    passages: tuple[Passage, ...]
    title: str | None = None


def parse_rule(split: str) -> Rule:
    """The rule that a ``split`` key means. Raises ValueError, with what was expected, for one that means nothing."""
    if split in {Cut.AUTO, Cut.FILE}:
        return Rule(Cut(split))
    heading = _HEADING_RULE.fullmatch(split)
    if heading:
        if heading[1].strip() not in set("123456"):
            raise ValueError(f"split: '{split}' names no heading level; expected heading:1 to heading:6")
        return Rule(Cut.HEADING, int(heading[1]))
    try:
        return Rule(Cut.PATTERN, pattern=re.compile(split))
    except re.error as exc:
        raise ValueError(
            f"split: '{split}' is no regular expression ({exc}); expected auto, file, heading:N or a regular expression"
        ) from exc


def split_files(files: Sequence[ReadFile], rule: Rule) -> list[Part]:
    """The parts of the files of one entry, in order; a file always begins a new one.

    ``auto`` cuts at the highest heading level that repeats, counted over all files of the entry: a folder of
    chapters is not cut at the sections within them. A higher heading cuts as well. Raises ValueError where a
    level or a pattern is asked for and found nowhere.
    """
    if rule.pattern is not None:
        pattern = rule.pattern
        files = [replace(file, passages=with_matches(file.passages, pattern)) for file in files]
    spoken = [replace(file, passages=tuple(p for p in file.passages if p.matter is None)) for file in files]
    level = level_of(rule, [file.passages for file in spoken])
    parts = []
    for file, body in zip(files, spoken, strict=True):
        parts += _file_parts(body, level)
        parts += _matter_parts(file)
    return parts


def level_of(rule: Rule, bodies: Iterable[Sequence[Passage]]) -> int:
    """The heading level at which ``rule`` cuts these texts; 0: nowhere."""
    found = Counter(
        passage.content.level
        for body in bodies
        for passage in body
        if isinstance(passage.content, Block) and passage.content.kind is BlockKind.HEADING
    )
    if rule.cut is Cut.FILE:
        return 0
    if rule.cut is Cut.AUTO:
        return next((level for level in sorted(found) if found[level] > 1), 0)
    level = 1 if rule.cut is Cut.PATTERN else rule.level
    if not found[level]:
        raise ValueError(_nothing_found(rule, found))
    return level


def with_matches(passages: Iterable[Passage], pattern: re.Pattern[str]) -> tuple[Passage, ...]:
    """Passages where the blocks that match ``pattern`` are headings of level 1, and no others are."""
    return tuple([_with_match(passage, pattern) for passage in passages])


def cut_at(passages: Sequence[Passage], level: int) -> list[list[Passage]]:
    """Passages cut before each heading of ``level`` or higher; headings that follow one another closely stay apart."""
    pieces: list[list[Passage]] = [[]]
    before: Passage | None = None
    for passage in passages:
        if _cuts(passage, level) and not _continues(before, passage):
            pieces.append([])
        pieces[-1].append(passage)
        before = passage
    return [piece for piece in pieces if piece]


def heading_title(blocks: Iterable[Block]) -> str | None:
    """The title that the first heading gives: its lines, if it has several, joined by a colon.

    A motto may stand before it, but a heading after more text than that is a section's.
    """
    headings: list[Block] = []
    characters_before = 0
    for block in blocks:
        if block.kind is BlockKind.HEADING and (not headings or _same_place(headings[0], block)):
            headings.append(block)
        elif headings or characters_before > _LONGEST_MOTTO:
            break
        characters_before += len(block.text)
    title = ""
    for block in headings:
        joint = "" if not title else " " if title[-1] in ".:!?—–-" else ": "
        title += joint + block.text
    return _without_stop(title) or None


def title_from_stem(stem: str) -> str:
    """A title made up from a file name: ``03-the_harbour`` → "The harbour"; a bare number stays."""
    words = re.sub(r"[\s_-]+", " ", stem).strip()
    words = re.sub(r"^\d+[.)]?\s+(?=\S)", "", words)
    return words[:1].upper() + words[1:] or stem


def _file_parts(file: ReadFile, level: int) -> list[Part]:
    pieces = cut_at(file.passages, level)
    parts = []
    for piece in pieces:
        blocks = [passage.content for passage in piece if isinstance(passage.content, Block)]
        first = next((block for block in blocks if block.kind is not BlockKind.SCENE_BREAK), None)
        is_heading = first is not None and first.kind is BlockKind.HEADING
        heading = heading_title(blocks)
        whole = len(pieces) == 1 or not is_heading
        title = (file.title if whole else None) or heading
        parts.append(
            Part(
                title=title or title_from_stem(file.stem),
                passages=tuple(piece),
                source=blocks[0].source if blocks else Source(file.shown, 1, 1),
                depth=first.level if first is not None and is_heading else max(level, 1),
                names=(file.stem, file.shown) if len(pieces) == 1 else (),
                own_title=title is not None,
            )
        )
    return parts


def _matter_parts(file: ReadFile) -> list[Part]:
    """Bibliographies, indexes and the like within an HTML file, a part each."""
    gathered: dict[Matter, list[Passage]] = {}
    for passage in file.passages:
        if passage.matter is not None:
            gathered.setdefault(passage.matter, []).append(passage)
    parts = []
    for matter, passages in gathered.items():
        blocks = [passage.content for passage in passages if isinstance(passage.content, Block)]
        names = tuple(name for name in (matter.kind, matter.element_id) if name)
        title = heading_title(blocks) or matter.kind
        parts.append(Part(title, tuple(passages), matter.source, 1, names, matter=matter))
    return parts


def _cuts(passage: Passage, level: int) -> bool:
    block = passage.content
    return isinstance(block, Block) and block.kind is BlockKind.HEADING and block.level <= level


def _continues(before: Passage | None, passage: Passage) -> bool:
    """Whether a heading is a further line of the heading before it."""
    if before is None or not isinstance(before.content, Block) or not isinstance(passage.content, Block):
        return False
    return before.content.kind is BlockKind.HEADING and _same_place(before.content, passage.content)


def _same_place(one: Block, other: Block) -> bool:
    return one.source.element is not None and one.source.element == other.source.element


def _with_match(passage: Passage, pattern: re.Pattern[str]) -> Passage:
    content = _matched(passage.content, pattern)
    return passage if content is passage.content else replace(passage, content=content)


def _matched(content: Block | Skip | Anchor, pattern: re.Pattern[str]) -> Block | Skip | Anchor:
    if not isinstance(content, Block):
        return content
    if len(content.text) <= _LONGEST_MATCHED and pattern.match(content.text):
        return replace(content, kind=BlockKind.HEADING, level=1)
    return replace(content, level=max(content.level, 2)) if content.kind is BlockKind.HEADING else content


def _without_stop(title: str) -> str:
    return title[:-1].rstrip() if title.endswith(".") and not title.endswith("..") else title


def _nothing_found(rule: Rule, found: Counter[int]) -> str:
    if rule.pattern is not None:
        return f"split: no line begins with '{rule.pattern.pattern}'"
    levels = ", ".join(f"{count} of level {level}" for level, count in sorted(found.items())) or "none at all"
    return f"split: there is no heading of level {rule.level}; found {levels}"
