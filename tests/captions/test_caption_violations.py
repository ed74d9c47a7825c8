"""Every rule is found broken where it is, and only there."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.captions.cues import Cue, cues
from pipeline.captions.rules import FRAME_SAMPLES as FRAME
from pipeline.captions.rules import NETFLIX
from pipeline.captions.violations import Rule, count_violations, violations
from pipeline.engines.protocol import WordTimes


def times(*spans: tuple[int, int]) -> WordTimes:
    columns = np.array(spans, dtype=np.int32).T
    return WordTimes(columns[0], columns[0], columns[0], columns[1])


TEXT = "A lamp burns."
GOOD = Cue(TEXT, 0, 48_000, 0, 0)
NEXT = Cue(TEXT, 90_000, 138_000, 1, 1)
WORDS = times((0, 40_000), (90_000, 130_000))


def broken(first: Cue, words: WordTimes = WORDS, second: Cue = NEXT) -> set[Rule]:
    return {violation.rule for violation in violations([first, second], NETFLIX, "en", words)}


def test_good_cues_break_nothing():
    assert broken(GOOD) == set()


@pytest.mark.parametrize(
    ("cue", "rule"),
    [
        (Cue(TEXT, 4_000, 48_000, 0, 0), Rule.SYNC),
        (Cue(TEXT, 0, 53_000, 0, 0), Rule.LINGER),
        (Cue(TEXT, 0, 90_001, 0, 0), Rule.OVERLAP),
        (Cue(TEXT, 0, 88_500, 0, 0), Rule.GAP),
        (Cue(TEXT, 0, 84_000, 0, 0), Rule.BRIDGE),
        (Cue("A\nlamp\nburns.", 0, 48_000, 0, 0), Rule.LINES),
        (Cue("A lamp burns in the tower every single night", 0, 55_000, 0, 0), Rule.LINE_LENGTH),
        (Cue(TEXT, 0, 19_999, 0, 0), Rule.SHORT),
        (Cue(TEXT, 0, 7 * 24_000 + 1, 0, 0), Rule.LONG),
        (Cue("A lamp burns in the tower,\nand nobody has seen it.", 0, 48_000, 0, 0), Rule.SPEED),
    ],
)
def test_each_rule_is_noticed(cue, rule):
    assert rule in broken(cue)


def test_staying_for_the_shortest_time_is_no_lingering():
    words = times((0, 2_000), (90_000, 130_000))
    assert broken(Cue("No.", 0, 20 * FRAME, 0, 0), words) == set()


def test_counts_name_every_rule_and_add_up(narrator):
    chapter = narrator("Much too fast for anybody at all to read, I am afraid to say.", pace=40)
    found = violations(cues(chapter, NETFLIX, "en"), NETFLIX, "en", chapter.words)
    counts = count_violations(found)
    assert list(counts) == [rule.value for rule in Rule]
    assert counts["speed"] == 1
    assert sum(counts.values()) == len(found)


def test_violations_come_in_the_order_of_cues():
    found = violations([Cue(TEXT, 0, 19_000, 0, 0), Cue(TEXT, 90_000, 91_000, 1, 1)], NETFLIX, "en", WORDS)
    assert [violation.cue for violation in found] == sorted(violation.cue for violation in found)
