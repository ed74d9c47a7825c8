"""Levels in windows of 10 ms: where there is sound, where silence, and whether two recordings hold the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

WINDOWS_PER_SECOND = 100
FLOOR_DB = -90.0
_ABOVE_NOISE_DB = 6.0
"""What 10 ms of noise may be louder than its median; those of white noise are 1.6 dB louder at most in a minute."""
_BELOW_SPEECH_DB = 15.0
"""Speech is this loud in most of its windows."""

Envelope = NDArray[np.float32]
"""dB of full scale, a value per window."""


def envelope(blocks: Iterable[NDArray[Any]], rate: int) -> Envelope:
    """The levels of a stream of mono audio, PCM16 or floating point."""
    meter = WindowMeter(rate)
    for block in blocks:
        meter.hear(block)
    return meter.levels()


class WindowMeter:
    """Measures block by block, whatever the blocks' length; windows lie on the clock, so that none drifts at rates
    that a window is no whole number of samples of."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._at = 0
        self._carried = 0.0
        self._parts: list[Envelope] = []

    def hear(self, block: NDArray[Any]) -> None:
        """Take a block in."""
        if not len(block):
            return
        pcm = _unit(block)
        first = self._at * WINDOWS_PER_SECOND // self._rate
        end = self._at + len(pcm)
        last = end * WINDOWS_PER_SECOND // self._rate
        edges = -(-np.arange(first + 1, last + 1) * self._rate // WINDOWS_PER_SECOND)
        cuts = np.concatenate([[0], edges - self._at])
        inside = cuts[cuts < len(pcm)]
        sums = np.add.reduceat(pcm * pcm, inside).astype(np.float64)
        sums[0] += self._carried
        whole = sums[: len(edges)]
        self._parts.append(_decibels(whole * (WINDOWS_PER_SECOND / self._rate)))
        self._carried = float(sums[-1]) if len(sums) > len(edges) else 0.0
        self._at = end

    def levels(self) -> Envelope:
        """The levels of all whole windows so far."""
        return np.concatenate([np.empty(0, np.float32), *self._parts])


def _unit(block: NDArray[Any]) -> NDArray[np.float32]:
    pcm = block.astype(np.float32, copy=False)
    return pcm * np.float32(1 / 32768) if block.dtype == np.int16 else pcm


def _decibels(power: NDArray[np.float64]) -> Envelope:
    floor = 10 ** (FLOOR_DB / 10)
    return (10 * np.log10(np.maximum(power, floor))).astype(np.float32)


def runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The stretches of True, half-open."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def speech_level(levels: Envelope) -> float:
    """How loud speech is where it is heard: mean power of the windows within 30 dB of the loudest; pauses do not
    count."""
    if not len(levels):
        return FLOOR_DB
    heard = levels[levels > max(float(levels.max()) - 30.0, FLOOR_DB)]
    return float(10 * np.log10(np.mean(10 ** (heard.astype(np.float64) / 10)))) if len(heard) else FLOOR_DB


def quiet_level(levels: Envelope, pauses: Iterable[tuple[float, float]]) -> float:
    """How loud the pauses (in seconds) usually are: the median of their windows, which a breath does not move."""
    quiet = np.concatenate([np.empty(0, np.float32), *(_part(levels, *pause) for pause in pauses)])
    return float(np.median(quiet)) if len(quiet) else FLOOR_DB


def noisiest(levels: Envelope, pauses: Iterable[tuple[float, float]]) -> float:
    """Where the loudest pause begins, in seconds; 0 where there is none."""
    loud = {start: float(part.mean()) for start, end in pauses if len(part := _part(levels, start, end))}
    return max(loud, key=loud.__getitem__, default=0.0)


def _part(levels: Envelope, start: float, end: float) -> Envelope:
    return levels[max(0, round(start * WINDOWS_PER_SECOND)) : max(0, round(end * WINDOWS_PER_SECOND))]


def audible(levels: Envelope, loud: float, quiet: float = FLOOR_DB) -> NDArray[np.bool_]:
    """Which windows hold sound, where speech is ``loud``: 40 dB below it a listener hears nothing.

    ``quiet`` is what the pauses hold: noise that lies under everything is no sound of its own, unless it comes near
    the speech.
    """
    above_noise = min(quiet + _ABOVE_NOISE_DB, loud - _BELOW_SPEECH_DB)
    return np.asarray(levels > max(loud - 40.0, -65.0, above_noise))
