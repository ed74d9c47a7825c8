"""Where cues fall short of their rules, and how far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from pipeline.assembly.timeline import TIMELINE_RATE
from pipeline.captions.cues import Cue
from pipeline.captions.rules import CaptionRules
from pipeline.captions.units import widths
from pipeline.engines.protocol import WordTimes


class Rule(StrEnum):
    """What a cue can break, the gravest first."""

    SYNC = "sync"
    """It starts too far from its first word, or ends before its last word starts."""
    LINGER = "linger"
    """It stays too long after its last word, though it is no shorter than it may be."""
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

    In samples for times, characters for lines, characters per second for speed.
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
    for at, (cue, following) in enumerate(pairwise(cues)):
        found += _gap_violations(at, cue, following, rules)
    return sorted(found, key=lambda violation: violation.cue)


def count_violations(found: Sequence[Violation]) -> dict[str, int]:
    """How many cues break each rule, for ``run.json``; every rule is named."""
    counts = Counter(violation.rule for violation in found)
    return {rule.value: counts[rule] for rule in Rule}


def _text_violations(at: int, cue: Cue, rules: CaptionRules, language: str) -> list[Violation]:
    lines = cue.text.split("\n")
    lengths = widths(lines)
    samples = cue.end_sample - cue.start_sample
    characters = sum(lengths) + len(lines) - 1
    speed, limit = characters * TIMELINE_RATE / max(samples, 1), rules.reading_speed_for(language)
    line_length = rules.line_length_for(language)
    checks = [
        (len(lines) > rules.max_lines, Rule.LINES, len(lines), rules.max_lines),
        (max(lengths) > line_length, Rule.LINE_LENGTH, max(lengths), line_length),
        (samples < rules.min_duration, Rule.SHORT, samples, rules.min_duration),
        (samples > rules.max_duration, Rule.LONG, samples, rules.max_duration),
        (speed > limit, Rule.SPEED, speed, limit),
    ]
    return [Violation(rule, at, found, allowed) for broken, rule, found, allowed in checks if broken]


def _sync_violations(at: int, cue: Cue, rules: CaptionRules, words: WordTimes) -> list[Violation]:
    """Lingering for the shortest time that a cue may have is none."""
    early = int(words.start_sample[cue.first_word]) - cue.start_sample
    missed = int(words.start_sample[cue.last_word]) - cue.end_sample
    linger = cue.end_sample - int(words.end_sample[cue.last_word])
    found = []
    if abs(early) > rules.max_lead or missed >= 0:
        found.append(Violation(Rule.SYNC, at, max(abs(early), missed), rules.max_lead))
    if (
        linger > rules.max_linger
        and cue.end_sample - cue.start_sample > rules.min_duration + rules.bridge_gap - rules.min_gap
    ):
        found.append(Violation(Rule.LINGER, at, linger, rules.max_linger))
    return found


def _gap_violations(at: int, cue: Cue, following: Cue, rules: CaptionRules) -> list[Violation]:
    gap = following.start_sample - cue.end_sample
    if gap < 0:
        return [Violation(Rule.OVERLAP, at, -gap, 0)]
    if gap < rules.min_gap:
        return [Violation(Rule.GAP, at, gap, rules.min_gap)]
    if rules.min_gap + rules.max_lead // 3 < gap < rules.bridge_gap:
        return [Violation(Rule.BRIDGE, at, gap, rules.min_gap)]
    return []
