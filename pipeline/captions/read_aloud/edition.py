"""What a read-aloud book is made from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.assembly.cover import Cover
from pipeline.assembly.timeline import ChapterTimeline
from pipeline.project.captions import Granularity
from pipeline.script.model import ChapterScript


@dataclass(frozen=True, slots=True)
class NarratedChapter:
    """A chapter as it was written and spoken; ``audio`` is its AAC in an m4a file as long as the timeline."""

    script: ChapterScript
    timeline: ChapterTimeline
    audio: Path


@dataclass(frozen=True, slots=True)
class Edition:
    """What the package document says of the book, and how finely it is marked: by sentence, or by word.

    ``modified`` is ``YYYY-MM-DDThh:mm:ssZ`` (EPUB 3.3, 5.5.4); None: as the source says, or a date that says nothing.
    """

    title: str
    language: str
    modified: str | None
    granularity: Granularity = Granularity.SENTENCE
    author: str | None = None
    narrator: str | None = None
    publisher: str | None = None
    date: str | None = None
    description: str | None = None
    cover: Cover | None = None
