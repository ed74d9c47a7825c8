"""Whether a file holds the sound of its takes, at the times that the timeline says.

Both are compared by their levels in windows of 10 ms, two seconds at a time: the shift at which they agree best is
what captions and marks are off by. A shift that changes tells where sound was lost or added, and how much.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipeline.reports.quality.envelope import WINDOWS_PER_SECOND, Envelope
from pipeline.reports.quality.findings import Blemish, Kind, Severity
from pipeline.reports.quality.limits import Limits

_SPAN = 2 * WINDOWS_PER_SECOND
_NEAR = WINDOWS_PER_SECOND * 3 // 5
_FAR = 15 * WINDOWS_PER_SECOND
_STRAIGHT = 10
_QUIET_DB = -60.0
_LEAST_DYNAMICS_DB = 6.0
_WINDOW_MS = 1000 / WINDOWS_PER_SECOND


@dataclass(slots=True)
class Alignment:
    """How a file lies against its takes: for each span compared, its start, the shift in windows (positive: the file
    is late; None: the file holds something else there)."""

    starts: list[int] = field(default_factory=list)
    shifts: list[float | None] = field(default_factory=list)

    def shift_at(self, window: int) -> int:
        """The shift at a window of the timeline, to whole windows."""
        index = int(np.searchsorted(self.starts, window, side="right")) - 1
        for each in [*reversed(self.shifts[: index + 1]), *self.shifts[index + 1 :]]:
            if each is not None:
                return round(each)
        return 0

    @property
    def straight(self) -> bool:
        """Whether the file lies where the timeline says from end to end."""
        return all(each is not None and abs(each) <= _STRAIGHT for each in self.shifts)

    def last_shift(self, before: float) -> float:
        """The shift at the end, or the one before where nothing could be compared."""
        return next((each for each in reversed(self.shifts) if each is not None), before)


def align(expected: Envelope, heard: Envelope, limits: Limits, shift: float = 0.0) -> Alignment:
    """Compare span by span, looking about ``shift`` first. Spans of silence say nothing and are left out."""
    wanted, found = np.maximum(expected, _QUIET_DB), np.maximum(heard, _QUIET_DB)
    made = Alignment()
    for start in range(0, len(wanted), _SPAN):
        part = wanted[start : start + _SPAN]
        if len(part) < _SPAN // 4 or float(part.std()) < _LEAST_DYNAMICS_DB:
            continue
        best = _best(part, found, start + round(shift), _NEAR)
        if best[1] < limits.alike:
            best = max(best, _best(part, found, start + round(shift), _FAR), key=lambda each: each[1])
        made.starts.append(start)
        if best[1] < limits.alike:
            made.shifts.append(None)
        else:
            shift = best[0] - start
            made.shifts.append(shift)
    return made


def _best(part: Envelope, found: Envelope, about: int, reach: int) -> tuple[float, float]:
    """Where in ``found`` a part fits best within ``reach`` of ``about``, finer than a window, and how well."""
    low, high = about - reach, about + reach + len(part)
    pad = (max(0, -low), max(0, high - len(found)))
    inside = found[max(0, low) : max(0, min(high, len(found)))]
    searched = np.pad(inside, pad, constant_values=_QUIET_DB).astype(np.float64)[: 2 * reach + len(part)]
    size = len(part)
    pattern = part.astype(np.float64) - part.mean()
    sums = np.concatenate([[0.0], np.cumsum(searched)])
    squares = np.concatenate([[0.0], np.cumsum(searched**2)])
    mean = (sums[size:] - sums[:-size]) / size
    spread = np.sqrt(np.maximum((squares[size:] - squares[:-size]) / size - mean**2, 1.0))
    fit = np.correlate(searched, pattern, "valid") / size / spread / max(float(pattern.std()), 1e-9)
    # Of equally good places the nearest: speech after a long pause must not be looked for at its edge.
    fit -= np.abs(np.arange(len(fit)) - reach) * 1e-6
    top = int(fit.argmax())
    finer = 0.0
    if 0 < top < len(fit) - 1:
        left, middle, right = fit[top - 1 : top + 2]
        bend = left - 2 * middle + right
        finer = 0.5 * float(left - right) / float(bend) if bend < 0 else 0.0
    return low + top + finer, float(fit[top])


def sync_blemishes(
    expected: Envelope, heard: Envelope, made: Alignment, limits: Limits, shift: float = 0.0
) -> list[Blemish]:
    """Sound lost, added, or other than the takes', and what is off by more than a frame. Seconds are the timeline's;
    ``shift`` is that at the end of what lies before."""
    return [*_steps(expected, heard, made, limits, shift), *_foreign(made)]


def _steps(expected: Envelope, heard: Envelope, made: Alignment, limits: Limits, before: float) -> Iterator[Blemish]:
    """Each change of the shift; where it creeps, one finding for the worst place."""
    known = [(start, shift) for start, shift in zip(made.starts, made.shifts, strict=True) if shift is not None]
    at, stepped = 0, 0.0 if abs(before) * _WINDOW_MS <= limits.frame_ms else before
    crept: tuple[float, int] | None = None
    for start, shift in known:
        change_ms = (shift - before) * _WINDOW_MS
        if abs(change_ms) > limits.frame_ms:
            kind = Kind.SOUND_ADDED if change_ms > 0 else Kind.SOUND_LOST
            place = _where(expected, heard, at, start + _SPAN, round(before), round(shift))
            message = f"{abs(change_ms):.0f} ms {'more' if change_ms > 0 else 'less'} than its takes hold"
            yield Blemish(
                kind,
                Severity.ERROR,
                place / WINDOWS_PER_SECOND,
                message,
                value=change_ms,
                limit=limits.frame_ms,
                unit="ms",
                excess=abs(change_ms),
            )
            stepped = shift
        drift_ms = (shift - stepped) * _WINDOW_MS
        if abs(drift_ms) > limits.frame_ms and (crept is None or abs(drift_ms) > abs(crept[0])):
            crept = (drift_ms, start)
        before, at = shift, start
    if crept is not None:
        message = f"sound and timeline are {abs(crept[0]):.0f} ms apart"
        yield Blemish(
            Kind.DRIFT,
            Severity.ERROR,
            crept[1] / WINDOWS_PER_SECOND,
            message,
            value=crept[0],
            limit=limits.frame_ms,
            unit="ms",
            excess=abs(crept[0]),
        )


def _where(expected: Envelope, heard: Envelope, low: int, high: int, before: int, after: int) -> int:
    """The window at which the shift changes: before it one shift fits best, after it the other."""
    places = np.arange(low, min(high, len(expected)))

    def misfit(shift: int) -> NDArray[np.float64]:
        inside = np.clip(places + shift, 0, len(heard) - 1)
        wanted, found = np.maximum(expected[places], _QUIET_DB), np.maximum(heard[inside], _QUIET_DB)
        return np.asarray((wanted - found).astype(np.float64) ** 2)

    one, other = np.cumsum(misfit(before)), np.cumsum(misfit(after)[::-1])[::-1]
    total = np.append(0.0, one) + np.append(other, 0.0)
    return low + int(total.argmin())


def _changes(before: float | None, after: float | None) -> bool:
    return before is not None and after is not None and abs(after - before) > 1.0


def _foreign(made: Alignment) -> Iterator[Blemish]:
    """Neighbouring spans in which the file holds something else, as one finding; one span in which the shift changes
    fits neither shift, and is found as that."""
    first: int | None = None
    spans = [*zip(made.starts, made.shifts, strict=True), (None, 0.0)]
    for index, (start, shift) in enumerate(spans):
        if shift is None and 0 < index < len(spans) - 2 and _changes(spans[index - 1][1], spans[index + 1][1]):
            continue
        if start is not None and shift is None:
            first = start if first is None else first
            last = start
        elif first is not None:
            length = (last + _SPAN - first) / WINDOWS_PER_SECOND
            message = f"the file holds other sound than the takes for about {length:.0f} s"
            yield Blemish(
                Kind.OTHER_SOUND,
                Severity.ERROR,
                first / WINDOWS_PER_SECOND,
                message,
                value=length,
                limit=0.0,
                unit="s",
                excess=length,
            )
            first = None
