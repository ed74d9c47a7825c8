"""Captions as JSON (docs/formats.md, "Captions as JSON"): for programs that place text and words themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import orjson

from pipeline.captions.captioned import CaptionedChapter, CaptionSettings
from pipeline.captions.clock import nearest, spans
from pipeline.captions.cues import Cue
from pipeline.captions.rules import MILLISECOND_SAMPLES

CAPTIONS_SCHEMA = 1


def write_captions_json(settings: CaptionSettings, chapters: Iterable[CaptionedChapter]) -> Iterator[str]:
    """JSON chapter by chapter; a novel's need not be held at once."""
    head = {
        "schema": CAPTIONS_SCHEMA,
        "title": settings.title,
        "author": settings.author,
        "language": settings.language,
        "granularity": settings.granularity,
        "rules": settings.rules,
    }
    yield orjson.dumps(head).decode()[:-1] + ',"chapters":['
    for number, chapter in enumerate(chapters):
        yield ",\n" if number else "\n"
        yield orjson.dumps(_chapter(chapter)).decode()
    yield "\n]}\n"


def _chapter(chapter: CaptionedChapter) -> dict[str, object]:
    timeline = chapter.timeline
    times = spans(chapter.cue_samples(), MILLISECOND_SAMPLES)
    return {
        "slug": timeline.slug,
        "title": timeline.title,
        "language": chapter.language,
        "start_ms": nearest(chapter.offset_samples, MILLISECOND_SAMPLES),
        "end_ms": nearest(chapter.offset_samples + timeline.samples, MILLISECOND_SAMPLES),
        "cues": [_cue(chapter, cue, start, end) for cue, (start, end) in zip(chapter.cues, times, strict=True)],
    }


def _cue(chapter: CaptionedChapter, cue: Cue, start: int, end: int) -> dict[str, object]:
    words = chapter.word_samples(cue)
    return {
        "start_ms": start,
        "end_ms": end,
        "voice": cue.voice,
        "text": cue.text,
        "words": {
            "char_start": list(cue.word_starts),
            "start_ms": [nearest(sample, MILLISECOND_SAMPLES) for sample, _ in words],
            "end_ms": [nearest(sample, MILLISECOND_SAMPLES) for _, sample in words],
        },
    }
