"""Places takes on a chapter's timeline: edges trimmed, pauses by boundary, words carried along.

Every other output (chapter marks, captions, tags) reads its times from here: one clock, in integer samples.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipeline.assembly.timeline import TIMELINE_RATE, ChapterTimeline, Clip, Turn
from pipeline.engines.protocol import WordTimes
from pipeline.project.models import Pauses
from pipeline.script.model import Boundary, ChapterScript, Segment

FRAME_SAMPLES = 1024
"""An AAC frame. Chapters are whole frames long and begin and end with a frame of silence, so that separately encoded
chapters can be joined packet by packet in the M4B without shifting or touching a sample of speech."""
LEAD_SAMPLES = TIMELINE_RATE * 15 // 1000
"""Kept before the first audible sample: 15 ms, so that a soft onset stays whole."""
TRAIL_SAMPLES = TIMELINE_RATE * 30 // 1000
"""Kept after the last audible sample: 30 ms, so that a word dies away."""
WORD_REACH_SAMPLES = TIMELINE_RATE * 100 // 1000
"""How far beyond the audible part a word's own times may widen the clip: engines time silence as part of words."""
CLAUSE_SHARE = 0.4
"""A cut at a clause pauses for this share of a sentence's pause."""


@dataclass(frozen=True, slots=True)
class TakeShape:
    """What placing knows of a stored take; no audio.

    ``samples``, ``speech_start`` and ``speech_end`` (first audible sample, and the one after the last; equal
    where none is, see :func:`pipeline.store.edges.speech_bounds`) and the words' times count at
    ``sample_rate``; the words' character offsets count in the segment's text.
    """

    key: str
    samples: int
    sample_rate: int
    speech_start: int
    speech_end: int
    words: WordTimes


@dataclass(frozen=True, slots=True)
class _Piece:
    """Part of a take, at the timeline's rate; ``pause_ms`` lies between its last word and the next first one."""

    key: str
    start: int
    end: int
    heard_start: int
    heard_end: int
    words: WordTimes
    pause_ms: float

    @property
    def lead(self) -> int:
        return max(0, self.heard_start - self.start)

    @property
    def trail(self) -> int:
        return max(0, self.end - self.heard_end)


def place_chapter(chapter: ChapterScript, takes: Sequence[TakeShape | None], pauses: Pauses) -> ChapterTimeline:
    """The chapter's timeline, from one take per segment; None leaves a segment out (``--allow-partial``).

    Pauses last from the last audible sample to the next first one, so what silence a clip keeps at its edges
    counts towards them. The chapter's length is a multiple of 1,024 samples. Raises ValueError when takes and
    segments differ in number.
    """
    pieces = [
        piece
        for segment, take in zip(chapter.segments, takes, strict=True)
        if take is not None
        for piece in _pieces(segment, _at_timeline_rate(take), pauses)
    ]
    starts, samples = _lay_out(pieces, pauses)
    return ChapterTimeline(
        slug=chapter.slug,
        title=chapter.title,
        text=chapter.text,
        samples=samples,
        clips=tuple(
            Clip(piece.key, piece.start, start, piece.end - piece.start)
            for piece, start in zip(pieces, starts, strict=True)
        ),
        words=_joined([_shifted(piece, start) for piece, start in zip(pieces, starts, strict=True)]),
        turns=_turns(chapter.segments),
    )


def _turns(segments: Sequence[Segment]) -> tuple[Turn, ...]:
    """Who speaks, from where on; segments of one voice and language are one turn."""
    turns = [Turn(segment.char_start, segment.voice, segment.language) for segment in segments]
    return tuple(
        turn
        for before, turn in zip([None, *turns], turns, strict=False)
        if before is None or (before.voice, before.language) != (turn.voice, turn.language)
    )


def pause_ms(boundary: Boundary, pauses: Pauses) -> float:
    """The silence that belongs to a boundary inside a chapter, in milliseconds."""
    return {
        Boundary.HEADING: float(pauses.heading_ms),
        Boundary.PARAGRAPH: float(pauses.paragraph_ms),
        Boundary.SCENE: float(pauses.scene_ms),
        Boundary.SENTENCE: float(pauses.sentence_ms),
        Boundary.CLAUSE: pauses.sentence_ms * CLAUSE_SHARE,
        Boundary.WORD: 0.0,
        Boundary.CHAPTER_END: 0.0,
    }[boundary]


def _lay_out(pieces: Sequence[_Piece], pauses: Pauses) -> tuple[list[int], int]:
    """Where each piece starts, and the length of the chapter."""
    if not pieces:
        return [], _whole_frames(_silence(pauses.chapter_head_ms + pauses.chapter_tail_ms, 0))
    at = max(FRAME_SAMPLES, _silence(pauses.chapter_head_ms, pieces[0].lead))
    starts = [at]
    for piece, following in pairwise(pieces):
        at += piece.end - piece.start + _silence(piece.pause_ms, piece.trail + following.lead)
        starts.append(at)
    last = pieces[-1]
    tail = max(FRAME_SAMPLES, _silence(pauses.chapter_tail_ms, last.trail))
    return starts, _whole_frames(at + last.end - last.start + tail)


