"""Every take of a book listened to once: what is wrong with it alone, and the numbers to compare its voice by."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipeline.assembly.reading import chapter_pcm, resampled
from pipeline.assembly.timeline import TIMELINE_RATE
from pipeline.render.plan import PlannedSegment
from pipeline.reports.quality.chapter_places import ChapterPlaces
from pipeline.reports.quality.envelope import (
    WINDOWS_PER_SECOND,
    Envelope,
    audible,
    envelope,
    speech_level,
)
from pipeline.reports.quality.findings import Blemish
from pipeline.reports.quality.limits import Limits
from pipeline.reports.quality.take_checks import sound_blemishes
from pipeline.reports.quality.voice_checks import Spoken
from pipeline.reports.quality.word_checks import spoken_letters, word_blemishes
from pipeline.script.words import written_words
from pipeline.store.takes import TakeStore

Transcript = Callable[[str, str, NDArray[np.int16], int], list[Blemish]]
"""Text, language, audio and its rate: what a recogniser heard otherwise."""


@dataclass
class TakesHeard:
    """What was heard of the takes so far, by key. Chapters may be listened to side by side."""

    store: TakeStore
    limits: Limits
    transcript: Transcript | None = None
    blemishes: dict[str, list[Blemish]] = field(default_factory=dict)
    spoken: dict[str, Spoken] = field(default_factory=dict)
    seconds: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def hear_chapter(self, places: ChapterPlaces) -> Envelope:
        """Listen to a chapter's takes, each for the first time it comes, and return the levels that the chapter's
        files should have before mastering. Raises StorageError where a take is damaged."""
        segments = {planned.key: planned for planned in places.chapter.segments}

        def opened(key: str) -> NDArray[np.int16]:
            planned = segments[key]
            assert planned.take is not None
            pcm = self.store.audio(planned.take)
            self._hear(planned, pcm)
            return resampled(pcm, planned.take.sample_rate)

        return envelope(chapter_pcm(places.timeline, opened), TIMELINE_RATE)

    def _hear(self, planned: PlannedSegment, pcm: NDArray[np.int16]) -> None:
        with self._lock:
            if planned.key in self.blemishes:
                return
            self.blemishes[planned.key] = []
        assert planned.take is not None
        rate, text = planned.take.sample_rate, planned.segment.text
        levels = envelope([pcm], rate)
        found = sound_blemishes(pcm, rate, levels, self.limits)
        found += word_blemishes(text, self.store.words(planned.take), levels, rate, self.limits)
        if self.transcript is not None:
            found += self.transcript(text, planned.segment.language, pcm, rate)
        with self._lock:
            self.blemishes[planned.key] = found
            self.spoken[planned.key] = _spoken(planned, levels)
            self.seconds += len(pcm) / rate


def _spoken(planned: PlannedSegment, levels: Envelope) -> Spoken:
    """Its numbers; long silences inside are dead air, not slow speech, but pauses between sentences are pace."""
    loud = speech_level(levels)
    sound = np.flatnonzero(audible(levels, loud))
    length = int(sound[-1] - sound[0] + 1) if len(sound) else 0
    speed = planned.order.voice.get("speed", 1.0)
    return Spoken(
        key=planned.key,
        voice=planned.segment.voice,
        language=planned.segment.language,
        speed=float(speed),
        level_db=loud,
        seconds=length / WINDOWS_PER_SECOND,
        words=len(written_words(planned.segment.text)),
        letters=spoken_letters(planned.segment.text),
    )
