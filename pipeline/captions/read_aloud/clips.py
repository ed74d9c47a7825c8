"""When each marked stretch is heard, in whole milliseconds of its chapter's audio."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from pipeline.assembly.timeline import TIMELINE_RATE


def clip_times(start_samples: Sequence[int], samples: int) -> list[tuple[int, int]]:
    """The clip of each mark, from its first word to the next mark's, given in samples at the timeline's rate.

    Together the clips are the whole chapter, without gap or overlap, so that a reading system plays on without
    seeking and every pause is heard; in milliseconds they add up exactly. Each is at least 1 ms long (EPUB 3.3,
    9.3.2.2: clipEnd lies after clipBegin). Raises ValueError where the chapter is too short for that.
    """
    if not start_samples:
        return []
    end_ms = samples * 1000 // TIMELINE_RATE
    count = len(start_samples)
    if end_ms < count:
        raise ValueError(f"{count} marks do not fit into {end_ms} ms")
    begins, at = [0], 0
    for index, sample in enumerate(start_samples[1:], 1):
        rounded = (sample * 2000 + TIMELINE_RATE) // (2 * TIMELINE_RATE)
        at = min(max(rounded, at + 1), end_ms - (count - index))
        begins.append(at)
    return list(pairwise([*begins, end_ms]))


def clock_value(milliseconds: int) -> str:
    """A SMIL full clock value: ``0:01:02.500`` (SMIL 3.0, 5.4.4)."""
    seconds, thousandths = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}.{thousandths:03d}"
