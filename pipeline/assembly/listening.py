"""A finished file, decoded and measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import av
import numpy as np
from av.filter.context import FilterContext
from numpy.typing import NDArray

from pipeline.assembly.k_weighting import add_k_weighting
from pipeline.assembly.loudness import (
    HOPS_PER_SECOND,
    Levels,
    Second,
    gathered,
    integrated_lufs,
    noise_floor_db,
    peak_db,
    rms_db,
)
from pipeline.assembly.side_by_side import Ahead
from pipeline.assembly.sound import Sound, hundredths, outside
from pipeline.assembly.timeline import TIMELINE_RATE, ChapterTimeline
from pipeline.errors import StorageError
from pipeline.project.profiles import Profile

_T = TypeVar("_T", np.float32, np.float64)

SHORTEST_PAUSE_SAMPLES = TIMELINE_RATE * 2 // 5
FADING_SAMPLES = TIMELINE_RATE // 10
"""Left out at the start of a pause, where a word dies away."""
EARLY_SAMPLES = TIMELINE_RATE // 5
"""Left out at its end: an engine may tell the word after a pause late, as revision 1 of the embedded one did by up to
0.14 s (``benchmarks/word_onsets.py``)."""


def file_sound(
    path: Path, pauses: Sequence[tuple[float, float]], profile: Profile, gain_db: float, ahead: Ahead = iter
) -> Sound:
    """Decode an audio file and measure it. Raises StorageError where it cannot be decoded."""
    levels = file_levels(path, ahead)
    sound = Sound(
        round(levels.seconds, 3),
        hundredths(integrated_lufs(levels.weighted)),
        hundredths(rms_db(levels)),
        hundredths(peak_db(levels)),
        hundredths(noise_floor_db(levels, pauses)),
        round(gain_db, 2),
    )
    return replace(sound, outside=tuple(outside(sound, profile)))


def pauses_of(timeline: ChapterTimeline) -> list[tuple[float, float]]:
    """Where a chapter is quiet, in seconds: between words 0.4 s or more apart, and before and after all of them."""
    starts = np.concatenate([[0], timeline.words.end_sample])
    ends = np.concatenate([timeline.words.start_sample, [timeline.samples]])
    long = ends - starts >= SHORTEST_PAUSE_SAMPLES
    first = (starts[long] + FADING_SAMPLES) / TIMELINE_RATE
    last = (ends[long] - EARLY_SAMPLES) / TIMELINE_RATE
    return list(zip(first.tolist(), last.tolist(), strict=True))


def file_levels(path: Path, ahead: Ahead = iter) -> Levels:
    """Measure an audio file. Raises StorageError where it cannot be decoded."""
    try:
        with av.open(str(path.absolute())) as container:
            rate = container.streams.audio[0].rate
        return gathered(ahead(_heard(path, rate)), rate)
    except av.FFmpegError as error:
        raise StorageError(f"{path}: cannot be decoded: {error.strerror}", hint="assemble again") from error


def _heard(path: Path, rate: int) -> Iterator[Second]:
    """A file's audio in seconds, as it is and K-weighted.

    One graph reads, decodes, filters and cuts it: frame by frame in Python, that takes half as long again, and keeps
    the interpreter from whoever encodes meanwhile.
    """
    graph = av.filter.Graph()
    second = str(rate // HOPS_PER_SECOND * HOPS_PER_SECOND)
    both = graph.add("asplit")
    read = graph.add("amovie", filename=str(path.absolute()))
    _link(read, graph.add("aformat", channel_layouts="mono"), graph.add("asetnsamples", n=second, p="0"), both)
    weighted, plain, single = (
        graph.add("abuffersink"),
        graph.add("abuffersink"),
        graph.add("aformat", sample_fmts="flt"),
    )
    add_k_weighting(graph, both, rate).link_to(weighted)
    both.link_to(single, 1)
    single.link_to(plain)
    graph.configure()
    while True:
        try:
            yield _samples(plain, np.float32), _samples(weighted, np.float64)
        except av.EOFError:
            return


def _link(*filters: FilterContext) -> None:
    for before, after in pairwise(filters):
        before.link_to(after)


def _samples(sink: FilterContext, kind: type[_T]) -> NDArray[_T]:
    """The next frame. Raises EOFError of PyAV behind the last one."""
    frame = sink.pull()
    assert isinstance(frame, av.AudioFrame)
    return np.frombuffer(memoryview(frame.planes[0]), kind, count=frame.samples)
