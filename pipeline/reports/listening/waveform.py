"""Waveforms to look at: how loud a chapter is along its length, a byte for each stretch."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pipeline.assembly.timeline import TIMELINE_RATE, ChapterTimeline

WINDOW_SAMPLES = TIMELINE_RATE // 100
"""Takes are measured in windows of 10 ms."""
MOST_POINTS = 1200
"""Enough for a waveform as wide as a screen, at two pixels a point."""
_POINTS_PER_SECOND = 10

Envelope = NDArray[np.uint8]
"""The highest amplitude of each window, 255 being full scale."""


def take_envelope(pcm: NDArray[np.int16]) -> Envelope:
    """The envelope of a take at the timeline's rate; a last part window counts as one."""
    windows = -(-len(pcm) // WINDOW_SAMPLES)
    whole = len(pcm) // WINDOW_SAMPLES * WINDOW_SAMPLES
    rows = pcm[:whole].reshape(-1, WINDOW_SAMPLES)
    peaks = np.zeros(windows, np.int32)
    peaks[: len(rows)] = np.maximum(rows.max(axis=1).astype(np.int32), -rows.min(axis=1).astype(np.int32))
    if windows > len(rows):
        peaks[-1] = np.abs(pcm[whole:].astype(np.int32)).max()
    return np.asarray(np.minimum(peaks >> 7, 255), np.uint8)


def chapter_waveform(timeline: ChapterTimeline, envelopes: Mapping[str, Envelope]) -> bytes:
    """A chapter's waveform in at most 1200 points of equal length, the loudest point being 255.

    ``envelopes`` are those of its takes, by key. A point is the mean of its windows: their highest would be the same
    nearly everywhere in an hour of speech.
    """
    windows = -(-timeline.samples // WINDOW_SAMPLES)
    levels = np.zeros(windows, np.float64)
    for clip in timeline.clips:
        first, start = clip.take_start // WINDOW_SAMPLES, clip.start_sample // WINDOW_SAMPLES
        part = envelopes[clip.key][first : first + -(-clip.samples // WINDOW_SAMPLES)][: windows - start]
        levels[start : start + len(part)] = np.maximum(levels[start : start + len(part)], part)
    if not windows:
        return b""
    points = min(MOST_POINTS, -(-windows * _POINTS_PER_SECOND * WINDOW_SAMPLES // TIMELINE_RATE))
    edges = np.arange(points) * windows // points
    means = np.add.reduceat(levels, edges) / np.diff(np.append(edges, windows))
    highest = float(means.max())
    return bytes(np.rint(means * (255 / highest)).astype(np.uint8)) if highest else bytes(points)