def _silence(wanted_ms: float, present: int) -> int:
    return max(0, round(wanted_ms * TIMELINE_RATE / 1000) - present)


def _whole_frames(samples: int) -> int:
    return max(1, -(-samples // FRAME_SAMPLES)) * FRAME_SAMPLES


def _pieces(segment: Segment, take: TakeShape, pauses: Pauses) -> Iterator[_Piece]:
    """The take trimmed, and cut in the silence at each joint of paragraphs where the pause has to grow."""
    start, end = _trimmed(take)
    heard_start, heard_end = (take.speech_start, take.speech_end) if take.speech_end > take.speech_start else (0, end)
    first = 0
    words = take.words
    for joint in segment.joints:
        index = int(np.searchsorted(words.char_start, joint))
        if not first < index < len(words):
            continue
        before, after = int(words.end_sample[index - 1]), int(words.start_sample[index])
        cut = (before + after) // 2
        if not start < cut < end or not _silence(pauses.paragraph_ms, max(0, after - before)):
            continue
        yield _Piece(
            take.key,
            start,
            cut,
            heard_start,
            min(before, cut),
            _columns(words, first, index, segment),
            pauses.paragraph_ms,
        )
        start, heard_start, first = cut, max(after, cut), index
    tail = _columns(words, first, len(words), segment)
    yield _Piece(take.key, start, end, heard_start, heard_end, tail, pause_ms(segment.after, pauses))


def _trimmed(take: TakeShape) -> tuple[int, int]:
    """The part of the take that is kept: what is audible, a few milliseconds around it, and the words' reach."""
    if take.speech_end <= take.speech_start:
        return 0, take.samples
    first, last = take.speech_start, take.speech_end
    start, end = first - LEAD_SAMPLES, last + TRAIL_SAMPLES
    if len(take.words):
        start = min(start, max(int(take.words.start_sample[0]), first - WORD_REACH_SAMPLES))
        end = max(end, min(int(take.words.end_sample[-1]), last + WORD_REACH_SAMPLES))
    return max(0, start), min(take.samples, end)


def _at_timeline_rate(take: TakeShape) -> TakeShape:
    if take.sample_rate == TIMELINE_RATE:
        return take

    def scaled(samples: int) -> int:
        return samples * TIMELINE_RATE // take.sample_rate

    def scaled_column(column: NDArray[np.int32]) -> NDArray[np.int32]:
        return (column.astype(np.int64) * TIMELINE_RATE // take.sample_rate).astype(np.int32)

    words = take.words
    return TakeShape(
        key=take.key,
        samples=scaled(take.samples),
        sample_rate=TIMELINE_RATE,
        speech_start=scaled(take.speech_start),
        speech_end=scaled(take.speech_end),
        words=WordTimes(
            words.char_start,
            words.char_end,
            scaled_column(words.start_sample),
            scaled_column(words.end_sample),
            words.score,
        ),
    )


def _columns(words: WordTimes, first: int, last: int, segment: Segment) -> WordTimes:
    """Some of a take's words, their characters counted in the chapter."""
    part = slice(first, last)
    return WordTimes(
        words.char_start[part] + np.int32(segment.char_start),
        words.char_end[part] + np.int32(segment.char_start),
        words.start_sample[part],
        words.end_sample[part],
        None if words.score is None else words.score[part],
    )


def _shifted(piece: _Piece, clip_start: int) -> WordTimes:
    """The piece's words on the chapter's clock: in order, none over another, none outside the clip."""
    words = piece.words
    shift = clip_start - piece.start
    low, high = clip_start, clip_start + piece.end - piece.start
    start = np.maximum.accumulate(np.clip(words.start_sample.astype(np.int64) + shift, low, high))
    following = np.append(start[1:], high)
    end = np.maximum(start, np.minimum(words.end_sample.astype(np.int64) + shift, following))
    return WordTimes(words.char_start, words.char_end, start.astype(np.int32), end.astype(np.int32), words.score)


def _joined(parts: Sequence[WordTimes]) -> WordTimes:
    """Columns one after the other; scores only where every part has them."""
    none = np.empty(0, np.int32)
    scores = [part.score for part in parts if part.score is not None]
    return WordTimes(
        char_start=np.concatenate([none, *(part.char_start for part in parts)]),
        char_end=np.concatenate([none, *(part.char_end for part in parts)]),
        start_sample=np.concatenate([none, *(part.start_sample for part in parts)]),
        end_sample=np.concatenate([none, *(part.end_sample for part in parts)]),
        score=np.concatenate(scores) if scores and len(scores) == len(parts) else None,
    )
