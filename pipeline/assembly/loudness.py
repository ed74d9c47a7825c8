"""How loud audio is: one pass over a stream leaves its power in tenths of a second, from which everything is told.

Loudness is K-weighted and gated (ITU-R BS.1770-4; EBU Tech 3341), in LUFS; RMS and peaks are in dB of full scale. A
meter keeps twelve numbers a second, so that twenty hours are measured in the memory of one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import sosfilt

from pipeline.assembly.true_peak import TAPS, true_peak

HOPS_PER_SECOND = 10
_HOPS_PER_BLOCK = 4  # 400 ms, 75 % overlap (BS.1770-4, annex 1)
_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = 10.0
_OFFSET = -0.691
_FULL_SCALE = np.float32(1 / 32768)


@dataclass(frozen=True, slots=True)
class Levels:
    """What a stream held. Columns have a value per whole tenth of a second: mean square, K-weighted mean square, and
    highest magnitude; ``square_sum`` is over all ``samples``. 1.0 is full scale."""

    rate: int
    samples: int
    square_sum: float
    power: NDArray[np.float64]
    weighted: NDArray[np.float64]
    highest: NDArray[np.float32]
    true_peak: float

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.samples / self.rate


def measure(blocks: Iterable[NDArray[np.int16] | NDArray[np.float32]], rate: int) -> Levels:
    """Measure mono audio at ``rate`` Hz, PCM16 or floating point, in blocks of any length."""
    sections = k_weighting(rate)
    state = np.zeros((len(sections), 2))
    hop = rate // HOPS_PER_SECOND
    columns: list[tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float32]]] = []
    rest, before = np.empty(0, np.float32), np.zeros(TAPS, np.float32)
    samples, square_sum, peak = 0, 0.0, 0.0
    for block in blocks:
        pcm = _as_float(block)
        peak = true_peak(np.concatenate([before, pcm]), peak)
        before = np.concatenate([before, pcm])[-TAPS:]
        samples += len(pcm)
        square_sum += float(np.dot(pcm, pcm))
        rest = np.concatenate([rest, pcm])
        whole = len(rest) // hop * hop
        if whole:
            part, rest = rest[:whole], rest[whole:]
            heard, state = sosfilt(sections, part.astype(np.float64), zi=state)
            columns.append((_mean_square(part, hop), _mean_square(heard, hop), _highest(part, hop)))
    peak = true_peak(np.concatenate([before, np.zeros(TAPS, np.float32)]), peak)
    return Levels(
        rate,
        samples,
        square_sum,
        np.concatenate([np.empty(0), *(power for power, _, _ in columns)]),
        np.concatenate([np.empty(0), *(weighted for _, weighted, _ in columns)]),
        np.concatenate([np.empty(0, np.float32), *(highest for _, _, highest in columns)]),
        peak,
    )


def k_weighting(rate: int) -> NDArray[np.float64]:
    """The two filters of BS.1770-4, annex 1, as second-order sections for any rate.

    The standard tabulates them for 48 kHz; these are the analogue filters behind the table (a shelf of 4 dB at
    1,682 Hz, a high-pass at 38 Hz), through the bilinear transform.
    """
    k, q, gain = math.tan(math.pi * 1681.974450955533 / rate), 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    half = gain**0.4996667741545416
    a0 = 1 + k / q + k * k
    shelf = [(gain + half * k / q + k * k) / a0, 2 * (k * k - gain) / a0, (gain - half * k / q + k * k) / a0,
             1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]  # fmt: skip
    k, q = math.tan(math.pi * 38.13547087602444 / rate), 0.5003270373238773
    a0 = 1 + k / q + k * k
    high_pass = [1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]
    return np.array([shelf, high_pass])


def integrated_lufs(weighted: NDArray[np.float64]) -> float:
    """Gated loudness of a ``weighted`` column; minus infinity where nothing passes the gate."""
    if len(weighted) < _HOPS_PER_BLOCK:
        return -math.inf
    sums = np.cumsum(np.concatenate([[0.0], weighted]))
    blocks = (sums[_HOPS_PER_BLOCK:] - sums[:-_HOPS_PER_BLOCK]) / _HOPS_PER_BLOCK
    blocks = blocks[blocks > 10 ** ((_ABSOLUTE_GATE_LUFS - _OFFSET) / 10)]
    if not len(blocks):
        return -math.inf
    loud = blocks[blocks > blocks.mean() * 10 ** (-_RELATIVE_GATE_LU / 10)]
    return _OFFSET + decibel(float(loud.mean()))


def rms_db(levels: Levels) -> float:
    """RMS of the whole stream, pauses and all, as stores that ask for RMS measure it (specs 1.1)."""
    return decibel(levels.square_sum / levels.samples) if levels.samples else -math.inf


def peak_db(levels: Levels) -> float:
    """True peak in dBTP."""
    return decibel(levels.true_peak**2)


def noise_floor_db(levels: Levels, pauses: Sequence[tuple[float, float]]) -> float | None:
    """RMS of what lies within ``pauses`` (seconds: start, end); None where no whole tenth of a second does."""
    quiet = np.zeros(len(levels.power), bool)
    for start, end in pauses:
        quiet[math.ceil(start * HOPS_PER_SECOND) : max(0, math.floor(end * HOPS_PER_SECOND))] = True
    return decibel(float(levels.power[quiet].mean())) if quiet.any() else None


def decibel(power: float) -> float:
    """A power as dB; minus infinity for none."""
    return 10 * math.log10(power) if power > 0 else -math.inf


def _as_float(block: NDArray[np.int16] | NDArray[np.float32]) -> NDArray[np.float32]:
    return block * _FULL_SCALE if block.dtype == np.int16 else block.astype(np.float32, copy=False)


def _mean_square(pcm: NDArray[np.float32] | NDArray[np.float64], hop: int) -> NDArray[np.float64]:
    rows = pcm.reshape(-1, hop)
    return np.asarray(np.einsum("ij,ij->i", rows, rows), np.float64) / hop


def _highest(pcm: NDArray[np.float32], hop: int) -> NDArray[np.float32]:
    return np.asarray(np.abs(pcm).reshape(-1, hop).max(axis=1), np.float32)
