"""Short fades at the edges of a clip, so that a cut never clicks. The one place where pydub edits audio.

pydub counts in whole milliseconds and drops what lies beyond the last one, so it is handed edges that are whole
milliseconds long, never a whole clip; each such edge costs it about 0.1 ms. It looks for an ffmpeg binary when
imported and warns where there is none; nothing here lets it run one.
"""

from __future__ import annotations

import warnings
from typing import cast

import numpy as np
from numpy.typing import NDArray

from pipeline.assembly.timeline import TIMELINE_RATE

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from pydub import AudioSegment

FADE_MS = 5
SHORTEST_FADE_MS = 1
SAMPLES_PER_MS = TIMELINE_RATE // 1000


def faded(pcm: NDArray[np.int16], room_before: int, room_after: int) -> NDArray[np.int16]:
    """A copy of a clip that rises from and falls to silence.

    ``room_before`` and ``room_after`` are the samples before the first and after the last word: a fade is 5 ms
    long, less where a word is nearer, and 1 ms where a word touches the cut, which stops the click and is too
    short to be heard as missing.
    """
    clip = pcm.copy()
    rise, fall = _fade_ms(room_before), _fade_ms(room_after)
    if len(clip) >= (rise + fall) * SAMPLES_PER_MS:
        head, tail = rise * SAMPLES_PER_MS, len(clip) - fall * SAMPLES_PER_MS
        clip[:head] = _samples(_segment(clip[:head]).fade_in(rise))
        clip[tail:] = _samples(_segment(clip[tail:]).fade_out(fall))
    return clip


def _fade_ms(room: int) -> int:
    return min(FADE_MS, max(SHORTEST_FADE_MS, room // SAMPLES_PER_MS))


def _segment(pcm: NDArray[np.int16]) -> AudioSegment:
    return AudioSegment(data=pcm.tobytes(), sample_width=2, frame_rate=TIMELINE_RATE, channels=1)


def _samples(segment: AudioSegment) -> NDArray[np.int16]:
    return np.frombuffer(cast("bytes", segment.raw_data), np.int16)
