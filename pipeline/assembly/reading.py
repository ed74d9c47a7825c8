"""A chapter's audio as a stream of blocks, read take by take; a chapter is never held whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import av
import numpy as np
from numpy.typing import NDArray

from pipeline.assembly.fading import faded
from pipeline.assembly.timeline import TIMELINE_RATE, ChapterTimeline, Clip
from pipeline.errors import StorageError
from pipeline.store.sidecars import Take
from pipeline.store.takes import TakeStore

OpenTake = Callable[[str], NDArray[np.int16]]
"""Gives a take's audio by key: mono, at the timeline's rate, its checksum verified."""

BLOCK_SAMPLES = TIMELINE_RATE
ROUNDING_SAMPLES = 8
"""A resampled take may be this much shorter than its length by arithmetic says; silence fills it."""


def chapter_pcm(timeline: ChapterTimeline, open_take: OpenTake) -> Iterator[NDArray[np.int16]]:
    """The chapter as blocks of at most a second; together they are exactly ``timeline.samples`` long.

    One take is in memory at a time. Raises StorageError where a take cannot be read or
    is shorter than its clip.
    """
    at = 0
    key, take = "", np.empty(0, np.int16)
    for clip in timeline.clips:
        yield from _silence(clip.start_sample - at)
        if clip.key != key:
            del take
            key, take = clip.key, _opened(clip.key, open_take)
        before, after = _room(timeline, clip)
        yield from _blocks(faded(_cut(take, clip), before, after))
        at = clip.start_sample + clip.samples
    yield from _silence(timeline.samples - at)


def stored_audio(store: TakeStore, take: Take) -> NDArray[np.int16]:
    """The samples of a take at the timeline's rate. Raises DamagedTake."""
    return resampled(store.audio(take), take.sample_rate)


def resampled(pcm: NDArray[np.int16], sample_rate: int) -> NDArray[np.int16]:
    """Audio at the timeline's rate, for takes of engines that speak at another."""
    if sample_rate == TIMELINE_RATE or not len(pcm):
        return pcm
    resampler = av.AudioResampler(format="s16", layout="mono", rate=TIMELINE_RATE)
    frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = sample_rate
    frames = [*resampler.resample(frame), *resampler.resample(None)]
    return np.concatenate([made.to_ndarray().reshape(-1) for made in frames]).astype(np.int16, copy=False)


def _opened(key: str, open_take: OpenTake) -> NDArray[np.int16]:
    try:
        return open_take(key)
    except OSError as error:
        raise StorageError(
            f"take {key[:12]} cannot be read: {error.strerror or error}",
            hint="make .narration/takes readable; `narrate check --takes` tells which takes are damaged",
        ) from error


def _room(timeline: ChapterTimeline, clip: Clip) -> tuple[int, int]:
    """Samples of the clip before its first and after its last word; all of it where it has none."""
    words = timeline.words
    end = clip.start_sample + clip.samples
    first = int(np.searchsorted(words.start_sample, clip.start_sample))
    last = int(np.searchsorted(words.start_sample, end)) - 1
    if last < first:
        return clip.samples, clip.samples
    return int(words.start_sample[first]) - clip.start_sample, end - int(words.end_sample[last])


def _cut(take: NDArray[np.int16], clip: Clip) -> NDArray[np.int16]:
    pcm = take[clip.take_start : clip.take_start + clip.samples]
    missing = clip.samples - len(pcm)
    if missing > ROUNDING_SAMPLES:
        message = f"take {clip.key[:12]} is {missing} samples shorter than when it was stored"
        raise StorageError(message, hint="run `narrate check --takes` to find damaged takes")
    return np.pad(pcm, (0, missing)) if missing else pcm


def _blocks(pcm: NDArray[np.int16]) -> Iterator[NDArray[np.int16]]:
    for start in range(0, len(pcm), BLOCK_SAMPLES):
        yield pcm[start : start + BLOCK_SAMPLES]


def _silence(samples: int) -> Iterator[NDArray[np.int16]]:
    for start in range(0, samples, BLOCK_SAMPLES):
        yield np.zeros(min(BLOCK_SAMPLES, samples - start), np.int16)
