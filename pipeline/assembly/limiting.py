"""A look-ahead limiter for true peaks: the level dips smoothly around a peak that is too high, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from pipeline.assembly.timeline import TIMELINE_RATE
from pipeline.assembly.true_peak import TAPS, peaks_above

LOOK_SAMPLES = TIMELINE_RATE * 12 // 1000
"""How long before a peak the level begins to fall, and after it has risen again, twice over: 24 ms."""
REACH_SAMPLES = 2 * LOOK_SAMPLES + TAPS


def limited(blocks: Iterable[NDArray[np.float32]], ceiling: float) -> Iterator[NDArray[np.float32]]:
    """The audio with no true peak above ``ceiling`` (1.0 is full scale), without delay and as long as before.

    However the audio is cut into blocks, it comes out the same but for the rounding of the last bit, in other blocks.
    """
    held = np.zeros(REACH_SAMPLES, np.float32)
    for block in blocks:
        held = np.concatenate([held, block])
        ready = len(held) - 2 * REACH_SAMPLES
        if ready > 0:
            yield _limited(held, ceiling)
            held = held[ready:]
    if len(held) > REACH_SAMPLES:
        yield _limited(np.concatenate([held, np.zeros(REACH_SAMPLES, np.float32)]), ceiling)


def _limited(pcm: NDArray[np.float32], ceiling: float) -> NDArray[np.float32]:
    """The inner part of ``pcm``, which has ``REACH_SAMPLES`` more at either end."""
    inner = slice(REACH_SAMPLES, len(pcm) - REACH_SAMPLES)
    places, peaks = peaks_above(pcm, ceiling)
    if not len(places):
        return pcm[inner]
    near = _within_reach(places, len(pcm))
    made = pcm.copy()
    made[near] *= _gains(np.searchsorted(near, places), ceiling / peaks, len(near))
    return made[inner]


def _within_reach(places: NDArray[np.intp], samples: int) -> NDArray[np.intp]:
    """The samples whose level a peak at one of the places, which ascend, may lower; some more stand between those of
    peaks far apart."""
    breaks = np.flatnonzero(np.diff(places) > 2 * REACH_SAMPLES)
    first = np.maximum(places[np.append(0, breaks + 1)] - REACH_SAMPLES, 0)
    after = np.minimum(places[np.append(breaks, -1)] + REACH_SAMPLES, samples)
    return np.concatenate([np.arange(*span) for span in zip(first, after, strict=True)])


def _gains(places: NDArray[np.intp], gains: NDArray[np.float32], samples: int) -> NDArray[np.float32]:
    """A smooth level for every sample that is at most each of the gains at its place and at the next."""
    allowed = np.ones(samples)
    np.minimum.at(allowed, places, gains)
    np.minimum.at(allowed, places + 1, gains)
    # Every mean below is of values that are at most what its centre is allowed: no peak passes.
    lowest = _lowest(allowed, 2 * LOOK_SAMPLES + 1)
    return np.asarray(_mean(_mean(lowest, LOOK_SAMPLES + 1), LOOK_SAMPLES + 1), np.float32)


def _lowest(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """The lowest of the ``width`` values, an odd number, around each; beyond the ends all are 1.

    Of stretches of ``width`` the lowest up to and from each value are known in one pass each, and any window is the end
    of one stretch and the beginning of the next (van Herk 1992). Not SciPy's: importing it takes longer than this does
    for an hour of speech.
    """
    rows = -(-(len(values) + width - 1) // width)
    padded = np.ones((rows, width))
    padded.reshape(-1)[width // 2 : width // 2 + len(values)] = values
    from_first = np.minimum.accumulate(padded, axis=1).reshape(-1)
    to_last = np.minimum.accumulate(padded[:, ::-1], axis=1)[:, ::-1].reshape(-1)
    return np.minimum(to_last[: len(values)], from_first[width - 1 : width - 1 + len(values)])


def _mean(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """The mean of the ``width`` values, an odd number, around each; beyond the ends all are 1."""
    sums = np.cumsum(np.concatenate([np.zeros(1), np.ones(width // 2), values, np.ones(width // 2)]))
    return np.asarray((sums[width:] - sums[:-width]) / width, np.float64)
