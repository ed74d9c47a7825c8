"""Clicks: places where the waveform jumps as nothing around it does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from pipeline.reports.quality.limits import Limits

_ROWS_PER_SECOND = 1000
_REACH_ROWS = 12
CONTEXT_SECONDS = (_REACH_ROWS + 4) / _ROWS_PER_SECOND
"""What has to be known on both sides of a place."""


def clicks(pcm: NDArray[np.float32], rate: int, limits: Limits) -> list[tuple[int, float]]:
    """The clicks of a stretch of audio (1.0 is full scale) as (sample, size).

    A click is a millisecond whose largest second difference stands out from every other one within 12 ms on both
    sides: the beats of a voice come again after 3 to 15 ms, hiss is everywhere, and a plosive rings on.
    """
    row = rate // _ROWS_PER_SECOND
    rows = (len(pcm) - 2) // row
    if rows <= 2 * _REACH_ROWS:
        return []
    bend = np.abs(pcm[2:] - 2 * pcm[1:-1] + pcm[:-2])
    tops = bend[: rows * row].reshape(rows, row).max(axis=1)
    if not (tops > limits.click_size).any():
        return []
    window = _REACH_ROWS - 1
    highest = maximum_filter1d(tops, window, mode="constant")
    shift = 2 + window // 2
    before = np.concatenate([np.zeros(shift, np.float32), highest[:-shift]])
    after = np.concatenate([highest[shift:], np.zeros(shift, np.float32)])
    beside = np.maximum(before, after)
    found = np.flatnonzero((tops > limits.click_size) & (tops > limits.click_ratio * beside))
    return [
        (int(index) * row + int(bend[index * row : (index + 1) * row].argmax()) + 1, float(tops[index]))
        for index in found
        if index == 0 or tops[index] >= tops[max(0, index - 1) : index + 2].max()
    ]
