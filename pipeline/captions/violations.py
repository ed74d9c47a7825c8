"""Where cues fall short of their rules, and how far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pipeline.assembly.timeline import TIMELINE_RATE
from pipeline.captions.cues import Cue
from pipeline.captions.rules import FRAME_SAMPLES, MILLISECOND_SAMPLES, CaptionRules, cells_per_character
from pipeline.captions.widths import widths
from pipeline.engines.protocol import WordTimes


class Rule(StrEnum):
    """What a cue can break, the gravest first."""

    SYNC = "sync"
    """It starts too far from its first word, or ends before its last word starts."""
    LINGER = "linger"
    """It stays longer after its last word than lingering, the shortest time or a small gap ask for."""
    OVERLAP = "overlap"
    GAP = "gap"
    """Too little time before the next cue."""
    BRIDGE = "bridge"
    """A gap that should have been closed."""
    LINES = "lines"
    LINE_LENGTH = "line_length"
    SHORT = "short"
    LONG = "long"
    SPEED = "speed"


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule broken by cue number ``cue`` (from 0): ``found`` where ``limit`` is allowed.

    In samples for times, characters for lines, characters per second or words per minute for speed.
    """

    rule: Rule
    cue: int
    found: float
    limit: float


def violations(cues: Sequence[Cue], rules: CaptionRules, language: str, words: WordTimes) -> list[Violation]:
    """Everything in a chapter's cues that its rules do not allow, cue by cue; ``words`` are the chapter's."""
    found: list[Violation] = []
    for at, cue in enumerate(cues):
        found += _text_violations(at, cue, rules, language)
        found += _sync_violations(at, cue, rules, words)
        following = cues[at + 1] if at + 1 < len(cues) else None
        found += _linger_violations(at, cue, following, rules, words)
        if following:
            found += _gap_violations(at, cue, following, rules)
    return found


def count_violations(found: Sequence[Violation]) -> dict[str, int]:
    """How many cues break each rule, for ``run.json``; every rule is named."""
    counts = Counter(violation.rule for violation in found)
    return {rule.value: counts[rule] for rule in Rule}


def _text_violations(at: int, cue: Cue, rules: CaptionRules, language: str) -> list[Violation]:
    lines = cue.text.split("\n")
    scale = cells_per_character(language)
    lengths = [cells / scale for cells in widths(lines, language)]
    samples, words = cue.end_sample - cue.start_sample, cue.last_word - cue.first_word + 1
    speed, limit = reading_speed(sum(lengths) + (len(lines) - 1) / scale, words, samples, rules, language)
    line_length, shortest = rules.line_length_for(language), rules.shortest(words)
    checks = [
        (len(lines) > rules.max_lines, Rule.LINES, len(lines), rules.max_lines),
        (max(lengths) > line_length, Rule.LINE_LENGTH, max(lengths), line_length),
        (samples < shortest, Rule.SHORT, samples, shortest),
        (samples > rules.max_duration, Rule.LONG, samples, rules.max_duration),
        (speed > limit, Rule.SPEED, speed, limit),
    ]
    return [Violation(rule, at, found, allowed) for broken, rule, found, allowed in checks if broken]


def reading_speed(
    characters: float, words: int, samples: int, rules: CaptionRules, language: str
) -> tuple[float, float]:
    """How fast a caption must be read, and how fast it may be: in words per minute where the rules count words."""
    seconds = max(samples, 1) / TIMELINE_RATE
    if rules.words_per_minute is not None and cells_per_character(language) == 1:
        return words * 60 / seconds, rules.words_per_minute
    return characters / seconds, rules.reading_speed_for(language)


def _sync_violations(at: int, cue: Cue, rules: CaptionRules, words: WordTimes) -> list[Violation]:
    early = int(words.start_sample[cue.first_word]) - cue.start_sample
    missed = int(words.start_sample[cue.last_word]) - cue.end_sample
    if abs(early) > rules.max_lead or missed >= 0:
        return [Violation(Rule.SYNC, at, max(abs(early), missed), rules.max_lead)]
    return []


def _linger_violations(
    at: int, cue: Cue, following: Cue | None, rules: CaptionRules, words: WordTimes
) -> list[Violation]:
    """A cue may stay to reach the shortest time, and on from there to close a small gap (the last: its chapter's)."""
    speech_end = int(words.end_sample[cue.last_word])
    shortest = rules.shortest(cue.last_word - cue.first_word + 1)
    limit = max(rules.max_linger, cue.start_sample + shortest - speech_end) + MILLISECOND_SAMPLES
    if following is None or following.start_sample - cue.end_sample < rules.min_gap + FRAME_SAMPLES:
        limit += rules.bridge_gap - rules.min_gap
    found = cue.end_sample - speech_end
    return [Violation(Rule.LINGER, at, found, limit)] if found > limit else []


def _gap_violations(at: int, cue: Cue, following: Cue, rules: CaptionRules) -> list[Violation]:
    gap = following.start_sample - cue.end_sample
    if gap < 0:
        return [Violation(Rule.OVERLAP, at, -gap, 0)]
    if gap < rules.min_gap:
        return [Violation(Rule.GAP, at, gap, rules.min_gap)]
    if rules.min_gap + FRAME_SAMPLES <= gap < rules.bridge_gap:
        return [Violation(Rule.BRIDGE, at, gap, rules.min_gap)]
    return []
