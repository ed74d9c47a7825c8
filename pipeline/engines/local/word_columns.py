"""Word times as the protocol wants them: one row per written word, whatever the engine heard of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from pipeline.engines.protocol import WordTimes


def word_columns(words: Sequence[tuple[int, int]], heard: Mapping[int, tuple[int, int]], samples: int) -> WordTimes:
    """The written ``words`` with the sample ranges in which those of ``heard`` (by index) are spoken.

    A word that is not spoken (a symbol that the voice passes over) gets an empty range: where the word before it
    ends, or where the first spoken word starts. Ranges follow one another: one that starts before its predecessor
    ends is cut, none leaves the audio.
    """
    starts: list[int] = []
    ends: list[int] = []
    reached = min(max(heard[min(heard)][0], 0), samples) if heard else 0
    for index in range(len(words)):
        spoken = heard.get(index)
        if spoken is not None:
            start, end = spoken
            if start > reached:
                reached = min(start, samples)
            starts.append(reached)
            if end > reached:
                reached = min(end, samples)
        else:
            starts.append(reached)
        ends.append(reached)
    places = np.array(words, np.int32).reshape(-1, 2)
    return WordTimes(
        char_start=places[:, 0].copy(),
        char_end=places[:, 1].copy(),
        start_sample=np.array(starts, np.int32),
        end_sample=np.array(ends, np.int32),
    )


def shared(
    heard: Mapping[int, tuple[int, int]], words: Sequence[tuple[int, int]], spoken: Collection[int]
) -> dict[int, tuple[int, int]]:
    """``heard``, with those of ``spoken`` that are missing sharing the time of the word that they were said with.

    That is the word before them, or the one after where none is before; each gets time by its length in letters.
    """
    times = dict(heard)
    for run in _runs(heard, spoken, len(words)):
        start, end = next(times[i] for i in run if i in times)
        lengths = [words[i][1] - words[i][0] for i in run]
        at = 0
        for i, length in zip(run, lengths, strict=True):
            low = start + (end - start) * at // sum(lengths)
            at += length
            times[i] = (low, start + (end - start) * at // sum(lengths))
    return times


def _runs(heard: Mapping[int, tuple[int, int]], spoken: Collection[int], count: int) -> list[list[int]]:
    """Words that lie together and share one heard word: that word and the missing ones after it."""
    runs: list[list[int]] = []
    waiting: list[int] = []
    for i in range(count):
        if i in heard:
            runs.append([*waiting, i])
            waiting = []
        elif i in spoken and runs and runs[-1][-1] == i - 1 and not waiting:
            runs[-1].append(i)
        elif i in spoken and (not waiting or waiting[-1] == i - 1):
            waiting.append(i)
        else:
            waiting = []
    return [run for run in runs if len(run) > 1]
