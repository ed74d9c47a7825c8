"""A take's sound, without its words: clipping, clicks, offset, dead air."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipeline.reports.quality.clicks import clicks
from pipeline.reports.quality.envelope import WINDOWS_PER_SECOND, Envelope, audible, runs, speech_level
from pipeline.reports.quality.findings import Blemish, Kind, Severity, graded
from pipeline.reports.quality.hearing import FULL_SCALE, clipped_runs
from pipeline.reports.quality.limits import Limits

_EXAMPLES = 3
"""Places that one kind is reported at in one take."""


def sound_blemishes(pcm: NDArray[np.int16], rate: int, levels: Envelope, limits: Limits) -> list[Blemish]:
    """What is wrong with a take's sound, whatever it says; ``levels`` is its envelope."""
    unit = pcm.astype(np.float32) * np.float32(1 / 32768)
    return [
        *_clipping(unit, rate, limits),
        *_clicks(unit, rate, limits),
        *_offset(unit, limits),
        *_dead_air(levels, limits),
    ]


def _clipping(unit: NDArray[np.float32], rate: int, limits: Limits) -> Iterator[Blemish]:
    found = clipped_runs(unit, FULL_SCALE, limits.clipped_run, 0, rate) or _flat_tops(unit, rate, limits)
    if found:
        longest = max(run for _, run in found)
        message = f"clipped in {len(found)} places, up to {longest} samples in a row"
        yield Blemish(
            Kind.CLIPPING,
            Severity.ERROR,
            found[0][0],
            message,
            value=float(longest),
            limit=float(limits.clipped_run - 1),
            unit="samples",
            excess=len(found) + longest / 1000,
        )


def _flat_tops(unit: NDArray[np.float32], rate: int, limits: Limits) -> list[tuple[float, int]]:
    """Clipped before it was turned down: the same highest value again and again, several samples long."""
    found = []
    for top in (float(unit.max(initial=0.0)), float(unit.min(initial=0.0))):
        if abs(top) > 0.1:
            found += [run for run in runs(unit == np.float32(top)) if run[1] - run[0] >= limits.flat_run]
    flat = [(start / rate, end - start) for start, end in sorted(found)]
    return flat if len(flat) >= limits.flat_tops else []


def _clicks(unit: NDArray[np.float32], rate: int, limits: Limits) -> Iterator[Blemish]:
    found = clicks(unit, rate, limits)
    for at, size in sorted(found, key=lambda click: -click[1])[:_EXAMPLES]:
        message = f"click of {size:.2f} of full scale" + (f", one of {len(found)}" if len(found) > 1 else "")
        yield Blemish(
            Kind.CLICK,
            Severity.ERROR,
            at / rate,
            message,
            value=size,
            limit=limits.click_size,
            unit="of full scale",
            excess=size,
        )


def _offset(unit: NDArray[np.float32], limits: Limits) -> Iterator[Blemish]:
    offset = float(unit.mean(dtype=np.float64)) if len(unit) else 0.0
    severity = graded(abs(offset), *limits.dc_offset)
    if severity:
        message = f"DC offset of {100 * offset:.2f} % of full scale"
        yield Blemish(
            Kind.DC_OFFSET,
            severity,
            0.0,
            message,
            value=offset,
            limit=limits.dc_offset[0],
            unit="of full scale",
            excess=abs(offset),
        )


def _dead_air(levels: Envelope, limits: Limits) -> Iterator[Blemish]:
    """Silence between the first and the last sound; what lies outside is cut away by assembly."""
    sound = np.flatnonzero(audible(levels, speech_level(levels)))
    if not len(sound):
        yield Blemish(
            Kind.DEAD_AIR,
            Severity.ERROR,
            0.0,
            "the take is silent",
            value=0.0,
            limit=None,
            unit="",
            excess=1e9,
        )
        return
    heard = np.zeros(len(levels), np.bool_)
    heard[sound] = True
    heard[: sound[0]] = heard[sound[-1] :] = True
    for start, end in runs(~heard):
        length_ms = (end - start) * 1000 / WINDOWS_PER_SECOND
        severity = graded(length_ms, *limits.dead_air_ms)
        if severity:
            message = f"{length_ms / 1000:.1f} s of silence inside the take"
            yield Blemish(
                Kind.DEAD_AIR,
                severity,
                start / WINDOWS_PER_SECOND,
                message,
                value=length_ms,
                limit=limits.dead_air_ms[0],
                unit="ms",
                excess=length_ms,
            )
