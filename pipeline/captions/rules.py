"""The readability rules that cues are built by and checked against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pipeline.assembly.timeline import TIMELINE_RATE

FRAME_SAMPLES = TIMELINE_RATE // 24
"""Samples of one frame: captions are counted in frames of 1/24 s."""

MILLISECOND_SAMPLES = TIMELINE_RATE // 1000
"""Caption formats count milliseconds. Cues keep this distance from a limit, so that rounding cannot cross it."""


def primary_language(tag: str) -> str:
    """The language of a BCP 47 tag without script, region and extensions: ``en`` for ``en-GB``."""
    return tag.replace("_", "-").partition("-")[0].lower()


def cells_per_character(language: str) -> int:
    """How many cells a character of a rule is in this language: limits for Han, Kana and Hangul count full width."""
    return 2 if primary_language(language) in _FULL_WIDTH else 1


_FULL_WIDTH = frozenset({"ja", "ko", "yue", "zh"})


@dataclass(frozen=True, slots=True)
class CaptionRules:
    """One rule set. Times are samples at :data:`TIMELINE_RATE`, lengths characters (combining marks count nothing).

    ``line_lengths`` and ``reading_speeds`` (characters per second) hold the primary languages that differ from
    ``line_length`` and ``reading_speed``. ``min_gap`` lies between two cues; a gap longer than that and shorter than
    ``bridge_gap`` is to be closed to ``min_gap``. ``max_lead`` and ``max_linger``: how far a cue may start before its
    first word and end after its last. A cue stays for ``min_word_duration`` a word at least. Where
    ``words_per_minute`` is given, reading speed is judged by it; ``reading_speed`` then only guides where cues are cut.
    """

    line_length: int
    max_lines: int
    reading_speed: float
    min_duration: int
    max_duration: int
    min_gap: int
    bridge_gap: int
    max_lead: int
    max_linger: int
    line_lengths: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    reading_speeds: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    min_word_duration: int = 0
    words_per_minute: float | None = None

    def __post_init__(self) -> None:
        if self.max_lines not in {1, 2}:
            msg = f"cues have one or two lines, not {self.max_lines}"
            raise ValueError(msg)

    def line_length_for(self, language: str) -> int:
        """Characters in one line of text in this language (BCP 47)."""
        return self.line_lengths.get(primary_language(language), self.line_length)

    def reading_speed_for(self, language: str) -> float:
        """Characters per second that can be read in this language (BCP 47)."""
        return self.reading_speeds.get(primary_language(language), self.reading_speed)

    def line_cells_for(self, language: str) -> int:
        """The same line in cells, as :func:`pipeline.captions.widths.widths` counts."""
        return self.line_length_for(language) * cells_per_character(language)

    def shortest(self, words: int) -> int:
        """The least time, in samples, that a cue of so many words stays."""
        return max(self.min_duration, self.min_word_duration * words)


NETFLIX = CaptionRules(
    line_length=42,
    max_lines=2,
    reading_speed=17,
    min_duration=20 * FRAME_SAMPLES,
    max_duration=7 * TIMELINE_RATE,
    min_gap=2 * FRAME_SAMPLES,
    bridge_gap=12 * FRAME_SAMPLES,
    max_lead=3 * FRAME_SAMPLES,
    max_linger=12 * FRAME_SAMPLES,
    line_lengths=MappingProxyType({"ja": 23, "ko": 16, "th": 35, "yue": 16, "zh": 16}),
    reading_speeds=MappingProxyType({"ar": 20, "en": 20, "hi": 22, "ja": 4, "ko": 12, "yue": 9, "zh": 9}),
)
"""Netflix Timed Text Style Guide, General Requirements: 2 lines of 42 characters, 20 of 24 frames to 7 s, gaps of 2
frames and none of 3-11, start within 3 frames of the sound, end at most 12 frames after it. Characters per second
(adult programmes) and characters per line as in Subtitle Edit's NetflixQualityController."""

BBC = CaptionRules(
    line_length=37,
    max_lines=2,
    reading_speed=17,
    min_duration=FRAME_SAMPLES * 7,
    max_duration=7 * TIMELINE_RATE,
    min_gap=0,
    bridge_gap=TIMELINE_RATE,
    max_lead=12 * FRAME_SAMPLES,
    max_linger=12 * FRAME_SAMPLES,
    line_lengths=MappingProxyType({"ja": 23, "ko": 16, "th": 35, "yue": 16, "zh": 16}),
    reading_speeds=MappingProxyType({"ja": 4, "ko": 12, "yue": 9, "zh": 9}),
    min_word_duration=3 * TIMELINE_RATE // 10,
    words_per_minute=180,
)
"""BBC Subtitle Guidelines: 2 lines of 37 characters (broadcast), 0.3 s a word, 160-180 words a minute, no gap under a
second, never more than 1.5 s early or late: half a second of lingering and up to a second of closing a gap. They set
no longest time and nothing for scripts without spaces; there, Netflix's figures stand in."""

AS_SPOKEN = CaptionRules(
    line_length=1 << 30,
    max_lines=1,
    reading_speed=1 << 30,
    min_duration=0,
    max_duration=1 << 40,
    min_gap=0,
    bridge_gap=0,
    max_lead=0,
    max_linger=MILLISECOND_SAMPLES,
)
"""No rules but the clock: a cue stays for as long as its words are spoken (granularity sentence and word)."""

RULE_SETS: Mapping[str, CaptionRules] = MappingProxyType({"netflix": NETFLIX, "bbc": BBC})
"""By the names that a manifest and the command line use."""
