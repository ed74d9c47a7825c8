"""WebVTT (W3C, "WebVTT: The Web Video Text Tracks Format"): what browsers and most players read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pipeline.captions.captioned import CaptionedChapter, CaptionSettings
from pipeline.captions.clock import hours_minutes_seconds, nearest, spans
from pipeline.captions.cues import Cue
from pipeline.captions.direction import isolation
from pipeline.captions.rules import MILLISECOND_SAMPLES
from pipeline.captions.speakers import COLOURS, shown_name

_FUTURE_WORDS = "::cue(c:future) {\n  opacity: 0.6;\n}\n"


def write_webvtt(settings: CaptionSettings, chapters: Iterable[CaptionedChapter]) -> Iterator[str]:
    """WebVTT cue by cue: header, styles that are used, a note with every chapter's title, the cues.

    Speakers become voice spans, their colours classes. With ``settings.words`` every word is a span of class ``c``
    after a timestamp; the timestamps of a cue rise strictly and lie inside it (WebVTT, section 3.3), so the first word
    has none, nor has a word that starts in the same millisecond as the one before it.
    """
    yield f"WEBVTT\n\nNOTE {_note(settings.title)}\n\n"
    if style := _style(settings):
        yield f"STYLE\n{style}\n"
    for chapter in chapters:
        yield f"NOTE {_note(chapter.timeline.title)}\n\n"
        for cue, (start, end) in zip(chapter.cues, spans(chapter.cue_samples(), MILLISECOND_SAMPLES), strict=True):
            yield f"{clock(start)} --> {clock(end)}\n{_payload(settings, chapter, cue, start, end)}\n\n"


def clock(milliseconds: int) -> str:
    """``HH:MM:SS.mmm``, hours with as many digits as they take, at least two."""
    hours, minutes, seconds, rest = hours_minutes_seconds(milliseconds, 1000)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{rest:03}"


def escape(text: str) -> str:
    """Text as it stands in a cue: no tag, no character reference, no arrow, no NUL (WebVTT, section 4.2.2)."""
    return text.replace("\0", "\ufffd").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _payload(settings: CaptionSettings, chapter: CaptionedChapter, cue: Cue, start: int, end: int) -> str:
    marked = _timed_words(chapter, cue, start, end) if settings.words else escape(cue.text)
    around = (isolation(line, chapter.language, detected=True) for line in cue.text.split("\n"))
    lines = [f"{before}{line}{after}" for (before, after), line in zip(around, marked.split("\n"), strict=True)]
    return _spoken_by(settings, cue, "\n".join(lines))


def _timed_words(chapter: CaptionedChapter, cue: Cue, start: int, end: int) -> str:
    parts, before = [escape(cue.text[: cue.word_starts[0]])], start
    for row, (word, (sample, _)) in enumerate(zip(cue.words(), chapter.word_samples(cue), strict=True)):
        at = nearest(sample, MILLISECOND_SAMPLES)
        if row and before < at < end:
            parts.append(f"<{clock(at)}>")
            before = at
        shown = word.rstrip()
        parts.append(f"<c>{escape(shown)}</c>{word[len(shown) :]}")
    return "".join(parts)


def _spoken_by(settings: CaptionSettings, cue: Cue, payload: str) -> str:
    if cue.voice is None or not (settings.names or settings.colours):
        return payload
    colour = f".{settings.colours[cue.voice]}" if settings.colours else ""
    return f"<v{colour} {escape(shown_name(cue.voice))}>{payload}</v>"


def _style(settings: CaptionSettings) -> str:
    """Classes that colour speakers, and words not spoken yet; no blank line and no arrow, which would end the block."""
    used = [name for name in COLOURS if name in settings.colours.values()]
    classes = "".join(f"::cue(.{name}) {{\n  color: #{COLOURS[name]};\n}}\n" for name in used)
    return classes + (_FUTURE_WORDS if settings.words else "")


def _note(text: str) -> str:
    return " ".join(text.replace("\0", " ").split()).replace("-->", "→")
