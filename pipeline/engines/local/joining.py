"""Sounded parts trimmed to their speech and joined with silence of known length."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 24_000
"""Samples per second of what is joined."""

_AUDIBLE = 0.003  # of full scale; the voices' own silence stays below it, with peaks of 0.002
_BLOCK = 120  # samples: the edges of speech are found to 5 ms
_LEAD, _TAIL, _FADE = 720, 1440, 120  # samples kept around speech: 30 and 60 ms, of which 5 ms fade
_SHORTEST_PAUSE = 10  # blocks, 50 ms: the stops inside and between words are mostly shorter
_CEILING = 0.99
_MUTE_MS = 250  # what an order without a sound becomes: an answer, if an empty one


@dataclass(frozen=True, slots=True)
class Placed:
    """Silence (samples), then sound, and the sample ranges in the sound of the written words spoken in it."""

    pause: int
    sound: NDArray[np.float32]
    words: dict[int, tuple[int, int]]

    @classmethod
    def silence(cls, pause_ms: int) -> Self:
        """Silence alone."""
        return cls(pause_ms * SAMPLE_RATE // 1000, np.zeros(0, np.float32), {})


def trimmed(samples: NDArray[np.float32], words: Mapping[int, tuple[int, int]], pause_ms: int) -> Placed:
    """Sound from 30 ms before speech to 60 ms after it, with ``words`` (sample ranges, not empty) moved along.

    The pause is measured from speech to speech, so what is kept around the speech is taken off it. Where a word ends
    the sound is the judge, and where one starts too, if it is the first (hibari's model spreads a breath over its
    phoneme) or follows a pause (hibari begins it within the length of the space before it).
    """
    loud = _audible_blocks(samples)
    onset, offset = (int(loud[0]) * _BLOCK, (int(loud[-1]) + 1) * _BLOCK) if loud.size else (0, len(samples))
    start, end = max(onset - _LEAD, 0), min(offset + _TAIL, len(samples))
    sound = samples[start:end].copy()
    ramp = np.linspace(0, 1, min(_FADE, len(sound)), dtype=np.float32)
    sound[: len(ramp)] *= ramp
    sound[len(sound) - len(ramp) :] *= ramp[::-1]
    heard = {word: (low - start, _last_heard(loud, low, high) - start) for word, (low, high) in words.items()}
    for before, word in pairwise(sorted(heard)):
        heard[word] = (_first_heard(loud, words[before][1], words[word][0]) - start, heard[word][1])
    first, last = min(heard), max(heard)
    heard[first] = (min(onset - start, heard[first][1] - 1), heard[first][1])
    heard[last] = (heard[last][0], max(offset - start, heard[last][0] + 1))
    pause = max(pause_ms * SAMPLE_RATE // 1000 - (_LEAD + _TAIL if pause_ms else 0), 0)
    return Placed(pause, sound, heard)


def _audible_blocks(samples: NDArray[np.float32]) -> NDArray[np.intp]:
    """Which blocks of 5 ms hold sound, in order."""
    whole = len(samples) // _BLOCK * _BLOCK
    return np.flatnonzero(np.abs(samples[:whole].reshape(-1, _BLOCK)).max(axis=1) > _AUDIBLE)


def _last_heard(loud: NDArray[np.intp], start: int, end: int) -> int:
    """``end``, drawn in to the last sound between it and ``start``; as it is where all is silent."""
    before = int(np.searchsorted(loud, -(-end // _BLOCK)))
    heard = min((int(loud[before - 1]) + 1) * _BLOCK, end) if before else 0
    return heard if heard > start else end


def _first_heard(loud: NDArray[np.intp], before: int, start: int) -> int:
    """``start``, put forward to where sound sets in after the last pause that ends between ``before``, where the word
    before ends, and it; as it is where no pause ends there."""
    first, last = np.searchsorted(loud, (-(-before // _BLOCK), -(-start // _BLOCK))).tolist()
    near = loud[max(first - 1, 0) : last]
    onsets = near[1:][np.diff(near) > _SHORTEST_PAUSE]
    return int(onsets[-1]) * _BLOCK if onsets.size else start


def joined(parts: Iterable[Placed]) -> tuple[NDArray[np.int16], dict[int, tuple[int, int]]]:
    """PCM16, and where each spoken word lies in it; what would pass full scale is scaled, never clipped."""
    parts = list(parts)
    peak = max((float(np.abs(part.sound).max()) for part in parts if part.sound.size), default=0.0)
    gain = np.float32(32767 * min(1.0, _CEILING / peak if peak else 1.0))
    length = sum(part.pause + len(part.sound) for part in parts)
    if not peak:
        length = max(length, _MUTE_MS * SAMPLE_RATE // 1000)
    pcm = np.zeros(length, np.int16)
    heard: dict[int, tuple[int, int]] = {}
    at = 0
    for part in parts:
        at += part.pause
        pcm[at : at + len(part.sound)] = np.rint(part.sound * gain)
        for word, (start, end) in part.words.items():
            heard[word] = (heard[word][0] if word in heard else at + start, at + end)
        at += len(part.sound)
    return pcm, heard
