"""Who speaks a word, and how a reader is told."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from pipeline.assembly.timeline import ChapterTimeline

COLOURS: Mapping[str, str] = MappingProxyType(
    {"white": "ffffff", "yellow": "ffff00", "cyan": "00ffff", "lime": "00ff00"}
)
"""The four colours of BBC subtitles as RRGGBB, in the order in which speakers get them (BBC Subtitle Guidelines,
"Colours"); the names are the classes that every WebVTT player knows (WebVTT, section 5.1; there "lime" is #00ff00)."""

_SEPARATORS = re.compile(r"[-_]+")


def voices_of_words(chapter: ChapterTimeline) -> list[str]:
    """The voice of every word of a chapter; ``""`` where the timeline does not say."""
    if not chapter.turns:
        return [""] * len(chapter.words)
    starts = np.array([turn.char_start for turn in chapter.turns])
    rows = np.maximum(np.searchsorted(starts, chapter.words.char_start, side="right") - 1, 0)
    names = [turn.voice for turn in chapter.turns]
    return [names[row] for row in rows.tolist()]


def language_of(chapter: ChapterTimeline, default: str) -> str:
    """The language that most of a chapter's text is spoken in; ``default`` where the timeline does not say."""
    ends = [*(turn.char_start for turn in chapter.turns[1:]), len(chapter.text)]
    lengths: Counter[str] = Counter()
    for turn, end in zip(chapter.turns, ends, strict=True) if chapter.turns else ():
        lengths[turn.language] += end - turn.char_start
    return lengths.most_common(1)[0][0] if lengths else default


def shown_name(voice: str) -> str:
    """A voice of the manifest as a reader sees it: ``Old Tom`` for ``old_tom``."""
    words = _SEPARATORS.sub(" ", voice).strip()
    return words if any(map(str.isupper, words)) else words.title()


def label(voice: str) -> str:
    """What stands before the words of a speaker: ``OLD TOM:`` (BBC Subtitle Guidelines, "Labels")."""
    return f"{shown_name(voice).upper()}:"


def colours(voices: Sequence[str]) -> dict[str, str]:
    """A colour of :data:`COLOURS` for each voice, in their order; past four voices all others share the last."""
    names = list(COLOURS)
    return {voice: names[min(number, len(names) - 1)] for number, voice in enumerate(dict.fromkeys(voices))}
