"""``build/timeline.json`` and the spoken text beside it (README, "Results for machines")."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from pipeline.assembly.timeline import TIMELINE_RATE, ChapterTimeline, Timeline

TIMELINE_SCHEMA = 1

_HEAD = b'{"schema":%d,"sample_rate":%d,"chapters":[' % (TIMELINE_SCHEMA, TIMELINE_RATE)
_TAIL = b"\n]}\n"


def timeline_json(timeline: Timeline) -> Iterator[bytes]:
    """The timeline as JSON, a chapter at a time: a novel's is some 10 MB and need not be held twice."""
    yield _HEAD
    for number, (chapter, start) in enumerate(zip(timeline.chapters, timeline.starts(), strict=True)):
        yield b",\n" if number else b"\n"
        yield orjson.dumps(_chapter(chapter, start), option=orjson.OPT_SERIALIZE_NUMPY)
    yield _TAIL


def chapters_written(path: Path) -> Iterator[dict[str, Any]]:
    """The chapters of a file that :func:`timeline_json` wrote, one after another: a line each.

    Raises OSError where it cannot be read, ValueError where it was not written so.
    """
    with path.open("rb") as file:
        if file.readline() == _HEAD + b"\n":
            for line in file:
                if line == _TAIL.lstrip():
                    return
                yield orjson.loads(line.rstrip(b",\n"))
    raise ValueError(f"{path.name} is not as it was written")


def text_path(slug: str) -> str:
    """Where a chapter's spoken text lies, relative to the outputs."""
    return f"text/{slug}.txt"


def _chapter(chapter: ChapterTimeline, start_sample: int) -> dict[str, object]:
    words = chapter.words
    spans = zip(words.char_start.tolist(), words.char_end.tolist(), strict=True)
    return {
        "slug": chapter.slug,
        "title": chapter.title,
        "start_sample": start_sample,
        "samples": chapter.samples,
        "text": text_path(chapter.slug),
        "clips": [
            {
                "key": clip.key,
                "take_start": clip.take_start,
                "start_sample": clip.start_sample,
                "samples": clip.samples,
            }
            for clip in chapter.clips
        ],
        "words": {
            "text": [chapter.text[start:end] for start, end in spans],
            "start_sample": words.start_sample,
            "end_sample": words.end_sample,
            "char_start": words.char_start,
            "char_end": words.char_end,
        },
        "turns": {
            "char_start": [turn.char_start for turn in chapter.turns],
            "voice": [turn.voice for turn in chapter.turns],
            "language": [turn.language for turn in chapter.turns],
        },
    }
