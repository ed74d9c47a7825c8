"""A chapter's places: from a time to the segment and the words spoken there, from a take to where it is heard."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pipeline.assembly.placing import TakeShape, pause_ms, place_chapter
from pipeline.assembly.timeline import TIMELINE_RATE, ChapterTimeline, Clip
from pipeline.project.models import Pauses, Project
from pipeline.render.plan import PlannedChapter, PlannedSegment
from pipeline.reports.quality.joint_checks import Span
from pipeline.store.takes import TakeStore

_AROUND = 40
"""Characters shown on both sides of a place."""


@dataclass(frozen=True)
class ChapterPlaces:
    """A whole chapter as it was laid out. ``book_start`` is its first second in the book; None: it is not part of it,
    or what comes before it is not whole. ``owners`` has the segment that each clip of the timeline belongs to."""

    chapter: PlannedChapter
    timeline: ChapterTimeline
    pauses: Pauses
    book_start: float | None
    owners: tuple[PlannedSegment, ...]

    @property
    def slug(self) -> str:
        """The chapter's."""
        return self.timeline.slug

    @property
    def seconds(self) -> float:
        """Its length by the timeline."""
        return self.timeline.samples / TIMELINE_RATE

    @cached_property
    def _starts(self) -> list[int]:
        return [clip.start_sample for clip in self.timeline.clips]

    def segment_at(self, seconds: float) -> PlannedSegment | None:
        """The segment that is heard at a time, or before it; None in a chapter without any."""
        index = max(0, bisect_right(self._starts, seconds * TIMELINE_RATE) - 1)
        return self.owners[index] if self.owners else None

    def text_at(self, seconds: float) -> str:
        """The words about a time."""
        words = self.timeline.words
        if not len(words):
            return ""
        index = max(0, int(np.searchsorted(words.start_sample, seconds * TIMELINE_RATE, side="right")) - 1)
        return around(self.timeline.text, int(words.char_start[index]))

    def times_of(self, key: str, take_seconds: float) -> Iterator[tuple[PlannedSegment, float]]:
        """Wherever a take is heard: the segment, and when in the chapter its ``take_seconds`` are, or what of it is
        nearest to them and was not cut away."""
        sample = round(take_seconds * TIMELINE_RATE)
        by_segment: dict[int, tuple[int, PlannedSegment, int]] = {}
        for clip, owner in zip(self.timeline.clips, self.owners, strict=True):
            if clip.key == key:
                inside = min(max(sample, clip.take_start), clip.take_start + clip.samples)
                place = (abs(inside - sample), owner, clip.start_sample + inside - clip.take_start)
                known = by_segment.get(id(owner))
                if known is None or place[0] < known[0]:
                    by_segment[id(owner)] = place
        for _, owner, at in by_segment.values():
            yield owner, at / TIMELINE_RATE

    def spans(self) -> list[Span]:
        """The clips with the pause that the manifest asks for after each."""
        clips = self.timeline.clips
        return [
            Span(*_sound_of(clip, owner), self._pause_after(index))
            for index, (clip, owner) in enumerate(zip(clips, self.owners, strict=True))
        ]

    def _pause_after(self, index: int) -> float:
        owner = self.owners[index]
        inside = index + 1 < len(self.owners) and self.owners[index + 1] is owner
        return float(self.pauses.paragraph_ms) if inside else pause_ms(owner.segment.after, self.pauses)


def places_of(project: Project, chapter: PlannedChapter, store: TakeStore, book_start: float | None) -> ChapterPlaces:
    """Lay out a whole chapter. Raises DamagedTake."""
    takes = [planned.take for planned in chapter.segments if planned.take is not None]
    shapes = [
        TakeShape(take.key, take.samples, take.sample_rate, take.speech_start, take.speech_end, store.words(take))
        for take in takes
    ]
    timeline = place_chapter(chapter.script, shapes, project.pauses)
    return ChapterPlaces(chapter, timeline, project.pauses, book_start, _owners(timeline, chapter.segments))


def _owners(timeline: ChapterTimeline, segments: Sequence[PlannedSegment]) -> tuple[PlannedSegment, ...]:
    """A segment's clips are of one take and go forward in it; a repeated line starts its take again."""
    owners: list[PlannedSegment] = []
    rest = iter(segments)
    before: Clip | None = None
    for clip in timeline.clips:
        if before is None or clip.key != before.key or clip.take_start < before.take_start + before.samples:
            owners.append(next(rest))
        else:
            owners.append(owners[-1])
        before = clip
    return tuple(owners)


def _sound_of(clip: Clip, owner: PlannedSegment) -> tuple[float, float]:
    """Where a clip's sound starts and ends in the chapter, in seconds."""
    assert owner.take is not None
    scale = TIMELINE_RATE / owner.take.sample_rate
    start = max(0, round(owner.take.speech_start * scale) - clip.take_start)
    end = min(clip.samples, round(owner.take.speech_end * scale) - clip.take_start)
    return (clip.start_sample + start) / TIMELINE_RATE, (clip.start_sample + max(start, end)) / TIMELINE_RATE


def around(text: str, char: int) -> str:
    """The text about an offset, in one line, cut at words."""
    start, end = max(0, char - _AROUND), min(len(text), char + _AROUND)
    start = text.find(" ", start, char) + 1 or start if start else 0
    end = text.rfind(" ", char, end) if end < len(text) and " " in text[char:end] else end
    shown = " ".join(text[start:end].split())
    return ("…" if start else "") + shown + ("…" if end < len(text) else "")
