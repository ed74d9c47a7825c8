"""What a script is: the manuscript cast, and cut into segments that an engine can take."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum

from pipeline.manuscript.model import Block, Source
from pipeline.project.dictionaries import DictionaryEntry


class Boundary(StrEnum):
    """What lies between a segment and the next: it decides the pause (manifest: ``pauses``)."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    SCENE = "scene"
    SENTENCE = "sentence"
    CLAUSE = "clause"
    WORD = "word"
    CHAPTER_END = "chapter_end"


@dataclass(frozen=True, slots=True)
class Segment:
    """One request to an engine.

    ``text`` equals ``ChapterScript.text[char_start:char_end]``. ``joints`` are the offsets in ``text`` where a
    further paragraph starts, when short neighbours were joined (the blank line before it is part of the text):
    assembly puts the manifest's paragraph pause there; ``joint_sources`` says where each came from. ``after`` is what
    follows the segment. ``entries`` are the dictionary entries whose word occurs in the text, in the order in which
    they first do; a pronunciation that the source gives its own words (``ssml:ph``) is among them, and displaces
    others there (:func:`pipeline.script.dictionary.occurrences` finds them all).
    """

    chapter: str
    index: int
    text: str
    char_start: int
    char_end: int
    voice: str
    language: str
    after: Boundary
    source: Source
    joints: tuple[int, ...] = ()
    joint_sources: tuple[Source, ...] = ()
    entries: tuple[DictionaryEntry, ...] = ()

    def source_at(self, offset: int) -> Source:
        """Where the character at ``offset`` of the text came from: its own paragraph, where several were joined."""
        paragraph = bisect_right(self.joints, offset)
        return self.joint_sources[paragraph - 1] if paragraph and self.joint_sources else self.source


@dataclass(frozen=True, slots=True)
class ChapterScript:
    """A chapter ready to be spoken: its whole text (blocks joined by blank lines) and the segments that cover it.

    ``blocks`` are the manuscript's, scene breaks among them: those with text make up ``text``, in order.
    Between two segments the text holds only white space, and paragraphs without a single written word (“…”): no
    engine is asked for those, and no caption shows them.
    """

    slug: str
    title: str
    text: str
    segments: tuple[Segment, ...]
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Script:
    """The book as segments, chapter by chapter."""

    chapters: tuple[ChapterScript, ...]
