"""A text spoken at an even pace, cut into chunks: what a load test needs, without looking at every word."""

from __future__ import annotations

import re
from functools import partial

import numpy as np

from pipeline.engines.protocol import WordTimes
from pipeline.script.words import ENGINE_TAG, has_word, written_words
from pipeline.server.chunks import CHUNK_CHARACTERS, Chunk, TimedWord, cut_between, timed

_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)]*\s+")
_NEARBY = 48
"""Characters looked at first for the word beside a cut."""


def even_chunks(text: str, whole: int, samples: int) -> tuple[Chunk, ...]:
    """The chunks of the first ``samples`` of a text that takes ``whole`` (native) samples; none: it has no words.

    They are those of :func:`pipeline.server.chunks.chunks_of` for words at even distances, which are computed only
    where they are asked for.
    """
    if not samples or not has_word(text):
        return ()
    cuts = _quick_cuts(text)
    if "<" in text:
        text = ENGINE_TAG.sub(lambda tag: " " * len(tag.group()), text)
    edges, firsts = [0], [0]
    for cut in cuts:
        before, after = _word_before(text, cut), _word_after(text, cut)
        if before is not None and after is not None and after > firsts[-1]:
            edges.append(cut_between(before * whole // len(text), after * whole // len(text)))
            firsts.append(after)
    ranges = zip(edges, [*edges[1:], samples], firsts, [*firsts[1:], len(text)], strict=True)
    return tuple(
        Chunk(start, min(end, samples), partial(_words, text, first, last, whole, start, min(end, samples)))
        for start, end, first, last in ranges
        if start < samples
    )


def _quick_cuts(text: str) -> list[int]:
    """Where chunks start, after anything that may end a sentence: a load test does not ask for abbreviations."""
    cuts: list[int] = []
    opened = 0
    for found in _SENTENCE_END.finditer(text):
        if found.end() - opened >= CHUNK_CHARACTERS:
            opened = found.end()
            cuts.append(opened)
    return cuts


def _word_before(text: str, cut: int) -> int | None:
    """Where the last word before ``cut`` ends; ``cut`` stands after white space."""
    reach = _NEARBY
    while True:
        opened = text.rfind(" ", 0, max(cut - reach, 0)) + 1
        words = written_words(text[opened:cut])
        if words or not opened:
            return opened + words[-1][1] if words else None
        reach *= 8


def _word_after(text: str, cut: int) -> int | None:
    """Where the first word after ``cut`` starts."""
    reach = _NEARBY
    while True:
        space = text.find(" ", cut + reach)
        words = written_words(text[cut : space if space >= 0 else len(text)])
        if words or space < 0:
            return cut + words[0][0] if words else None
        reach *= 8


def _words(text: str, first: int, last: int, whole: int, start: int, stop: int) -> tuple[TimedWord, ...]:
    """The words between two offsets; a word's time is its place in the text."""
    places = np.asarray(written_words(text[first:last]), np.int64).reshape(-1, 2) + first
    char_starts, char_ends = places.astype(np.int32).T
    starts, ends = (places * whole // len(text)).astype(np.int32).T
    return timed(WordTimes(char_starts, char_ends, starts, ends), start, stop)
