"""The stretches of a chapter's text that light up one after the other: its sentences, or its words."""

from __future__ import annotations

import unicodedata

import numpy as np

from pipeline.engines.protocol import WordTimes
from pipeline.project.captions import Granularity
from pipeline.script.sentences import sentences

_STRAIGHT_QUOTES = frozenset("\"'")


def spoken_units(text: str, words: WordTimes, language: str, granularity: Granularity) -> list[tuple[int, int]]:
    """Offsets in ``text`` (code points, half-open), in order, none over another, each with a timed word in it."""
    if granularity is Granularity.WORD:
        return _word_units(text, words)
    starts = words.char_start
    return [
        (start, end)
        for start, end in sentences(text, language)
        if np.searchsorted(starts, start) < np.searchsorted(starts, end)
    ]


def _word_units(text: str, words: WordTimes) -> list[tuple[int, int]]:
    """Words with the marks that touch them: opening ones with the word they open, all others with the word before."""
    spans = list(zip(words.char_start.tolist(), words.char_end.tolist(), strict=True))
    units: list[tuple[int, int]] = []
    past = 0
    for row, (start, end) in enumerate(spans):
        if start < past:
            continue
        following = next((first for first, _ in spans[row + 1 : row + 2]), len(text))
        past = max(end, _closed(text, end, following))
        units.append((_opened(text, start, units[-1][1] if units else 0), past))
    return units


def _opened(text: str, start: int, least: int) -> int:
    at = start
    while at > least and not text[at - 1].isspace():
        at -= 1
    return at


def _closed(text: str, end: int, following: int) -> int:
    """Where the marks end that close a word: at white space, or before what opens the next word."""
    at = end
    while at < following and not text[at].isspace():
        at += 1
    if at == following:
        while at > end and (unicodedata.category(text[at - 1]) in {"Ps", "Pi"} or text[at - 1] in _STRAIGHT_QUOTES):
            at -= 1
    return at
