"""True peaks: how high the waveform rises between the samples (ITU-R BS.1770-4, annex 2: four points a sample).

Interpolating everything costs more than encoding it. So only rows of samples are looked at that come within 3.2 dB of
what is asked for: a sine's samples lie at most 3 dB below its crest, but for tones next to half the rate, which speech
has none of.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.signal import firwin, upfirdn

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


_TAPS = _interpolator()
REACH = 1.45
"""How far, as a factor, a peak is taken to rise above the samples around it at most: 3.2 dB."""


def peaks_above(pcm: NDArray[np.float32], threshold: float) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Where the waveform passes ``threshold``, and how high it is there.

    A place ``i`` stands for the stretch from sample ``i`` to ``i + 1``; its peak is the largest magnitude of the points
    between them and of both. The first and last five stretches of ``pcm`` are left out: they lack neighbours.
    """
    return _found(pcm, _highest(pcm), threshold)


def true_peak(pcm: NDArray[np.float32], at_least: float = 0.0) -> float:
    """The highest magnitude of the waveform, or ``at_least`` where it stays below that (1.0 is full scale)."""
    rows = _highest(pcm)
    highest = max(at_least, float(rows.max(initial=0.0)))
    _, peaks = _found(pcm, rows, highest)
    return max(highest, float(peaks.max(initial=0.0)))


def _highest(pcm: NDArray[np.float32]) -> NDArray[np.float32]:
    """The largest magnitude of each row of samples; the last may be short."""
    whole = len(pcm) // ROW * ROW
    magnitude = np.abs(pcm)
    rows = magnitude[:whole].reshape(-1, ROW).max(axis=1)
    return np.append(rows, magnitude[whole:].max(initial=0.0)).astype(np.float32)


def _found(
    pcm: NDArray[np.float32], highest: NDArray[np.float32], threshold: float
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    following = np.append(highest[1:], np.float32(0))
    hot = np.flatnonzero(np.maximum(highest, following) > threshold / REACH)
    if not len(hot):
        return np.empty(0, np.intp), np.empty(0, np.float32)
    wide, stretches = ROW + TAPS - 1, len(pcm) - 1
    if hot[-1] * ROW + wide > len(pcm):
        pcm = np.append(pcm, np.zeros(wide, np.float32))
    samples = sliding_window_view(pcm, wide)[hot * ROW]
    # Not a matrix product: the threads of BLAS would wait on the cores that the encoders use.
    between = upfirdn(_TAPS.reshape(-1), samples, up=PHASES, axis=1)[:, PHASES * (TAPS - 1) : PHASES * wide]
    between = np.abs(between, out=between).reshape(-1, ROW, PHASES)
    middle = TAPS // 2 - 1
    beside = np.abs(samples[:, middle : middle + ROW + 1])
    peaks = np.maximum(beside[:, :-1], beside[:, 1:])
    for phase in range(PHASES):
        np.maximum(peaks, between[:, :, phase], out=peaks)
    peaks = peaks.reshape(-1)
    places = (hot[:, None] * ROW + np.arange(middle, middle + ROW)).reshape(-1)
    kept = (peaks > threshold) & (places < stretches)
    return places[kept], peaks[kept]
