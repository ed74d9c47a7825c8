"""Where speech starts and ends in a take, measured once when the take is stored."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_WINDOW = 120
"""Samples of one level reading: 5 ms at 24 kHz."""
_FLOOR = 33.0
"""Root mean square below which nothing is audible: -60 dBFS of 16-bit full scale."""
_WINDOWS_AT_ONCE = 512
_BELOW_PEAK = 10 ** (-45 / 20)
"""A window this far below the loudest one is silence too: a breath of noise is not speech."""


def speech_bounds(pcm: NDArray[np.int16]) -> tuple[int, int]:
    """First and last audible sample (half-open), to 5 ms; (0, 0) where the take is silent."""
    windows = len(pcm) // _WINDOW
    if windows == 0:
        return (0, len(pcm)) if len(pcm) and int(np.abs(pcm.astype(np.int32)).max()) > _FLOOR else (0, 0)
    levels = _levels(pcm[: windows * _WINDOW].reshape(windows, _WINDOW))
    audible = np.flatnonzero(levels > max(_FLOOR, float(levels.max()) * _BELOW_PEAK))
    if not len(audible):
        return (0, 0)
    end = len(pcm) if audible[-1] == windows - 1 else int(audible[-1] + 1) * _WINDOW
    return int(audible[0]) * _WINDOW, end


def _levels(windows: NDArray[np.int16]) -> NDArray[np.float32]:
    """The root mean square of each row, some rows at a time: a long take as numbers of 32 bits is megabytes."""
    squares = np.empty(len(windows), np.float32)
    for start in range(0, len(windows), _WINDOWS_AT_ONCE):
        some = windows[start : start + _WINDOWS_AT_ONCE].astype(np.float32)
        np.einsum("ij,ij->i", some, some, out=squares[start : start + _WINDOWS_AT_ONCE])
    return np.sqrt(squares / _WINDOW)
