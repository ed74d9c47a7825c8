"""What a finished file sounds like, measured by decoding it, against what its profile asks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container.input import InputContainer
from numpy.typing import NDArray

from pipeline.assembly.loudness import Levels, integrated_lufs, measure, noise_floor_db, peak_db, rms_db
from pipeline.assembly.timeline import TIMELINE_RATE, ChapterTimeline
from pipeline.errors import StorageError
from pipeline.project.profiles import Profile

SHORTEST_PAUSE_SAMPLES = TIMELINE_RATE * 2 // 5
PAUSE_EDGE_SAMPLES = TIMELINE_RATE // 10
"""Left out at either end of a pause, where words die away."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A file's measured sound: gated loudness, RMS of all of it, true peak, RMS of its pauses; None where there is
    only silence, or no pause. ``gain_db`` is what its chapter's takes were raised by; ``outside`` says in words what
    lies outside the profile."""

    seconds: float
    loudness_lufs: float | None
    rms_db: float | None
    true_peak_dbtp: float | None
    noise_floor_db: float | None
    gain_db: float
    outside: tuple[str, ...] = ()


def file_sound(path: Path, pauses: Sequence[tuple[float, float]], profile: Profile, gain_db: float) -> Sound:
    """Decode an audio file and measure it. Raises StorageError where it cannot be decoded."""
    levels = _levels(path)
    sound = Sound(
        round(levels.seconds, 3),
        _finite(integrated_lufs(levels.weighted)),
        _finite(rms_db(levels)),
        _finite(peak_db(levels)),
        _finite(noise_floor_db(levels, pauses)),
        round(gain_db, 2),
    )
    return replace(sound, outside=tuple(outside(sound, profile)))


def outside(sound: Sound, profile: Profile, *, one_file: bool = True) -> Iterator[str]:
    """What of a sound lies outside a profile; a book in ``one_file`` False has no limit of length."""
    name, wanted, level = measured_level(sound, profile)
    if wanted is not None and level is None:
        yield f"{name}: nothing is heard"
    elif wanted is not None and level is not None and abs(level - wanted) > profile.tolerance_db:
        yield f"{name} {level} is not within {profile.tolerance_db:g} of {wanted:g}"
    if sound.true_peak_dbtp is not None and sound.true_peak_dbtp > profile.true_peak_dbtp:
        yield f"true peak {sound.true_peak_dbtp} dBTP is above {profile.true_peak_dbtp:g}"
    floor, highest = sound.noise_floor_db, profile.noise_floor_db
    if floor is not None and highest is not None and floor > highest:
        yield f"noise floor {floor} dB is above {highest:g}"
    if one_file and profile.file_minutes is not None and sound.seconds > profile.file_minutes * 60:
        yield f"{sound.seconds / 60:.1f} minutes are more than {profile.file_minutes}"


def measured_level(sound: Sound, profile: Profile) -> tuple[str, float | None, float | None]:
    """The level that the profile is about: its name, what is wanted and what was measured."""
    if profile.rms_db is not None:
        return "RMS (dB)", profile.rms_db, sound.rms_db
    return "loudness (LUFS)", profile.loudness_lufs, sound.loudness_lufs


def pauses_of(timeline: ChapterTimeline) -> list[tuple[float, float]]:
    """Where a chapter is quiet, in seconds: between words 0.4 s or more apart, and before and after all of them."""
    starts = np.concatenate([[0], timeline.words.end_sample])
    ends = np.concatenate([timeline.words.start_sample, [timeline.samples]])
    long = ends - starts >= SHORTEST_PAUSE_SAMPLES
    first = (starts[long] + PAUSE_EDGE_SAMPLES) / TIMELINE_RATE
    last = (ends[long] - PAUSE_EDGE_SAMPLES) / TIMELINE_RATE
    return list(zip(first.tolist(), last.tolist(), strict=True))


def book_sound(chapters: Sequence[Sound], profile: Profile) -> Sound:
    """The sound of chapters behind one another. Loudness and RMS are means of power by length (the gate of BS.1770
    over the whole could differ by tenths from the chapters' own), peak and floor those of the worst chapter."""
    seconds = sum(chapter.seconds for chapter in chapters)

    def mean(values: list[tuple[float, float | None]]) -> float | None:
        power = sum(length * 10 ** (value / 10) for length, value in values if value is not None)
        return _finite(10 * math.log10(power / seconds)) if power else None

    peaks = [chapter.true_peak_dbtp for chapter in chapters if chapter.true_peak_dbtp is not None]
    floors = [chapter.noise_floor_db for chapter in chapters if chapter.noise_floor_db is not None]
    sound = Sound(
        round(seconds, 3),
        mean([(chapter.seconds, chapter.loudness_lufs) for chapter in chapters]),
        mean([(chapter.seconds, chapter.rms_db) for chapter in chapters]),
        max(peaks, default=None),
        max(floors, default=None),
        0.0,
    )
    return replace(sound, outside=tuple(outside(sound, profile, one_file=False)))


def _levels(path: Path) -> Levels:
    try:
        with av.open(str(path.absolute())) as container:
            return measure(_decoded(container), container.streams.audio[0].rate)
    except av.FFmpegError as error:
        raise StorageError(f"{path}: cannot be decoded: {error.strerror}", hint="assemble again") from error


def _decoded(container: InputContainer) -> Iterator[NDArray[np.int16] | NDArray[np.float32]]:
    """The audio in blocks of about a second: frames are too short to be measured one by one."""
    parts: list[NDArray[Any]] = []
    samples = 0
    for frame in container.decode(audio=0):
        parts.append(frame.to_ndarray().reshape(-1))
        samples += frame.samples
        if samples >= frame.sample_rate:
            yield np.concatenate(parts)
            parts, samples = [], 0
    if parts:
        yield np.concatenate(parts)


def _finite(value: float | None) -> float | None:
    """To a hundredth of a dB; None for silence."""
    return None if value is None or math.isinf(value) else round(value, 2)
