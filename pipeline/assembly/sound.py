"""What a finished file sounds like, in numbers, against what its profile asks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pipeline.project.profiles import Profile


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


def book_sound(chapters: Sequence[Sound], profile: Profile) -> Sound:
    """The sound of chapters behind one another. Loudness and RMS are means of power by length (the gate of BS.1770
    over the whole could differ by tenths from the chapters' own), peak and floor those of the worst chapter."""
    seconds = sum(chapter.seconds for chapter in chapters)

    def mean(values: list[tuple[float, float | None]]) -> float | None:
        power = sum(length * 10 ** (value / 10) for length, value in values if value is not None)
        return hundredths(10 * math.log10(power / seconds)) if power else None

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


def hundredths(value: float | None) -> float | None:
    """To a hundredth of a dB; None for silence."""
    return None if value is None or math.isinf(value) else round(value, 2)
