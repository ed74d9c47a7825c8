"""SRT as players read it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from pipeline.captions.cues import Cue, cues
from pipeline.captions.rules import NETFLIX
from pipeline.captions.srt import book_srt, write_srt


def test_the_bytes_are_exactly_these():
    found = [Cue("The lamp\nburns.", 24_000, 72_012, 0, 2), Cue("Still.", 80_000, 100_000, 3, 3)]
    assert write_srt(found, offset_samples=0) == (
        "1\n00:00:01,000 --> 00:00:03,001\nThe lamp\nburns.\n\n2\n00:00:03,333 --> 00:00:04,167\nStill.\n\n"
    )


def test_nothing_is_written_for_no_cues():
    assert write_srt([], offset_samples=0) == ""


def test_times_after_ten_and_after_a_hundred_hours_are_written(parse_srt):
    hour = 24_000 * 3600
    found = [Cue("Late.", 0, 24_000, 0, 0)]
    text = "".join(book_srt([(19 * hour, found), (123 * hour, found)]))
    assert "19:00:00,000 --> 19:00:01,000" in text
    assert "123:00:00,000 --> 123:00:01,000" in text
    assert [subtitle.number for subtitle in parse_srt(text)] == [1, 2]


def test_text_cannot_end_its_cue_or_pass_for_a_time_line(parse_srt):
    found = [Cue("a\n\nb --> c\n", 0, 24_000, 0, 2), Cue("d", 24_000, 48_000, 3, 3)]
    first, second = parse_srt(write_srt(found, offset_samples=0))
    assert first.lines == ("a", "b --\u2060> c")
    assert second.lines == ("d",)


def test_touching_cues_still_touch_after_rounding(parse_srt):
    found = [Cue("x", at * 37, (at + 1) * 37, at, at) for at in range(500)]
    subtitles = parse_srt(write_srt(found, offset_samples=11))
    assert all(one.end_ms == two.start_ms for one, two in pairwise(subtitles))


def test_chapters_are_moved_by_samples_and_drift_nowhere(parse_srt):
    chapters = [(chapter * 1_000_001, [Cue("x", 0, 24_000, 0, 0)]) for chapter in range(300)]
    for chapter, subtitle in enumerate(parse_srt("".join(book_srt(chapters)))):
        assert abs(subtitle.start_ms * 24 - chapter * 1_000_001) <= 12


def test_a_book_is_written_cue_by_cue_as_its_chapters_come():
    drawn = []

    def chapters() -> Iterator[tuple[int, list[Cue]]]:
        for chapter in range(3):
            drawn.append(chapter)
            yield chapter * 48_000, [Cue("x", 0, 24_000, 0, 0)]

    book = book_srt(chapters())
    next(book)
    assert drawn == [0]


def test_what_is_written_is_the_manuscript(narrator, parse_srt):
    text = "“Nine,” she said.\n\nThe ledger had a tenth line, and nobody had written it — not in ink, anyway."
    subtitles = parse_srt(write_srt(cues(narrator(text), NETFLIX, "en"), offset_samples=123_456))
    assert " ".join(line for subtitle in subtitles for line in subtitle.lines) == " ".join(text.split())
