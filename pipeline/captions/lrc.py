"""LRC: lines for a player of songs, one timestamp a line; with words, the "enhanced" form (A2).

There is no standard; what is written here is what players agree on: ``[mm:ss.xx]`` with hundredths, tags ``ti``,
``ar``, ``al``, ``la``, ``length``, words as ``<mm:ss.xx>``. A line ends where the next begins, so silence of a second
or more gets a line without text. From 100 minutes on, minutes take three digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pipeline.assembly.timeline import TIMELINE_RATE
from pipeline.captions.captioned import CaptionedChapter, CaptionSettings
from pipeline.captions.clock import CENTISECOND_SAMPLES, nearest, spans
from pipeline.captions.cues import Cue
from pipeline.captions.direction import isolated

_SILENCE = 100
"""Hundredths of a second after which a line is cleared."""
_TIME_TAG = re.compile(r"([\[<])(?=\d+:)")


def write_lrc(settings: CaptionSettings, chapters: Iterable[CaptionedChapter]) -> Iterator[str]:
    """LRC line by line; each cue is one line. Several chapters share one clock; the title is the first one's."""
    for number, chapter in enumerate(chapters):
        if not number:
            yield _tags(settings, chapter)
        times = list(spans(chapter.cue_samples(), CENTISECOND_SAMPLES))
        onward = [start for start, _ in times[1:]] + [None]
        for cue, (start, end), after in zip(chapter.cues, times, onward, strict=True):
            yield f"[{clock(start)}]{_line(settings, chapter, cue, start)}\n"
            if after is None or after - end >= _SILENCE:
                yield f"[{clock(end)}]\n"


def clock(hundredths: int) -> str:
    """``mm:ss.xx``."""
    minutes, rest = divmod(hundredths, 6000)
    return f"{minutes:02}:{rest // 100:02}.{rest % 100:02}"


def _line(settings: CaptionSettings, chapter: CaptionedChapter, cue: Cue, start: int) -> str:
    if not settings.words:
        return isolated(_plain(cue.text), chapter.language, detected=False)
    parts, at = [_plain(cue.text[: cue.word_starts[0]])], start
    for word, (sample, _) in zip(cue.words(), chapter.word_samples(cue), strict=True):
        at = max(at, nearest(sample, CENTISECOND_SAMPLES))
        parts.append(f"<{clock(at)}>{_plain(word)}")
    return isolated("".join(parts), chapter.language, detected=False)


def _plain(text: str) -> str:
    """Text in one line that no reader takes for a time."""
    return _TIME_TAG.sub("\\1\u2060", text.replace("\n", " "))


def _tags(settings: CaptionSettings, chapter: CaptionedChapter) -> str:
    seconds = (chapter.timeline.samples + TIMELINE_RATE // 2) // TIMELINE_RATE
    tags = {
        "ti": chapter.timeline.title,
        "ar": settings.author or "",
        "al": settings.title,
        "la": chapter.language,
        "length": f"{seconds // 60:02}:{seconds % 60:02}",
    }
    return "".join(f"[{name}:{' '.join(value.split())}]\n" for name, value in tags.items() if value)
