"""What a manuscript is once read: chapters of blocks, each block knowing where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pipeline.project.dictionaries import DictionaryEntry


class BlockKind(StrEnum):
    """What a block is to a listener."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    SCENE_BREAK = "scene_break"


class SkipReason(StrEnum):
    """Why text of the source is not spoken. Every character of a body is spoken or has one of these."""

    MARKUP = "markup"
    FRONT_MATTER = "front matter"
    BACK_MATTER = "back matter"
    NOT_SELECTED = "not selected"
    FOOTNOTE = "footnote"
    NOTE_REFERENCE = "note reference"
    PAGE_MARKER = "page marker"
    IMAGE = "image"
    TABLE = "table"
    CODE = "code"
    RUBY = "ruby reading"
    HIDDEN = "hidden"
    SOFT_HYPHEN = "soft hyphen"
    NAVIGATION = "navigation"
    COMMENT = "comment"
    MATH = "formula"
    INVISIBLE = "invisible characters"
    ALPHABET = "pronunciation that is not IPA"


@dataclass(frozen=True, slots=True)
class Source:
    """Where text came from.

    ``file`` is relative to the project folder with forward slashes; lines count from 1 (0: unknown). In an
    EPUB, ``element`` is the document inside the archive and the path of the element in it, such as
    ``text/chapter-1.xhtml#/html/body/section/p[3]``.
    """

    file: str
    line: int = 0
    end_line: int = 0
    element: str | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place} ({self.element})" if self.element else place


@dataclass(frozen=True, slots=True)
class Span:
    """A run of a block's text (code points, half-open) with its own voice, language or pronunciation."""

    start: int
    end: int
    voice: str | None = None
    language: str | None = None
    ipa: str | None = None
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Emphasis:
    """A run of a block's text (code points, half-open) that the source sets apart for the eye; it is not heard."""

    start: int
    end: int
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, paragraph or scene break.

    ``text`` is what is spoken and captioned: NFC, white space folded to single spaces, never empty but for a
    scene break. ``level`` is a heading's (1-6), else 0. ``voice``, ``language`` and ``classes`` are what the
    source says of the whole block. ``emphases`` are Markdown's, for books that are made of it.
    """

    kind: BlockKind
    text: str
    source: Source
    level: int = 0
    voice: str | None = None
    language: str | None = None
    classes: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    emphases: tuple[Emphasis, ...] = ()


@dataclass(frozen=True, slots=True)
class Skip:
    """Text of the source that is not spoken, and why."""

    text: str
    reason: SkipReason
    source: Source


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter: known by its slug, never by its position. ``voice`` and ``language`` come from the manifest entry."""

    slug: str
    title: str
    blocks: tuple[Block, ...]
    source: Source
    skipped: tuple[Skip, ...] = ()
    voice: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Manuscript:
    """All that is spoken, in order; ``left_out`` holds whole documents or sections that are not (front matter…).

    ``entries`` are pronunciations found in the sources themselves (EPUB lexicons).
    """

    chapters: tuple[Chapter, ...]
    left_out: tuple[Skip, ...] = ()
    entries: tuple[DictionaryEntry, ...] = ()
