"""The finished files: which there are, and what is found in each when it is decoded and held against its takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.assembly.sound import Sound, book_sound
from pipeline.assembly.timeline import TIMELINE_RATE
from pipeline.project.profiles import Profile
from pipeline.reports.quality.chapter_places import ChapterPlaces
from pipeline.reports.quality.envelope import WINDOWS_PER_SECOND, Envelope
from pipeline.reports.quality.file_checks import (
    edge_blemishes,
    loudest_second,
    sound_blemishes,
    sound_of,
    stream_blemishes,
)
from pipeline.reports.quality.findings import Blemish, Kind, Severity
from pipeline.reports.quality.hearing import Heard, listen
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
    sounds: list[Sound] = []
    seconds, shift = 0.0, 0.0
    lengths = [part.places.seconds for part in parts]
    try:
        for part, heard in zip(parts, listen(path, lengths, limits), strict=True):
            made = align(part.expected, heard.envelope, limits, shift)
            sound = sound_of(heard, part.places.timeline)
            # Where the pauses are not where the timeline says, what is measured there is speech.
            sounds.append(sound if made.straight else replace(sound, noise_floor_db=None))
            seconds += heard.seconds
            blemishes = _in_chapter(heard, part, made, shift, limits)
            shift = made.last_shift(shift)
            found += [InFile(part.places, blemish) for blemish in blemishes]
            if not book:
                found += [InFile(part.places, each) for each in edge_blemishes(heard, profile)]
                found += _of_file(sounds[0], profile, limits, part.places, loudest_second(heard))
    except ValueError as error:
        message = f"cannot be decoded: {error}"
        return None, [InFile(None, Blemish(Kind.UNREADABLE, Severity.ERROR, 0.0, message))]
    whole = book_sound(sounds, profile) if book else sounds[0]
    if book:
        found += [InFile(None, each) for each in sound_blemishes(whole, profile, limits, one_file=False)]
    return whole, [*found, *_length(seconds, sum(lengths), limits)]


def _of_file(sound: Sound, profile: Profile, limits: Limits, places: ChapterPlaces, loudest: float) -> Iterator[InFile]:
    for blemish in sound_blemishes(sound, profile, limits):
        at = loudest if blemish.kind is Kind.TRUE_PEAK else blemish.seconds
        yield InFile(places, replace(blemish, seconds=at))


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
