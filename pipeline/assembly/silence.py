"""Where speech begins and ends in a take: measured once, when the take is stored."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WINDOW_SAMPLES = 120
"""5 ms at 24 kHz: shorter than any phoneme, long enough for a level."""
FLOOR_DBFS = -50.0
"""What is louder than this is always speech."""
BELOW_PEAK_DB = -45.0
"""In a quiet take, what is within 45 dB of its peak is speech too: a trailing "f" lies 30 to 40 dB below the vowels."""

_FULL_SCALE = 32768.0


def speech_bounds(pcm: NDArray[np.int16]) -> tuple[int, int]:
    """The first audible sample and the one after the last, to within a window of 120 samples.

    A window is audible when its RMS level is over -50 dBFS or over 45 dB below the take's peak, whichever is
    lower. ``(0, 0)`` where nothing is audible.
    """
    if not len(pcm):
        return 0, 0
    padded = np.zeros(-(-len(pcm) // WINDOW_SAMPLES) * WINDOW_SAMPLES, np.float32)
    padded[: len(pcm)] = pcm
    windows = padded.reshape(-1, WINDOW_SAMPLES)
    level = np.sqrt(np.einsum("ij,ij->i", windows, windows) / WINDOW_SAMPLES)
    peak = float(np.abs(padded).max())
    threshold = min(_FULL_SCALE * 10 ** (FLOOR_DBFS / 20), peak * 10 ** (BELOW_PEAK_DB / 20))
    audible = np.flatnonzero(level > threshold)
    if not len(audible):
        return 0, 0
    return int(audible[0]) * WINDOW_SAMPLES, min(len(pcm), (int(audible[-1]) + 1) * WINDOW_SAMPLES)
