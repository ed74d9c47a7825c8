"""Advanced SubStation Alpha (script type v4.00+), as libass reads it: karaoke, and a style for every speaker.

The file format has no standard; fields as in Aegisub's "ASS file format" notes, escapes as in libass.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pipeline.captions.captioned import CaptionedChapter, CaptionSettings
from pipeline.captions.clock import CENTISECOND_SAMPLES, hours_minutes_seconds, nearest, spans
from pipeline.captions.cues import Cue
from pipeline.captions.direction import isolated
from pipeline.captions.speakers import COLOURS, shown_name

_STYLE_FIELDS = (
    "Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, "
    "StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, "
    "Encoding"
)
_EVENT_FIELDS = "Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text"
_ESCAPES = re.compile(r"\\(?=[Nnh{}])")


def write_ass(settings: CaptionSettings, chapters: Iterable[CaptionedChapter]) -> Iterator[str]:
    """ASS cue by cue; times in hundredths. With ``settings.words`` each word is a ``\\k`` syllable of its length."""
    yield _header(settings)
    for chapter in chapters:
        for cue, (start, end) in zip(chapter.cues, spans(chapter.cue_samples(), CENTISECOND_SAMPLES), strict=True):
            style = _style_name(settings, cue.voice)
            name = shown_name(cue.voice) if cue.voice and (settings.names or settings.colours) else ""
            text = _text(settings, chapter, cue, start, end)
            yield f"Dialogue: 0,{clock(start)},{clock(end)},{style},{name},0,0,0,,{text}\n"


def clock(hundredths: int) -> str:
    """``H:MM:SS.cc``."""
    hours, minutes, seconds, rest = hours_minutes_seconds(hundredths, 100)
    return f"{hours}:{minutes:02}:{seconds:02}.{rest:02}"


def escape(text: str) -> str:
    """Text that starts no override and no escape; line feeds become ``\\N``."""
    literal = _ESCAPES.sub("\\\\\u2060", text)
    return literal.replace("{", "\\{").replace("}", "\\}").replace("\n", "\\N")


def _text(settings: CaptionSettings, chapter: CaptionedChapter, cue: Cue, start: int, end: int) -> str:
    if not settings.words:
        return escape(isolated(cue.text, chapter.language, detected=False))
    starts = [min(max(nearest(s, CENTISECOND_SAMPLES), start), end) for s, _ in chapter.word_samples(cue)]
    lead = f"{{\\k{starts[0] - start}}}" if starts[0] > start else ""
    parts = [lead, escape(cue.text[: cue.word_starts[0]])]
    for word, at, onward in zip(cue.words(), starts, [*starts[1:], end], strict=True):
        parts.append(f"{{\\k{max(0, onward - at)}}}{escape(word)}")
    return isolated("".join(parts).replace("\\N", "\n"), chapter.language, detected=False).replace("\n", "\\N")


def _style_name(settings: CaptionSettings, voice: str | None) -> str:
    return shown_name(voice) if voice and settings.colours else "Default"


def _header(settings: CaptionSettings) -> str:
    styles = [_style("Default", "ffffff")]
    styles += [_style(shown_name(voice), COLOURS[colour]) for voice, colour in settings.colours.items()]
    title = " ".join(settings.title.split())
    return (
        f"[Script Info]\nTitle: {title}\nScriptType: v4.00+\nWrapStyle: 2\nScaledBorderAndShadow: yes\n"
        f"PlayResX: 1920\nPlayResY: 1080\nLanguage: {settings.language}\n\n"
        f"[V4+ Styles]\nFormat: {_STYLE_FIELDS}\n{''.join(styles)}\n[Events]\nFormat: {_EVENT_FIELDS}\n"
    )


def _style(name: str, colour: str) -> str:
    """A style: ``colour`` (RRGGBB) for what is spoken, a darker one for words to come; black edge, bottom centre."""
    primary = _bgr(colour)
    dimmed = _bgr("".join(f"{int(colour[at : at + 2], 16) * 6 // 10:02x}" for at in (0, 2, 4)))
    return (
        f"Style: {name},Arial,60,&H00{primary},&H00{dimmed},&H00000000,&H80000000,0,0,0,0,100,100,0,0,1,3,0,2,"
        "96,96,64,1\n"
    )


def _bgr(colour: str) -> str:
    return (colour[4:6] + colour[2:4] + colour[:2]).upper()
