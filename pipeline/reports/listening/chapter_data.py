"""A chapter as the page's script reads it: its text, and columns of small numbers for its words and takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.assembly.timeline import TIMELINE_RATE, ChapterTimeline, Clip
from pipeline.store.sidecars import Take

_STEPS_PER_SECOND = 100
_KEY_DIGITS = 12


def chapter_data(timeline: ChapterTimeline, takes: Mapping[str, Take]) -> dict[str, Any]:
    """What the page knows of a chapter, as plain values.

    Offsets count UTF-16 code units, which is what browsers count in; times are hundredths of a second. Words are three
    columns of differences: ``gap`` from the end of the word before, ``length``, and ``start`` since the start of the
    word before. ``turns`` are ``[from, voice, language]``, ``takes`` columns, one row for each take in a row.
    """
    units = utf16_offsets(timeline.text)
    words = timeline.words
    starts, ends = units[words.char_start], units[words.char_end]
    times = _steps(words.start_sample)
    return {
        "text": timeline.text,
        "words": {
            "gap": (starts - np.concatenate([[0], ends[:-1]])[: len(starts)]).tolist(),
            "length": (ends - starts).tolist(),
            "start": np.diff(times, prepend=0).tolist(),
        },
        "turns": [[int(units[turn.char_start]), turn.voice, turn.language] for turn in timeline.turns],
        "takes": _takes(timeline, takes, units),
    }


def utf16_offsets(text: str) -> NDArray[np.int64]:
    """For each offset in code points, up to the text's length, the same place in UTF-16 code units."""
    code_points = np.frombuffer(text.encode("utf-32-le"), "<u4")
    return np.concatenate([[0], np.cumsum(1 + (code_points > 0xFFFF))]).astype(np.int64)


def _takes(timeline: ChapterTimeline, takes: Mapping[str, Take], units: NDArray[np.int64]) -> dict[str, list[Any]]:
    """Takes in order, those cut into several clips once: when, from which character on, and what they cost."""
    runs = [list(clips) for _, clips in groupby(timeline.clips, key=lambda clip: clip.key)]
    voices = [turn.char_start for turn in timeline.turns]
    rows = [_row(timeline, clips, takes.get(clips[0].key), voices, units) for clips in runs]
    names = ("start", "end", "char", "key", "number", "voice", "cents")
    return {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)} if rows else {}


def _row(
    timeline: ChapterTimeline, clips: list[Clip], take: Take | None, turns: list[int], units: NDArray[np.int64]
) -> tuple[int, int, int, str, int, int, str | None]:
    start, end = clips[0].start_sample, clips[-1].start_sample + clips[-1].samples
    word = min(int(np.searchsorted(timeline.words.start_sample, start)), max(len(timeline.words) - 1, 0))
    char = int(timeline.words.char_start[word]) if len(timeline.words) else 0
    number = int(str(take.inputs["take"])) if take is not None else 0
    cents = take.usage.cost_cents if take is not None else None
    shown = None if cents is None else f"{cents.normalize():f}"
    first, last = _steps(np.array([start, end])).tolist()
    turn = int(np.searchsorted(turns, char, side="right")) - 1
    return first, last, int(units[char]), clips[0].key[:_KEY_DIGITS], number, turn, shown


def _steps(samples: NDArray[Any]) -> NDArray[np.int64]:
    return np.rint(samples.astype(np.float64) * _STEPS_PER_SECOND / TIMELINE_RATE).astype(np.int64)


def keys_of(timelines: Iterable[ChapterTimeline]) -> set[str]:
    """The keys of all takes that are heard."""
    return {clip.key for timeline in timelines for clip in timeline.clips}
