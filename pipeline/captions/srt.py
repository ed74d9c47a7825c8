"""SubRip: the caption format that every player reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pipeline.captions.captioned import CaptionedChapter, CaptionSettings
from pipeline.captions.clock import hours_minutes_seconds, spans
from pipeline.captions.cues import Cue
from pipeline.captions.direction import isolated
from pipeline.captions.rules import MILLISECOND_SAMPLES


def write_subrip(_settings: CaptionSettings, chapters: Iterable[CaptionedChapter]) -> Iterator[str]:
    """SRT cue by cue, see :func:`book_srt`; lines from right to left are isolated."""
    return _srt((chapter.offset_samples, chapter.cues, chapter.language) for chapter in chapters)


def write_srt(cues: Iterable[Cue], *, offset_samples: int) -> str:
    """The cues as SRT, moved ``offset_samples`` later; see :func:`book_srt`."""
    return "".join(book_srt([(offset_samples, cues)]))


def book_srt(chapters: Iterable[tuple[int, Iterable[Cue]]]) -> Iterator[str]:
    """SRT cue by cue, of chapters given as (first sample in the book, cues); numbers run on from 1.

    To be written as UTF-8 without a byte order mark, line feeds as they are: format as in the Matroska
    specification's ``subtitles.md``, number, times, text, blank line. Each end of a cue is the nearest millisecond
    of its sample in the book; what does not overlap in samples does not in milliseconds.
    """
    return _srt((offset_samples, cues, "") for offset_samples, cues in chapters)


def _srt(chapters: Iterable[tuple[int, Iterable[Cue], str]]) -> Iterator[str]:
    number = 0
    for offset_samples, cues, language in chapters:
        listed = list(cues)
        samples = ((cue.start_sample + offset_samples, cue.end_sample + offset_samples) for cue in listed)
        for cue, (start, end) in zip(listed, spans(samples, MILLISECOND_SAMPLES), strict=True):
            number += 1
            text = isolated(_payload(cue.text), language, detected=False)
            yield f"{number}\n{clock(start)} --> {clock(end)}\n{text}\n\n"


def clock(milliseconds: int) -> str:
    """``HH:MM:SS,mmm``, hours with as many digits as they take, at least two."""
    hours, minutes, seconds, rest = hours_minutes_seconds(milliseconds, 1000)
    return f"{hours:02}:{minutes:02}:{seconds:02},{rest:03}"


def _payload(text: str) -> str:
    """Text that cannot end its cue or pass for a time line: no blank lines, no arrow of times."""
    lines: Sequence[str] = [line for line in text.splitlines() if line.strip()]
    return "\n".join(lines).replace("-->", "--\u2060>") or "\u2060"
