"""The timeline: where every take and every word lies, in integer samples. The one clock of all outputs."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.engines.protocol import WordTimes

TIMELINE_RATE = 24_000
"""Samples per second of every timeline."""


@dataclass(frozen=True, slots=True)
class Clip:
    """``samples`` samples of a take, from its ``take_start``, placed at ``start_sample`` of the chapter."""

    key: str
    take_start: int
    start_sample: int
    samples: int


@dataclass(frozen=True, slots=True)
class Turn:
    """From ``char_start`` of the chapter's text on, until the next turn, ``voice`` speaks ``language``."""

    char_start: int
    voice: str
    language: str


@dataclass(frozen=True, slots=True)
class ChapterTimeline:
    """A chapter's clips, words and turns; samples count from the chapter's start, character offsets from its text's.

    ``turns`` are in order and differ from one to the next; empty where nobody said who speaks.
    """

    slug: str
    title: str
    text: str
    samples: int
    clips: tuple[Clip, ...]
    words: WordTimes
    turns: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True)
class Timeline:
    """The book: chapters in order."""

    chapters: tuple[ChapterTimeline, ...]

    def starts(self) -> list[int]:
        """The sample of the book at which each chapter starts."""
        starts, at = [], 0
        for chapter in self.chapters:
            starts.append(at)
            at += chapter.samples
        return starts
