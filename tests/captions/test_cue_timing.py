"""When captions come and go."""

from __future__ import annotations

from itertools import pairwise

import pytest

from pipeline.captions.cues import cues
from pipeline.captions.rules import FRAME_SAMPLES as FRAME
from pipeline.captions.rules import NETFLIX, CaptionRules
from pipeline.captions.timing import cue_times

MS = 24
SECOND = 24_000


def test_a_cue_appears_with_its_first_word_and_lingers_half_a_second():
    ((start, end), _) = cue_times([(24_000, 72_000), (240_000, 290_000)], 400_000, NETFLIX)
    assert start == 24_000
    assert 72_000 + 12 * FRAME - MS <= end <= 72_000 + 12 * FRAME


@pytest.mark.parametrize("silence", [0, FRAME, 3 * FRAME, 8 * FRAME, 14 * FRAME, 17 * FRAME, 23 * FRAME])
def test_a_small_gap_is_closed_to_two_frames(silence):
    ((_, end), (start, _)) = cue_times([(0, 48_000), (48_000 + silence, 150_000)], 400_000, NETFLIX)
    assert 2 * FRAME <= start - end <= 2 * FRAME + MS


def test_a_gap_of_twelve_frames_after_lingering_is_left_open():
    ((_, end), (start, _)) = cue_times([(0, 48_000), (48_000 + 24 * FRAME, 150_000)], 400_000, NETFLIX)
    assert start - end >= 12 * FRAME
    assert end >= 48_000 + 12 * FRAME - MS


def test_a_short_cue_is_kept_for_five_sixths_of_a_second():
    ((start, end), _) = cue_times([(0, 4_800), (48_000, 150_000)], 400_000, NETFLIX)
    assert 20 * FRAME <= end - start <= 20 * FRAME + MS


def test_a_short_cue_comes_up_to_three_frames_early_where_the_next_is_near():
    ((start, end), (following, _)) = cue_times([(30_000, 36_000), (50_500, 150_000)], 400_000, NETFLIX)
    assert 30_000 - 3 * FRAME <= start < 30_000
    assert end - start >= 20 * FRAME
    assert following - end >= 2 * FRAME


def test_coming_early_never_cuts_the_speech_of_the_cue_before():
    (_, end), (start, _), _ = cue_times([(0, 48_000), (49_000, 52_000), (66_000, 99_000)], 400_000, NETFLIX)
    assert start == 49_000
    assert end == start - 2 * FRAME - MS


def test_no_cue_outlives_seven_seconds_however_long_its_word():
    ((start, end),) = cue_times([(0, 400_000)], 500_000, NETFLIX)
    assert end - start <= 7 * SECOND


def test_the_last_cue_ends_before_the_chapter_does():
    ((_, end),) = cue_times([(0, 48_000)], 48_000, NETFLIX)
    assert end <= 48_000 - 2 * FRAME


def test_words_without_length_still_give_cues_in_order():
    times = cue_times([(5, 5), (5, 5), (5, 5)], 5, NETFLIX)
    assert all(start + MS <= end for start, end in times)
    assert all(one[1] <= two[0] for one, two in pairwise(times))


def test_a_paragraph_of_one_short_word_is_readable(narrator):
    found = cues(narrator("“What is his name?”\n\n“Bly.”\n\n“Is he married or single, do you know?”"), NETFLIX, "en")
    assert [cue.text for cue in found][1] == "“Bly.”"
    assert found[1].end_sample - found[1].start_sample >= 20 * FRAME


def test_speech_slower_than_seven_seconds_a_cue_is_split(narrator):
    found = cues(narrator("One slow word after another fell into the well", pace=3), NETFLIX, "en")
    assert len(found) > 1
    assert max(cue.end_sample - cue.start_sample for cue in found) <= 7 * SECOND


def test_a_long_rest_inside_a_sentence_parts_cues(placed):
    text = "She waited there until somebody came"
    spans = [(0, 3), (4, 10), (11, 16), (17, 22), (23, 31), (32, 36)]
    starts = [0, 8_000, 16_000, 90_000, 98_000, 106_000]
    found = cues(placed(text, spans, starts, [start + 7_000 for start in starts], 200_000), NETFLIX, "en")
    assert [cue.text for cue in found] == ["She waited there", "until somebody came"]


def test_a_chapter_without_words_has_no_cues(narrator):
    assert cues(narrator("* * *"), NETFLIX, "en") == []


def test_one_line_rules_give_one_line(narrator):
    rules = CaptionRules(
        line_length=37,
        max_lines=1,
        reading_speed=20,
        min_duration=20 * FRAME,
        max_duration=7 * SECOND,
        min_gap=2 * FRAME,
        bridge_gap=12 * FRAME,
        max_lead=3 * FRAME,
        max_linger=12 * FRAME,
    )
    text = "The keeper had gone down to the village, and the lamp was left to itself."
    found = cues(narrator(text), rules, "en")
    assert max(len(cue.text) for cue in found) <= 37
    assert not any("\n" in cue.text for cue in found)


def test_three_lines_are_refused():
    with pytest.raises(ValueError, match="one or two lines"):
        CaptionRules(42, 3, 20, 1, 2, 1, 1, 1, 1)


@pytest.mark.parametrize(
    ("language", "line_length", "speed"),
    [("en-GB", 42, 20), ("de", 42, 17), ("zh-Hant-TW", 16, 9), ("ja", 23, 4), ("th", 35, 17)],
)
def test_the_rules_know_what_differs_by_language(language, line_length, speed):
    assert (NETFLIX.line_length_for(language), NETFLIX.reading_speed_for(language)) == (line_length, speed)
