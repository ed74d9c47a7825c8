"""Long texts are generated as several chunks, as the API does: cut at sentences, each with its own word times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise, repeat
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.engines.protocol import WordTimes
from pipeline.script.sentences import sentences
from pipeline.server.catalogue import NATIVE_RATE

CHUNK_CHARACTERS = 250
"""A chunk ends with the first sentence that brings it to so many characters (the API's largest step for sessions)."""

CUT_GRID = 480
"""Samples at 24 kHz (20 ms): cuts lie on it, so that they fall on whole samples at every output rate."""


class TimedWord(NamedTuple):
    """A word with its time in milliseconds from the start of its chunk, and its place in the text."""

    start_ms: int
    end_ms: int
    char_start: int
    char_end: int
    score: float


@dataclass(frozen=True, slots=True)
class Chunk:
    """A generated chunk: a range of the request's native samples (half-open) and its words.

    ``timing`` computes the words: not every request asks for them.
    """

    start_sample: int
    end_sample: int
    timing: Callable[[], tuple[TimedWord, ...]]

    @property
    def words(self) -> tuple[TimedWord, ...]:
        """The words that begin in the chunk."""
        return self.timing()


def text_cuts(text: str, language: str, characters: int = CHUNK_CHARACTERS) -> list[int]:
    """The offsets at which the second and every further chunk of the text starts."""
    cuts: list[int] = []
    opened = 0
    for start, _ in sentences(text, language):
        if start - opened >= characters:
            cuts.append(start)
            opened = start
    return cuts


def chunks_of(words: WordTimes, length: int, cuts: Sequence[int]) -> list[Chunk]:
    """The chunks of ``length`` native samples, cut between the words around each of ``cuts``.

    Words that start at or after the end are left out (truncated audio), one that reaches beyond it ends there.
    """
    starts = words.start_sample.tolist()
    ends = words.end_sample.tolist()
    firsts = _first_words(words.char_start.tolist(), cuts)
    edges = [0, *(cut_between(ends[first - 1], starts[first]) for first in firsts), length]
    ranges = list(zip([0, *firsts], [*firsts, len(starts)], strict=True))
    found = []
    for (first, last), (start, end) in zip(ranges, pairwise(edges), strict=True):
        if start >= length:
            break
        stop = min(end, length)
        found.append(Chunk(start, stop, partial(timed, words, start, stop, slice(first, last))))
    return found


def _first_words(char_starts: Sequence[int], cuts: Sequence[int]) -> list[int]:
    """For each cut the first word after it, where there is one and there are words before it."""
    firsts: list[int] = []
    at = 0
    for cut in cuts:
        while at < len(char_starts) and char_starts[at] < cut:
            at += 1
        if 0 < at < len(char_starts) and at not in firsts:
            firsts.append(at)
    return firsts


def cut_between(end: int, start: int) -> int:
    """The sample at which a chunk ends after a word's ``end`` and before the next word's ``start``."""
    middle = (end + start) // 2
    on_grid = middle // CUT_GRID * CUT_GRID
    return on_grid if on_grid >= end or middle < end else on_grid + CUT_GRID


def timed(words: WordTimes, start: int, stop: int, part: slice = slice(None)) -> tuple[TimedWord, ...]:
    """The words (or ``part`` of them) that begin before ``stop``, as those of a chunk that starts at ``start``."""
    begins = words.start_sample[part]
    kept = slice(0, int(np.searchsorted(begins, stop)))
    columns = (
        _ms(begins[kept] - start).tolist(),
        _ms(np.minimum(words.end_sample[part][kept], stop) - start).tolist(),
        words.char_start[part][kept].tolist(),
        words.char_end[part][kept].tolist(),
        repeat(1.0) if words.score is None else [round(score, 3) for score in words.score[part][kept].tolist()],
    )
    return tuple(map(TimedWord, *columns))


def _ms(samples: NDArray[np.int32]) -> NDArray[np.int64]:
    return np.maximum(samples.astype(np.int64), 0) * 1000 // NATIVE_RATE
