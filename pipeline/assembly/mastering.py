"""From takes to the level that a profile asks for: one gain for the whole chapter, a limiter, room tone.

Two passes over the takes: the first measures, the second is encoded. Each file is then decoded and measured again;
where an encoder left it outside the profile it is made once more, with what it was off by taken into account.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import tee
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipeline.assembly.encoding import ChapterFile, encode_streams
from pipeline.assembly.limiting import limited
from pipeline.assembly.listening import file_sound, pauses_of
from pipeline.assembly.loudness import HOPS_PER_SECOND, Levels, decibel, integrated_lufs, measure
from pipeline.assembly.room_tone import with_room_tone
from pipeline.assembly.sound import Sound, measured_level
from pipeline.assembly.timeline import TIMELINE_RATE, ChapterTimeline
from pipeline.project.models import Output, OutputFormat
from pipeline.project.profiles import Profile

OpenChapter: TypeAlias = Callable[[], Iterator[NDArray[np.int16]]]
"""Starts reading a chapter's audio from its beginning."""

GREATEST_GAIN_DB = 40.0

_FULL_SCALE = 32768
_LOSSLESS = frozenset({OutputFormat.FLAC, OutputFormat.WAV})
_HIGH_MP3_KBPS = 160
_ROUNDS = 6


@dataclass(frozen=True, slots=True)
class Mastering:
    """What is done to a chapter for a file: gain, the limiter's ceiling, and room tone (None: none), all in dB."""

    gain_db: float
    ceiling_db: float
    room_tone_db: float | None


def master_chapter(
    timeline: ChapterTimeline, open_chapter: OpenChapter, files: Sequence[ChapterFile], profile: Profile
) -> dict[Path, Sound]:
    """Make the files of a chapter at the profile's level; return what each sounds like.

    Raises StorageError where a file cannot be written or read back, and what reading the takes raises.
    """
    gain_db = chapter_gain_db(measure(open_chapter(), TIMELINE_RATE), profile)
    pauses = pauses_of(timeline)
    wanted = {file: mastering(file.output, profile, gain_db) for file in files}
    _encode(timeline, open_chapter, wanted)
    sounds = {file: file_sound(file.path, pauses, profile, gain_db) for file in files}
    again = {file: corrected(wanted[file], sound, profile) for file, sound in sounds.items()}
    again = {file: made for file, made in again.items() if made != wanted[file]}
    if again:
        _encode(timeline, open_chapter, again)
        sounds |= {file: file_sound(file.path, pauses, profile, made.gain_db) for file, made in again.items()}
    return {file.path: sound for file, sound in sounds.items()}


def chapter_gain_db(levels: Levels, profile: Profile) -> float:
    """The gain that brings a chapter to the profile's level, with what the limiter will take off made up for."""
    ceiling = 10 ** ((profile.true_peak_dbtp - headroom_db(None)) / 20)
    wanted = profile.rms_db if profile.rms_db is not None else profile.loudness_lufs
    gain_db = 0.0
    for _ in range(_ROUNDS):
        level = _level(levels, profile, gain_db, ceiling)
        if wanted is None or level == -np.inf:
            return 0.0
        gain_db = min(GREATEST_GAIN_DB, max(-GREATEST_GAIN_DB, gain_db + wanted - level))
    return gain_db


def _level(levels: Levels, profile: Profile, gain_db: float, ceiling: float) -> float:
    """The level after gain and limiter; the limiter is taken to act on half of each tenth of a second that it meets."""
    gain = 10 ** (gain_db / 20)
    share = np.minimum(1.0, ceiling / np.maximum(levels.highest * gain, ceiling)) ** 2
    kept = gain**2 * (1 + share) / 2
    if profile.rms_db is None:
        return integrated_lufs(levels.weighted * kept)
    hop = levels.rate // HOPS_PER_SECOND
    return decibel(float(np.sum(levels.power * kept)) * hop / max(1, levels.samples))


def mastering(output: Output, profile: Profile, gain_db: float) -> Mastering:
    """How a chapter is mastered for an output: only the limiter's ceiling knows the encoder that follows."""
    return Mastering(gain_db, profile.true_peak_dbtp - headroom_db(output), profile.room_tone_db)


def headroom_db(output: Output | None) -> float:
    """How far below the profile's peak the limiter stays, so that the encoder's own ripple seldom passes it.

    Measured on speech of the embedded engine limited to -1 dBTP: MP3 at 192 kbps adds 0.2-0.5 dB, lossy formats at
    64 kbps up to 1 dB. None stands for a middle, by which a chapter's gain is computed for all of its files.
    """
    if output is None:
        return 0.5
    if output.format in _LOSSLESS:
        return 0.1
    high = output.format is OutputFormat.MP3 and (output.bitrate_kbps or 0) >= _HIGH_MP3_KBPS
    return 0.5 if high else 1.0


def corrected(made: Mastering, sound: Sound, profile: Profile) -> Mastering:
    """The same mastering where the file is within the profile, else what makes up for how far it is outside."""
    _, wanted, level = measured_level(sound, profile)
    if wanted is not None and level is not None and abs(level - wanted) > profile.tolerance_db:
        made = replace(made, gain_db=made.gain_db + wanted - level)
    over = (sound.true_peak_dbtp or -np.inf) - profile.true_peak_dbtp
    return replace(made, ceiling_db=made.ceiling_db - over - 0.1) if over > 0 else made


def mastered(blocks: Iterable[NDArray[np.int16]], made: Mastering, samples: int) -> Iterator[NDArray[np.int16]]:
    """A chapter of ``samples`` as PCM16, mastered."""
    gain = np.float32(10 ** (made.gain_db / 20) / _FULL_SCALE)
    loud = limited((block * gain for block in blocks), 10 ** (made.ceiling_db / 20))
    if made.room_tone_db is not None:
        loud = with_room_tone(loud, made.room_tone_db, samples)
    for block in loud:
        yield np.clip(np.rint(block * _FULL_SCALE), -_FULL_SCALE, _FULL_SCALE - 1).astype(np.int16)


def _encode(timeline: ChapterTimeline, open_chapter: OpenChapter, wanted: dict[ChapterFile, Mastering]) -> None:
    """Read the takes once for all files; files that are mastered alike share the work."""
    alike: dict[Mastering, list[ChapterFile]] = defaultdict(list)
    for file, made in wanted.items():
        alike[made].append(file)
    sources = tee(open_chapter(), len(alike))
    encode_streams(
        [
            (mastered(source, made, timeline.samples), files)
            for source, (made, files) in zip(sources, alike.items(), strict=True)
        ]
    )
