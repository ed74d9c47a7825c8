"""How loud audio is: one pass over a stream leaves its power in tenths of a second, from which everything is told.

Loudness is K-weighted and gated (ITU-R BS.1770-4; EBU Tech 3341), in LUFS; RMS and peaks are in dB of full scale. A
meter keeps twelve numbers a second, so that twenty hours are measured in the memory of one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipeline.assembly.k_weighting import k_weighting
from pipeline.assembly.true_peak import TAPS, true_peak

HOPS_PER_SECOND = 10
_HOPS_PER_BLOCK = 4  # 400 ms, 75 % overlap (BS.1770-4, annex 1)
_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = 10.0
_OFFSET = -0.691
_FULL_SCALE = np.float32(1 / 32768)

Second: TypeAlias = tuple[NDArray[np.float32], NDArray[np.float64]]
"""A stretch of mono audio, and the same K-weighted: as long, or without what is left of a tenth of a second, or none
of it where loudness is not asked for."""


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


def measure(
    blocks: Iterable[NDArray[np.int16] | NDArray[np.float32]],
    rate: int,
    *,
    weighted: bool = True,
    true_peaks: bool = True,
) -> Levels:
    """Measure mono audio at ``rate`` Hz, PCM16 or floating point, in blocks of any length.

    Without ``weighted`` that column stays empty, without ``true_peaks`` that peak is 0: they take the longest.
    """
    weigh = k_weighting(rate) if weighted else None
    hop = rate // HOPS_PER_SECOND

    def both(second: NDArray[np.float32]) -> Second:
        whole = len(second) // hop * hop
        return second, weigh(second[:whole]) if weigh is not None and whole else np.empty(0)

    return gathered(map(both, _seconds(blocks, hop * HOPS_PER_SECOND)), rate, true_peaks=true_peaks)


def gathered(seconds: Iterable[Second], rate: int, *, true_peaks: bool = True) -> Levels:
    """The levels of stretches of audio, all but the last of them whole tenths of a second long. An array may be used
    again for the next stretch."""
    hop = rate // HOPS_PER_SECOND
    columns: list[tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float32]]] = []
    samples, rest, peak = 0, 0.0, 0.0
    last = np.zeros(TAPS, np.float32)
    for pcm, heard in seconds:
        if true_peaks:
            joined = np.concatenate([last, pcm])
            peak, last = true_peak(joined, peak), joined[-TAPS:]
        samples += len(pcm)
        whole = len(pcm) // hop * hop
        power, loud = _mean_square(pcm[:whole], hop), _mean_square(heard[: len(heard) // hop * hop], hop)
        columns.append((power, loud, _highest(pcm[:whole], hop)))
        rest = float(np.dot(pcm[whole:], pcm[whole:]))
    if true_peaks:
        peak = true_peak(np.append(last, np.zeros(TAPS, np.float32)), peak)
    power_column, loud_column, highest = zip(*columns, strict=True) if columns else ((), (), ())
    return Levels(
        rate,
        samples,
        float(sum(column.sum() for column in power_column)) * hop + rest,
        np.concatenate([np.empty(0), *power_column]),
        np.concatenate([np.empty(0), *loud_column]),
        np.concatenate([np.empty(0, np.float32), *highest]),
        peak,
    )


def _seconds(blocks: Iterable[NDArray[np.int16] | NDArray[np.float32]], samples: int) -> Iterator[NDArray[np.float32]]:
    """The audio in stretches of ``samples``, the last one shorter. The array is used again for the next."""
    held = np.empty(samples, np.float32)
    filled = 0
    for block in blocks:
        scale = _FULL_SCALE if block.dtype == np.int16 else np.float32(1)
        at = 0
        while at < len(block):
            taken = min(samples - filled, len(block) - at)
            np.multiply(block[at : at + taken], scale, out=held[filled : filled + taken])
            filled += taken
            at += taken
            if filled == samples:
                yield held
                filled = 0
    if filled:
        yield held[:filled]


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


def _mean_square(pcm: NDArray[np.float32] | NDArray[np.float64], hop: int) -> NDArray[np.float64]:
    rows = pcm.reshape(-1, hop)
    return np.asarray(np.einsum("ij,ij->i", rows, rows), np.float64) / hop


def _highest(pcm: NDArray[np.float32], hop: int) -> NDArray[np.float32]:
    return np.asarray(np.abs(pcm).reshape(-1, hop).max(axis=1), np.float32)
