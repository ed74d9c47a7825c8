"""True peaks: how high the waveform rises between the samples (ITU-R BS.1770-4, annex 2: four points a sample).

Interpolating everything costs more than encoding it. A point between samples is at most ``REACH`` times the largest of
the twelve samples around it, so only the rows of samples that could reach a threshold are looked at: the result is the
same, and of speech one row in a hundred is left.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.signal import firwin

PHASES = 4
TAPS = 12
"""Samples that a point between them is computed from."""
ROW = 64
_KAISER = 5.0


def _interpolator() -> NDArray[np.float32]:
    """The filter's phases as columns: 1/8, 3/8, 5/8 and 7/8 of the way from the sixth sample to the seventh."""
    taps = firwin(PHASES * TAPS, 1 / PHASES, window=("kaiser", _KAISER)) * PHASES
    phases = np.asarray(taps, np.float64).reshape(TAPS, PHASES)
    return np.asarray(phases / phases.sum(axis=0), np.float32)


_PHASES = _interpolator()
REACH = float(np.abs(_PHASES).sum(axis=0).max())
"""The most that interpolation can add: the sum of a phase's magnitudes."""


def peaks_above(pcm: NDArray[np.float32], threshold: float) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Where the waveform may pass ``threshold``, and how high it is there.

    A place ``i`` stands for the stretch from sample ``i`` to ``i + 1``, at most five samples from either end of
    ``pcm`` excepted; its peak is the largest magnitude of both samples and the points between them.
    """
    windows = len(pcm) - TAPS + 1
    if windows <= 0:
        return np.empty(0, np.intp), np.empty(0, np.float32)
    rows = -(-len(pcm) // ROW)
    padded = np.zeros((rows + 1) * ROW, np.float32)
    padded[: len(pcm)] = pcm
    highest = np.abs(padded).reshape(-1, ROW).max(axis=1)
    hot = np.flatnonzero(np.maximum(highest[:-1], highest[1:]) * REACH > threshold)
    samples = sliding_window_view(padded, ROW + TAPS - 1)[hot * ROW]
    around = sliding_window_view(samples, TAPS, axis=1)
    peaks = np.abs(around @ _PHASES).max(axis=2)
    middle = TAPS // 2 - 1
    np.maximum(peaks, np.abs(around[:, :, middle]), out=peaks)
    np.maximum(peaks, np.abs(around[:, :, middle + 1]), out=peaks)
    places = (hot[:, None] * ROW + np.arange(ROW) + middle).reshape(-1)
    found = peaks.reshape(-1)
    kept = (found > threshold) & (places < windows + middle)
    return places[kept], found[kept]


def true_peak(pcm: NDArray[np.float32], at_least: float = 0.0) -> float:
    """The highest magnitude of the waveform, or ``at_least`` where it stays below that (1.0 is full scale)."""
    highest = max(at_least, float(np.abs(pcm).max(initial=0.0)))
    _, peaks = peaks_above(pcm, highest)
    return max(highest, float(peaks.max(initial=0.0)))
