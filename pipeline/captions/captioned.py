"""What the writers of caption formats get: chapters with their cues, and what of the book they name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from pipeline.assembly.timeline import ChapterTimeline
from pipeline.captions.cues import Cue


@dataclass(frozen=True, slots=True)
class CaptionedChapter:
    """A chapter's cues. ``offset_samples``: where the chapter starts in what the file is played beside."""

    timeline: ChapterTimeline
    cues: list[Cue]
    language: str
    offset_samples: int = 0

    def word_samples(self, cue: Cue) -> list[tuple[int, int]]:
        """The first and last sample of every word of a cue, on the clock of the file."""
        rows = slice(cue.first_word, cue.last_word + 1)
        words = self.timeline.words
        start, end = words.start_sample[rows].tolist(), words.end_sample[rows].tolist()
        return [(a + self.offset_samples, b + self.offset_samples) for a, b in zip(start, end, strict=True)]

    def cue_samples(self) -> Iterator[tuple[int, int]]:
        """The first and last sample of every cue, on the clock of the file."""
        for cue in self.cues:
            yield cue.start_sample + self.offset_samples, cue.end_sample + self.offset_samples


@dataclass(frozen=True, slots=True)
class CaptionSettings:
    """What a file of captions says of its book, and what it shows.

    ``words``: the times of single words are given where the format can. ``colours``: by voice, empty where none are
    used; ``names``: whether speakers are named. ``rules`` and ``granularity`` as the manifest names them.
    """

    title: str
    author: str | None
    language: str
    granularity: str
    rules: str | None
    words: bool
    names: bool
    colours: dict[str, str]


CaptionWriter: TypeAlias = Callable[[CaptionSettings, Iterable[CaptionedChapter]], Iterator[str]]
"""Writes a file piece by piece, of chapters in their order; UTF-8 without a byte order mark, line feeds as they are."""
