"""A file's level, peak, floor, offset, clipping and length, against its profile or the general limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from pipeline.assembly.listening import pauses_of
from pipeline.assembly.loudness import integrated_lufs, noise_floor_db, peak_db, rms_db
from pipeline.assembly.sound import Sound, hundredths, measured_level
from pipeline.assembly.timeline import ChapterTimeline
from pipeline.project.profiles import ACX, ACX_HEAD_MS, ACX_TAIL_MS, Profile
from pipeline.reports.quality.envelope import WINDOWS_PER_SECOND, audible, speech_level
from pipeline.reports.quality.findings import Blemish, Kind, Severity, graded
from pipeline.reports.quality.hearing import Heard
from pipeline.reports.quality.limits import Limits

_TENTHS = 10
_EDGE_MS = 50
"""What words fade in and out by, and what an encoder puts before the first sample."""


def sound_of(heard: Heard, timeline: ChapterTimeline) -> Sound:
    """What was heard, in numbers; the noise floor is that of the timeline's pauses."""
    levels = heard.levels
    return Sound(
        round(levels.seconds, 3),
        hundredths(integrated_lufs(levels.weighted)),
        hundredths(rms_db(levels)),
        hundredths(peak_db(levels)),
        hundredths(noise_floor_db(levels, pauses_of(timeline))),
        0.0,
    )


def sound_blemishes(sound: Sound, profile: Profile, limits: Limits, *, one_file: bool = True) -> Iterator[Blemish]:
    """What of a file, or of a book in one, is outside its profile or the general limits."""
    yield from _level(sound, profile, limits)
    peak = sound.true_peak_dbtp
    if peak is not None:
        low, high = (profile.true_peak_dbtp,) * 2 if profile.active else limits.true_peak_dbtp
        severity = graded(peak, low, high)
        if severity:
            message = f"true peak {peak:.2f} dBTP is above {low:g}"
            yield Blemish(
                Kind.TRUE_PEAK,
                severity,
                0.0,
                message,
                value=peak,
                limit=low,
                unit="dBTP",
                excess=peak - low,
            )
    floor = sound.noise_floor_db
    if floor is not None:
        limit = limits.noise_floor_db if profile.noise_floor_db is None else profile.noise_floor_db
        if floor > limit:
            severity = Severity.WARNING if profile.noise_floor_db is None else Severity.ERROR
            message = f"noise floor {floor:.1f} dB is above {limit:g}"
            yield Blemish(
                Kind.NOISE_FLOOR,
                severity,
                0.0,
                message,
                value=floor,
                limit=limit,
                unit="dB",
                excess=floor - limit,
            )
    if one_file and profile.file_minutes is not None and sound.seconds > profile.file_minutes * 60:
        minutes = sound.seconds / 60
        message = f"{minutes:.1f} minutes are more than {profile.file_minutes}"
        yield Blemish(
            Kind.FILE_LENGTH,
            Severity.ERROR,
            0.0,
            message,
            value=minutes,
            limit=float(profile.file_minutes),
            unit="min",
            excess=minutes,
        )


def _level(sound: Sound, profile: Profile, limits: Limits) -> Iterator[Blemish]:
    if not profile.active:
        low, high = limits.loudness_lufs
        lufs = sound.loudness_lufs
        if lufs is None or not low <= lufs <= high:
            message = (
                "nothing is heard" if lufs is None else f"loudness {lufs:.1f} LUFS is not between {low:g} and {high:g}"
            )
            severity = Severity.ERROR if lufs is None else Severity.WARNING
            off = 100.0 if lufs is None else max(low - lufs, lufs - high)
            yield Blemish(
                Kind.LEVEL,
                severity,
                0.0,
                message,
                value=lufs,
                limit=low,
                unit="LUFS",
                excess=off,
            )
        return
    name, wanted, level = measured_level(sound, profile)
    assert wanted is not None
    off = 100.0 if level is None else abs(level - wanted)
    if off > profile.tolerance_db:
        message = f"{name} {level} is not within {profile.tolerance_db:g} of {wanted:g}"
        message = f"{name}: nothing is heard" if level is None else message
        unit = "dB" if profile.rms_db is not None else "LUFS"
        yield Blemish(
            Kind.LEVEL,
            Severity.ERROR,
            0.0,
            message,
            value=level,
            limit=wanted,
            unit=unit,
            excess=off,
        )


