"""From the provider's word timestamps to one row for each written word."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from pipeline.engines.local.word_columns import word_columns
from pipeline.engines.protocol import WordTimes
from pipeline.kugelaudio import WordTimestamp
from pipeline.script.words import written_words

_Heard = tuple[int, int, float]
"""Start and end in milliseconds, and the score."""


def word_times(text: str, timestamps: Sequence[WordTimestamp], samples: int, sample_rate: int) -> WordTimes:
    """The times of the written words of ``text``; ``timestamps`` have offsets in its NFC form, which was sent.

    Several timestamps of one word become one, the lowest score holding; one timestamp over several words is shared
    by their letters. A word without any gets an empty range and the score 0.
    """
    words = written_words(text)
    places = words
    if not unicodedata.is_normalized("NFC", text):
        places = [(_in_nfc(text, start), _in_nfc(text, end)) for start, end in words]
    heard = _when_heard(timestamps, places)
    ranges = {
        index: (start * sample_rate // 1000, end * sample_rate // 1000) for index, (start, end, _) in heard.items()
    }
    scores = np.zeros(len(words), np.float32)
    scores[list(heard)] = [score for _, _, score in heard.values()]
    return replace(word_columns(words, ranges, samples), score=scores)


def _when_heard(timestamps: Sequence[WordTimestamp], places: Sequence[tuple[int, int]]) -> dict[int, _Heard]:
    """When each written word was heard, by its index."""
    heard: dict[int, _Heard] = {}
    starting_at = {start: index for index, (start, _) in enumerate(places)}
    for stamp in timestamps:
        at = starting_at.get(stamp.char_start)
        if at is not None and _covers_only(stamp, at, places):  # as nearly all do
            heard[at] = _together(heard.get(at), (stamp.start_ms, stamp.end_ms, stamp.score))
            continue
        for index, start, end in _shares(stamp, places):
            heard[index] = _together(heard.get(index), (start, end, stamp.score))
    return heard


def _covers_only(stamp: WordTimestamp, index: int, places: Sequence[tuple[int, int]]) -> bool:
    """Whether a timestamp that starts with the word at ``index`` ends before the next word."""
    following = index + 1
    return stamp.char_end > stamp.char_start and (following == len(places) or places[following][0] >= stamp.char_end)


def _in_nfc(text: str, offset: int) -> int:
    return len(unicodedata.normalize("NFC", text[:offset]))


def _shares(stamp: WordTimestamp, places: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    """The written words that a timestamp covers, each with its share of the time in milliseconds."""
    covered = _covered(stamp.char_start, stamp.char_end, places)
    if len(covered) == 1:
        yield covered[0], stamp.start_ms, stamp.end_ms
        return
    letters = sum(places[index][1] - places[index][0] for index in covered)
    before = 0
    for index in covered:
        start, end = places[index]
        after = before + end - start
        yield (
            index,
            stamp.start_ms + stamp.duration_ms * before // letters,
            stamp.start_ms + stamp.duration_ms * after // letters,
        )
        before = after


def _covered(start: int, end: int, places: Sequence[tuple[int, int]]) -> range:
    first = max(bisect_right(places, (start, start)) - 1, 0)
    while first < len(places) and places[first][1] <= start:
        first += 1
    last = first
    while last < len(places) and places[last][0] < end:
        last += 1
    return range(first, last)


def _together(one: _Heard | None, other: _Heard) -> _Heard:
    if one is None:
        return other
    return min(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2])
