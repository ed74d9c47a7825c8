"""SubRip: the caption format that every player reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pipeline.captions.cues import Cue
from pipeline.captions.rules import MILLISECOND_SAMPLES


def write_srt(cues: Iterable[Cue], *, offset_samples: int) -> str:
    """The cues as SRT, moved ``offset_samples`` later; see :func:`book_srt`."""
    return "".join(book_srt([(offset_samples, cues)]))


def book_srt(chapters: Iterable[tuple[int, Iterable[Cue]]]) -> Iterator[str]:
    """SRT cue by cue, of chapters given as (first sample in the book, cues); numbers run on from 1.

    To be written as UTF-8 without a byte order mark, line feeds as they are: format as in the Matroska
    specification's ``subtitles.md``, number, times, text, blank line. Each end of a cue is the nearest millisecond
    of its sample in the book; what does not overlap in samples does not in milliseconds.
    """
    number = 0
    for offset_samples, cues in chapters:
        for cue in cues:
            number += 1
            start, end = _clock(offset_samples + cue.start_sample), _clock(offset_samples + cue.end_sample)
            yield f"{number}\n{start} --> {end}\n{_payload(cue.text)}\n\n"


def _clock(sample: int) -> str:
    """``HH:MM:SS,mmm``, hours with as many digits as they take, at least two."""
    seconds, milliseconds = divmod((sample + MILLISECOND_SAMPLES // 2) // MILLISECOND_SAMPLES, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02},{milliseconds:03}"


def _payload(text: str) -> str:
    """Text that cannot end its cue or pass for a time line: no blank lines, no arrow of times."""
    lines: Sequence[str] = [line for line in text.splitlines() if line.strip()]
    return "\n".join(lines).replace("-->", "--\u2060>") or "\u2060"
