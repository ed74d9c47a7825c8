"""The finished files: which there are, and what is found in each when it is decoded and held against its takes."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path

from pipeline.assembly.listening import pauses_of
from pipeline.assembly.sound import Sound, book_sound
from pipeline.assembly.timeline import TIMELINE_RATE
from pipeline.project.profiles import Profile
from pipeline.reports.quality.chapter_places import ChapterPlaces
from pipeline.reports.quality.envelope import FLOOR_DB, WINDOWS_PER_SECOND, Envelope, noisiest, quiet_level
from pipeline.reports.quality.file_checks import (
    edge_blemishes,
    loudest_second,
    sound_blemishes,
    sound_of,
    stream_blemishes,
)
from pipeline.reports.quality.findings import Blemish, Kind, Severity
from pipeline.reports.quality.hearing import Heard, UndecodableError, listen
from pipeline.reports.quality.joint_checks import joint_blemishes
from pipeline.reports.quality.limits import Limits
from pipeline.reports.quality.sync_checks import Alignment, align, sync_blemishes

_JOINT_SECONDS = 0.01
_SAME_CLICK_SECONDS = 0.03


@dataclass(frozen=True)
class Part:
    """A chapter in a file: its places, the levels expected of it, and the times of clicks that its takes have."""

    places: ChapterPlaces
    expected: Envelope
    known_clicks: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class FileHeard:
    """A file in numbers."""

    path: str
    kind: str
    chapter: str | None
    sound: Sound


@dataclass(frozen=True, slots=True)
class InFile:
    """Something found in a file: in which chapter, with times that count from that chapter's start; ``chapter`` is
    None where it is about the file as a whole."""

    chapter: ChapterPlaces | None
    blemish: Blemish


def hear_file(
    path: Path, parts: Sequence[Part], profile: Profile, limits: Limits, *, book: bool
) -> tuple[Sound | None, list[InFile]]:
    """Decode a file that holds ``parts`` one after the other, and tell what it sounds like and what is found in it.

    The sound is None where the file cannot be decoded, which is found as well.
    """
    found: list[InFile] = []
    stretches: list[_Stretch] = []
    shift = 0.0
    lengths = [part.places.seconds for part in parts]
    try:
        for part, heard in zip(parts, listen(path, lengths, limits), strict=True):
            made = align(part.expected, heard.envelope, limits, shift)
            pauses = pauses_of(part.places.timeline)
            stretches.append(_stretch(heard, part, pauses, straight=made.straight))
            found += [InFile(part.places, blemish) for blemish in _in_chapter(heard, part, made, shift, limits)]
            shift = made.last_shift(shift)
            if not book:
                quiet = quiet_level(heard.envelope, pauses) if made.straight else FLOOR_DB
                found += [InFile(part.places, each) for each in edge_blemishes(heard, profile, quiet)]
    except UndecodableError as error:
        return None, [_undecodable(error, parts)]
    sounds = [stretch.sound for stretch in stretches]
    whole = book_sound(sounds, profile) if book else sounds[0]
    found += _of_file(whole, stretches, profile, limits, book=book)
    return whole, [*found, *_length(sum(sound.seconds for sound in sounds), sum(lengths), limits)]


def _undecodable(error: UndecodableError, parts: Sequence[Part]) -> InFile:
    """Where decoding ended: in which chapter, and when; nowhere if it never began."""
    message = f"cannot be decoded: {error}"
    if not error.seconds:
        return InFile(None, Blemish(Kind.UNREADABLE, Severity.ERROR, 0.0, message))
    starts = [0.0, *accumulate(part.places.seconds for part in parts[:-1])]
    index = bisect_right(starts, error.seconds) - 1
    blemish = Blemish(Kind.UNREADABLE, Severity.ERROR, error.seconds - starts[index], message)
    return InFile(parts[index].places, blemish)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A chapter as it was heard: its sound, and where its highest sample and its noisiest pause are, in seconds."""

    places: ChapterPlaces
    sound: Sound
    loudest: float
    noisiest: float


def _stretch(heard: Heard, part: Part, pauses: Sequence[tuple[float, float]], *, straight: bool) -> _Stretch:
    sound = sound_of(heard, part.places.timeline)
    # Where the pauses are not where the timeline says, what is measured there is speech.
    sound = sound if straight else replace(sound, noise_floor_db=None)
    return _Stretch(part.places, sound, loudest_second(heard), noisiest(heard.envelope, pauses))


def _of_file(
    whole: Sound, stretches: Sequence[_Stretch], profile: Profile, limits: Limits, *, book: bool
) -> Iterator[InFile]:
    """What the file as a whole breaks; a peak and a noise floor are shown where they are worst."""
    for blemish in sound_blemishes(whole, profile, limits, one_file=not book):
        if blemish.kind is Kind.TRUE_PEAK:
            worst = max(stretches, key=lambda each: _or_least(each.sound.true_peak_dbtp))
            yield InFile(worst.places, replace(blemish, seconds=worst.loudest))
        elif blemish.kind is Kind.NOISE_FLOOR:
            worst = max(stretches, key=lambda each: _or_least(each.sound.noise_floor_db))
            yield InFile(worst.places, replace(blemish, seconds=worst.noisiest))
        else:
            yield InFile(None if book else stretches[0].places, blemish)


def _or_least(level: float | None) -> float:
    return -math.inf if level is None else level


def _in_chapter(heard: Heard, part: Part, made: Alignment, shift: float, limits: Limits) -> list[Blemish]:
    return [
        *stream_blemishes(heard, limits),
        *sync_blemishes(part.expected, heard.envelope, made, limits, shift),
        *joint_blemishes(part.expected, heard.envelope, part.places.spans(), made, limits),
        *_clicks(heard, part, made, limits),
    ]


def _clicks(heard: Heard, part: Part, made: Alignment, limits: Limits) -> Iterator[Blemish]:
    """Clicks that assembly or the encoder made; those of the takes are found there."""
    edges = [
        edge / TIMELINE_RATE
        for clip in part.places.timeline.clips
        for edge in (clip.start_sample, clip.start_sample + clip.samples)
    ]
    for at, size in heard.clicks:
        seconds = at - made.shift_at(round(at * WINDOWS_PER_SECOND)) / WINDOWS_PER_SECOND
        if any(abs(seconds - known) < _SAME_CLICK_SECONDS for known in part.known_clicks):
            continue
        joint = min((abs(seconds - edge) for edge in [0.0, *edges, part.places.seconds]), default=1.0)
        if joint >= _JOINT_SECONDS and size < limits.file_click_size:
            continue
        where = " where clips meet" if joint < _JOINT_SECONDS else ""
        message = f"click of {size:.2f} of full scale{where}"
        yield Blemish(
            Kind.CLICK,
            Severity.ERROR,
            seconds,
            message,
            value=size,
            limit=limits.click_size,
            unit="of full scale",
            excess=size,
        )


def _length(seconds: float, wanted: float, limits: Limits) -> Iterator[InFile]:
    off_ms = (seconds - wanted) * 1000
    if abs(off_ms) > limits.length_ms:
        message = f"{seconds:.2f} s long, the timeline {wanted:.2f} s"
        yield InFile(
            None,
            Blemish(
                Kind.LENGTH,
                Severity.ERROR,
                0.0,
                message,
                value=off_ms,
                limit=limits.length_ms,
                unit="ms",
                excess=abs(off_ms),
            ),
        )
