"""From takes to the level that a profile asks for: one gain for the whole chapter, a limiter, room tone.

Two passes over the takes: the first measures, the second is encoded. Each file is then decoded and measured again;
where an encoder left it outside the profile it is made once more, with what it was off by taken into account.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import tee
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.assembly.encoding import ChapterFile, encode_streams
from pipeline.assembly.formats import DEFAULT_KBPS
from pipeline.assembly.keeping import OpenChapter
from pipeline.assembly.limiting import limited
from pipeline.assembly.listening import file_sound, pauses_of
from pipeline.assembly.loudness import HOPS_PER_SECOND, Levels, decibel, integrated_lufs, measure
from pipeline.assembly.room_tone import with_room_tone
from pipeline.assembly.side_by_side import ONE, Hands
from pipeline.assembly.sound import Sound, measured_level
from pipeline.assembly.timeline import TIMELINE_RATE, ChapterTimeline
from pipeline.project.formats import OutputFormat
from pipeline.project.outputs import Output
from pipeline.project.profiles import Profile

GREATEST_GAIN_DB = 40.0

_FULL_SCALE = 32768
_LOSSLESS = frozenset({OutputFormat.FLAC, OutputFormat.WAV})
_LAME_SCALES = ((160, 0.95), (192, 0.97), (224, 0.98))
_ROUNDS = 6


@dataclass(frozen=True, slots=True)
class Mastering:
    """What is done to a chapter for a file, in dB: gain, the limiter's ceiling, room tone (None: none), and what makes
    up for the encoder's own change of level."""

    gain_db: float
    ceiling_db: float
    room_tone_db: float | None
    trim_db: float = 0.0


def master_chapter(
    timeline: ChapterTimeline,
    open_chapter: OpenChapter,
    files: Sequence[ChapterFile],
    profile: Profile,
    hands: Hands = ONE,
    on_made: Callable[[ChapterFile, Sound], None] = lambda file, sound: None,  # noqa: ARG005
) -> dict[Path, Sound]:
    """Make the files of a chapter at the profile's level; return what each sounds like.

    ``on_made`` is given each file that will not be made once more, in the thread that wrote it.

    Raises StorageError where a file cannot be written or read back, and what reading the takes raises.
    """
    levels = measure(hands.ahead(open_chapter()), TIMELINE_RATE, weighted=profile.rms_db is None, true_peaks=False)
    gain_db = chapter_gain_db(levels, profile)
    wanted = {file: mastering(file.output, profile, gain_db) for file in files}
    again: dict[ChapterFile, Mastering] = {}

    def first(file: ChapterFile, sound: Sound) -> None:
        better = corrected(wanted[file], sound, profile)
        if better != wanted[file]:
            again[file] = better
        else:
            on_made(file, sound)

    sounds = _made(timeline, open_chapter, wanted, profile, hands, first)
    if again:
        better = {file: again[file] for file in wanted if file in again}
        sounds |= _made(timeline, open_chapter, better, profile, hands, on_made)
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
    """How a chapter is mastered for an output."""
    ceiling_db = profile.true_peak_dbtp - headroom_db(output)
    return Mastering(gain_db, ceiling_db, profile.room_tone_db, -encoder_gain_db(output))


def headroom_db(output: Output | None) -> float:
    """How far below the profile's peak the limiter stays, so that the encoder's own ripple seldom passes it.

    Measured on speech of the embedded engine: MP3 at 64 kbps adds 0.6 dB, MP3 at 192 and AAC at 64 0.2 dB. None stands
    for the lossy ones, by which a chapter's gain is computed for all of its files.
    """
    return 0.1 if output is not None and output.format in _LOSSLESS else 0.8


def encoder_gain_db(output: Output) -> float:
    """What an encoder itself changes the level by, whatever it is given: LAME scales by 0.95 up to 160 kbps, 0.97 at
    192 and 0.98 at 224 (measured: -0.45, -0.27 and -0.18 dB)."""
    if output.format is not OutputFormat.MP3:
        return 0.0
    kbps = output.bitrate_kbps or DEFAULT_KBPS[OutputFormat.MP3]
    return next((20 * math.log10(scale) for limit, scale in _LAME_SCALES if kbps <= limit), 0.0)


def corrected(made: Mastering, sound: Sound, profile: Profile) -> Mastering:
    """The same mastering where the file is within the profile, else what makes up for how far it is outside."""
    _, wanted, level = measured_level(sound, profile)
    if wanted is not None and level is not None and abs(level - wanted) > profile.tolerance_db:
        made = replace(made, gain_db=made.gain_db + wanted - level)
    over = (sound.true_peak_dbtp or -np.inf) - profile.true_peak_dbtp
    return replace(made, ceiling_db=made.ceiling_db - over - 0.1) if over > 0 else made


def mastered(blocks: Iterable[NDArray[np.int16]], made: Mastering, samples: int) -> Iterator[NDArray[np.float32]]:
    """A chapter of ``samples``, mastered but for its trim; 1.0 is full scale."""
    gain = np.float32(10 ** (made.gain_db / 20) / _FULL_SCALE)
    loud = limited((block * gain for block in blocks), 10 ** (made.ceiling_db / 20))
    return loud if made.room_tone_db is None else with_room_tone(loud, made.room_tone_db, samples)


def pcm16(blocks: Iterable[NDArray[np.float32]], trim_db: float) -> Iterator[NDArray[np.int16]]:
    """Rounded to PCM16, scaled by ``trim_db``."""
    scale = np.float32(10 ** (trim_db / 20) * _FULL_SCALE)
    for block in blocks:
        scaled = np.rint(block * scale)
        yield np.clip(scaled, -_FULL_SCALE, _FULL_SCALE - 1, out=scaled).astype(np.int16)


def _made(
    timeline: ChapterTimeline,
    open_chapter: OpenChapter,
    wanted: dict[ChapterFile, Mastering],
    profile: Profile,
    hands: Hands,
    on_heard: Callable[[ChapterFile, Sound], None],
) -> dict[ChapterFile, Sound]:
    """Encode the files, and listen to each as soon as it is whole."""
    pauses = pauses_of(timeline)
    sounds: dict[ChapterFile, Sound] = {}

    def listen(file: ChapterFile) -> None:
        sounds[file] = file_sound(file.path, pauses, profile, wanted[file].gain_db, hands.ahead)
        on_heard(file, sounds[file])

    encode_streams(_streams(timeline, open_chapter, wanted), hands.run, listen)
    return {file: sounds[file] for file in wanted}


def _streams(
    timeline: ChapterTimeline, open_chapter: OpenChapter, wanted: dict[ChapterFile, Mastering]
) -> list[tuple[Iterator[NDArray[np.int16]], list[ChapterFile]]]:
    """Read the takes once for all files; files that are mastered alike share the work."""
    alike: dict[Mastering, dict[float, list[ChapterFile]]] = defaultdict(lambda: defaultdict(list))
    for file, made in wanted.items():
        alike[replace(made, trim_db=0.0)][made.trim_db].append(file)
    streams: list[tuple[Iterator[NDArray[np.int16]], list[ChapterFile]]] = []
    for source, (made, trims) in zip(tee(open_chapter(), len(alike)), alike.items(), strict=True):
        loud = tee(mastered(source, made, timeline.samples), len(trims))
        streams += [(pcm16(one, trim_db), files) for one, (trim_db, files) in zip(loud, trims.items(), strict=True)]
    return streams