def stream_blemishes(heard: Heard, limits: Limits) -> Iterator[Blemish]:
    """Offset and clipping of a stretch of a file."""
    offset = heard.dc_offset
    severity = graded(abs(offset), *limits.dc_offset)
    if severity:
        message = f"DC offset of {100 * offset:.2f} % of full scale"
        limit = limits.dc_offset[0]
        yield Blemish(
            Kind.DC_OFFSET,
            severity,
            0.0,
            message,
            value=offset,
            limit=limit,
            unit="of full scale",
            excess=abs(offset),
        )
    if heard.clipped:
        at, _ = heard.clipped[0]
        longest = max(run for _, run in heard.clipped)
        message = f"clipped in {len(heard.clipped)} places, up to {longest} samples in a row"
        limit = float(limits.clipped_run - 1)
        yield Blemish(
            Kind.CLIPPING,
            Severity.ERROR,
            at,
            message,
            value=float(longest),
            limit=limit,
            unit="samples",
            excess=len(heard.clipped) + longest / 1000,
        )


def edge_blemishes(heard: Heard, profile: Profile, quiet: float) -> Iterator[Blemish]:
    """Silence at the head and the tail of a file, where its profile is ACX's (specs 1.1); ``quiet`` is how loud its
    pauses are: too much noise in them is the noise floor's matter."""
    sound = np.flatnonzero(audible(heard.envelope, speech_level(heard.envelope), quiet))
    if profile != ACX or not len(sound):
        return
    head_ms = float(sound[0]) * 1000 / WINDOWS_PER_SECOND
    tail_ms = float(len(heard.envelope) - 1 - sound[-1]) * 1000 / WINDOWS_PER_SECOND
    for name, length_ms, (low, high), at in (
        ("head", head_ms, (ACX_HEAD_MS[0], 1000), 0.0),
        ("tail", tail_ms, (ACX_TAIL_MS[0], 5000), float(sound[-1]) / WINDOWS_PER_SECOND),
    ):
        if not low - _EDGE_MS <= length_ms <= high + _EDGE_MS:
            message = f"{length_ms:.0f} ms of room tone at the {name}, not {low} to {high}"
            off = max(low - length_ms, length_ms - high)
            limit = float(low if length_ms < low else high)
            yield Blemish(
                Kind.EDGE_SILENCE,
                Severity.ERROR,
                at,
                message,
                value=length_ms,
                limit=limit,
                unit="ms",
                excess=off,
            )


def loudest_second(heard: Heard) -> float:
    """Where the highest sample is, to a tenth of a second."""
    return int(heard.levels.highest.argmax()) / _TENTHS if len(heard.levels.highest) else 0.0


def chapter_level_blemishes(lufs: Sequence[float | None], limits: Limits) -> Iterator[tuple[int, Blemish]]:
    """Chapters that are louder or quieter than the book's median; only of use where no profile asks for a level."""
    known = [each for each in lufs if each is not None]
    if len(known) < 2:
        return
    usual = float(np.median(known))
    for index, each in enumerate(lufs):
        if each is not None and abs(each - usual) > limits.chapter_lu:
            off = abs(each - usual)
            message = f"{off:.1f} LU {'louder' if each > usual else 'quieter'} than the book's chapters usually are"
            yield (
                index,
                Blemish(
                    Kind.CHAPTER_LEVEL,
                    Severity.WARNING,
                    0.0,
                    message,
                    value=each,
                    limit=usual,
                    unit="LUFS",
                    excess=off,
                ),
            )
