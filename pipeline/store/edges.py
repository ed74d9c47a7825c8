"""Where speech starts and ends in a take, measured once when the take is stored."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_WINDOW = 120
"""Samples of one level reading: 5 ms at 24 kHz."""
_FLOOR = 33.0
"""Root mean square below which nothing is audible: -60 dBFS of 16-bit full scale."""
_BELOW_PEAK = 10 ** (-45 / 20)
"""A window this far below the loudest one is silence too: a breath of noise is not speech."""


def speech_bounds(pcm: NDArray[np.int16]) -> tuple[int, int]:
    """First and last audible sample (half-open), to 5 ms; (0, 0) where the take is silent."""
    windows = len(pcm) // _WINDOW
    if windows == 0:
        return (0, len(pcm)) if len(pcm) and int(np.abs(pcm.astype(np.int32)).max()) > _FLOOR else (0, 0)
    frames = pcm[: windows * _WINDOW].reshape(windows, _WINDOW).astype(np.float32)
    levels = np.sqrt(np.einsum("ij,ij->i", frames, frames) / _WINDOW)
    audible = np.flatnonzero(levels > max(_FLOOR, float(levels.max()) * _BELOW_PEAK))
    if not len(audible):
        return (0, 0)
    end = len(pcm) if audible[-1] == windows - 1 else int(audible[-1] + 1) * _WINDOW
    return int(audible[0]) * _WINDOW, end
