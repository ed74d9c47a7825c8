"""Between the segments of a file: pauses too long or missing, levels that jump, clicks where clips meet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pipeline.reports.quality.envelope import WINDOWS_PER_SECOND, Envelope, audible, quiet_level, speech_level
from pipeline.reports.quality.findings import Blemish, Kind, Severity, graded
from pipeline.reports.quality.limits import Limits
from pipeline.reports.quality.sync_checks import Alignment

_LEAST_PAUSE_MS = 200.0
_LEAST_SPEECH = 20
_ROOM = 3
"""Windows at a clip's edges that may belong to either side."""


@dataclass(frozen=True, slots=True)
class Span:
    """A clip in a chapter, in seconds: where its sound starts and ends, and the pause asked for after it."""

    start: float
    end: float
    pause_ms: float


def joint_blemishes(
    expected: Envelope, heard: Envelope, spans: Sequence[Span], made: Alignment, limits: Limits
) -> list[Blemish]:
    """What is wrong between the clips of a chapter. Seconds are the timeline's.

    Where nothing at all is heard no pause is too long: silence is found as that.
    """
    if not audible(heard, speech_level(heard)).any():
        return []
    return [*_pauses(heard, spans, made, limits), *_jumps(expected, heard, spans, made, limits)]


def _pauses(heard: Envelope, spans: Sequence[Span], made: Alignment, limits: Limits) -> Iterator[Blemish]:
    between = [
        (_in_file(one, one.end, made) / WINDOWS_PER_SECOND, _in_file(other, other.start, made) / WINDOWS_PER_SECOND)
        for one, other in pairwise(spans)
    ]
    sound = audible(heard, speech_level(heard), quiet_level(heard, between))
    for span, following in pairwise(spans):
        before, after = _in_file(span, span.end, made), _in_file(following, following.start, made)
        if after >= len(sound):
            return
        silent = _silence_at(sound, (before + after) // 2) if after > before else 0
        silence_ms = silent * 1000 / WINDOWS_PER_SECOND
        more = graded(silence_ms - span.pause_ms, *limits.pause_long_ms)
        seconds = span.end
        asked = f"the manifest asks for {span.pause_ms:.0f}"
        if more:
            message = f"a pause of {silence_ms:.0f} ms; {asked}"
            yield Blemish(
                Kind.PAUSE_LONG,
                more,
                seconds,
                message,
                value=silence_ms,
                limit=span.pause_ms + limits.pause_long_ms[0],
                unit="ms",
                excess=silence_ms - span.pause_ms,
            )
        elif span.pause_ms >= _LEAST_PAUSE_MS and silence_ms < span.pause_ms * limits.pause_share:
            message = f"a pause of {silence_ms:.0f} ms; {asked}"
            yield Blemish(
                Kind.PAUSE_MISSING,
                Severity.WARNING,
                seconds,
                message,
                value=silence_ms,
                limit=span.pause_ms * limits.pause_share,
                unit="ms",
                excess=span.pause_ms - silence_ms,
            )


def _in_file(span: Span, seconds: float, made: Alignment) -> int:
    """The window of the file that holds a time of a clip: what was lost or added between clips does not count."""
    return round(seconds * WINDOWS_PER_SECOND) + made.shift_at(round((span.start + span.end) / 2 * WINDOWS_PER_SECOND))


def _silence_at(sound: np.ndarray[tuple[int], np.dtype[np.bool_]], window: int) -> int:
    """How many windows about one are silent; the nearest silence counts, since edges are to a few windows."""
    low, high = max(0, window - _ROOM), min(len(sound), window + _ROOM + 1)
    quiet = np.flatnonzero(~sound[low:high])
    if not len(quiet):
        return 0
    at = low + int(quiet[np.abs(quiet + low - window).argmin()])
    before, after = np.flatnonzero(sound[:at]), np.flatnonzero(sound[at:])
    start = int(before[-1]) + 1 if len(before) else 0
    return (at + int(after[0]) if len(after) else len(sound)) - start


def _jumps(
    expected: Envelope, heard: Envelope, spans: Sequence[Span], made: Alignment, limits: Limits
) -> Iterator[Blemish]:
    """Clips that the file holds louder or quieter than the rest: a chapter has one gain."""
    loud = speech_level(expected)
    gains: list[tuple[float, Span]] = []
    for span in spans:
        first, last = round(span.start * WINDOWS_PER_SECOND), round(span.end * WINDOWS_PER_SECOND)
        shift = made.shift_at((first + last) // 2)
        first, last = max(first, -shift), min(last, len(heard) - shift, len(expected))
        wanted = expected[first:last]
        found = heard[first + shift : last + shift]
        speech = wanted > loud - 20.0
        if int(speech.sum()) >= _LEAST_SPEECH:
            gains.append((float(np.median(found[speech] - wanted[speech])), span))
    if not gains:
        return
    usual = float(np.median([gain for gain, _ in gains]))
    for gain, span in gains:
        severity = graded(abs(gain - usual), *limits.level_jump_db)
        if severity:
            message = f"{abs(gain - usual):.1f} dB {'louder' if gain > usual else 'quieter'} than the rest of the file"
            yield Blemish(
                Kind.LEVEL_JUMP,
                severity,
                span.start,
                message,
                value=gain - usual,
                limit=limits.level_jump_db[0],
                unit="dB",
                excess=abs(gain - usual),
            )
