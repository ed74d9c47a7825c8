"""Samples as the clocks of caption formats count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pipeline.assembly.timeline import TIMELINE_RATE

CENTISECOND_SAMPLES = TIMELINE_RATE // 100


def nearest(sample: int, unit_samples: int) -> int:
    """A sample in units of so many samples."""
    return (sample + unit_samples // 2) // unit_samples


def spans(times: Iterable[tuple[int, int]], unit_samples: int) -> Iterator[tuple[int, int]]:
    """Starts and ends in units: each at the nearest, every end after its start, no start before the end before it."""
    before = 0
    for start_sample, end_sample in times:
        start = max(before, nearest(start_sample, unit_samples))
        before = max(start + 1, nearest(end_sample, unit_samples))
        yield start, before


def hours_minutes_seconds(units: int, per_second: int) -> tuple[int, int, int, int]:
    """A time in ``1 / per_second`` s as hours, minutes, seconds and what is left."""
    seconds, rest = divmod(units, per_second)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return hours, minutes, seconds, rest
