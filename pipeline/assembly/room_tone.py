"""Room tone: the hush that stands under speech and its pauses where a store wants no digital silence (specs 1.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipeline.assembly.timeline import TIMELINE_RATE

LOOP_SAMPLES = 2**18
"""Some 11 seconds: longer than any pause, so that no ear finds the repetition."""
SILENT_SAMPLES = 1024
"""Digital silence at either end of a chapter: the AAC frames where chapters are joined (``placing.FRAME_SAMPLES``)."""
RAMP_SAMPLES = TIMELINE_RATE // 4
EDGE_SAMPLES = SILENT_SAMPLES + RAMP_SAMPLES
_SEED = 1770
_LOWEST_HZ = 60.0
_HIGHEST_HZ = 8000.0


def with_room_tone(
    blocks: Iterable[NDArray[np.float32]], level_db: float, samples: int
) -> Iterator[NDArray[np.float32]]:
    """Audio of ``samples`` in all with room tone of ``level_db`` RMS under it, faded in and out over a quarter second.
    Blocks are shorter than the tone.

    The tone depends on the place in the chapter alone: the same chapter gives the same samples.
    """
    tone = np.tile(_loop() * np.float32(10 ** (level_db / 20)), 2)
    at = 0
    for block in blocks:
        end = at + len(block)
        under = tone[at % LOOP_SAMPLES :][: len(block)]
        if at < EDGE_SAMPLES or end > samples - EDGE_SAMPLES:
            under = under * _share(at, end, samples)
        yield block + under
        at = end


def _share(start: int, end: int, samples: int) -> NDArray[np.float32]:
    places = np.arange(start, end)
    nearest = np.minimum(places, samples - 1 - places)
    return np.clip((nearest - SILENT_SAMPLES) / RAMP_SAMPLES, 0.0, 1.0).astype(np.float32)


@cache
def _loop() -> NDArray[np.float32]:
    """Noise of RMS 1.0 whose power falls with frequency, as a quiet room's does; it repeats without a seam."""
    frequencies = np.fft.rfftfreq(LOOP_SAMPLES, 1 / TIMELINE_RATE)
    inside = (frequencies >= _LOWEST_HZ) & (frequencies <= _HIGHEST_HZ)
    phases = np.random.Generator(np.random.PCG64(_SEED)).random(len(frequencies)) * 2 * np.pi
    shape = np.where(inside, 1 / np.sqrt(np.maximum(frequencies, _LOWEST_HZ)), 0.0)
    noise = np.fft.irfft(shape * np.exp(1j * phases), LOOP_SAMPLES)
    return np.asarray(noise / np.sqrt(np.mean(noise**2)), np.float32)
