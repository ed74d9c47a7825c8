"""What holds for every text and every timing."""

from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.captions.cues import Cue, cues
from pipeline.captions.rules import NETFLIX
from pipeline.captions.srt import write_srt
from pipeline.captions.violations import Rule, violations
from pipeline.captions.widths import widths
from pipeline.script.words import ENGINE_TAG, written_words

FRAME = 1000
law = settings(max_examples=70, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

WORDS = st.sampled_from(
    """the a of to and Mr. Elizabeth Bennet night lighthouse 1815 not very 42 keeper’s I it her was, said; gone. why?
    “Oh!” ‘tis —he said— (perhaps) 灯台守は毎晩、 「はい」 قال، e\u0301te\u0301 naïve $9.99 https://example.org/a/b/c
    <break/> <prosody_rate="slow">slow</prosody> un<spell>believ</spell>able wait…what on--off ーーーーーーーーーーー
    Donaudampfschifffahrtsgesellschaftskapitänsmützenband""".split()  # noqa: SIM905 - a table
).map(lambda word: word.replace("_", " "))
JOINTS = st.sampled_from([" "] * 12 + ["  ", "\n", "\n\n", " — ", "—", "\n\n* * *\n\n", "\u00a0"])


@st.composite
def texts(draw: st.DrawFn) -> str:
    pieces = draw(st.lists(st.tuples(WORDS, JOINTS), min_size=1, max_size=60))
    return "".join(word + joint for word, joint in pieces).strip()


def speech(draw: st.DrawFn, count: int, shortest: int) -> tuple[list[int], list[int], int]:
    """Word times: now hurried, now with rests, words never shorter than ``shortest`` samples."""
    starts, ends, at = [], [], draw(st.integers(0, 30_000))
    for _ in range(count):
        starts.append(at)
        at += draw(
            st.sampled_from([shortest, max(shortest, 2_400), 7_200, 12_000, 200_000 if shortest == 0 else 24_000])
        )
        ends.append(at)
        at += draw(st.sampled_from([0, 0, 0, 0, 1, 2_000, 8_400, 16_800, 60_000]))
    return starts, ends, at + draw(st.sampled_from([0, 2_000, 60_000]))


def bare(text: str) -> str:
    return re.sub(r"\s", "", ENGINE_TAG.sub("", text))


def made(placed, data, shortest: int) -> tuple[object, list[Cue]]:
    text = data.draw(texts())
    words = written_words(text)
    chapter = placed(text, words, *speech(data.draw, len(words), shortest))
    return chapter, cues(chapter, NETFLIX, data.draw(st.sampled_from(["en", "de", "fr", "ja"])))


@law
@given(data=st.data())
def test_every_word_and_every_mark_is_in_one_cue_in_order(placed, data):
    chapter, found = made(placed, data, 0)
    if not len(chapter.words):
        assert found == []
        return
    rows = [row for cue in found for row in range(cue.first_word, cue.last_word + 1)]
    assert rows == list(range(len(chapter.words)))
    assert bare("".join(cue.text for cue in found)) == bare(chapter.text)
    assert all(re.fullmatch(r"\S+(?:[ \n]\S+)*", cue.text) for cue in found)


@law
@given(data=st.data())
def test_whatever_the_speech_cues_never_overlap_nor_go_back_nor_stay_too_long(placed, parse_srt, data):
    _, found = made(placed, data, 0)
    offset = data.draw(st.integers(0, 24_000 * 3600 * 20))
    subtitles = parse_srt(write_srt(found, offset_samples=offset))
    assert len(subtitles) == len(found)
    assert all(subtitle.start_ms < subtitle.end_ms for subtitle in subtitles)
    assert all(one.end_ms <= two.start_ms for one, two in pairwise(subtitles))
    assert all(subtitle.end_ms - subtitle.start_ms <= 7000 for subtitle in subtitles)


@law
@given(data=st.data())
def test_two_lines_at_most_and_only_a_single_long_word_passes_the_line(placed, data):
    text = data.draw(texts())
    words = written_words(text)
    chapter = placed(text, words, *speech(data.draw, len(words), 0))
    language = data.draw(st.sampled_from(["en", "de", "zh"]))
    for cue in cues(chapter, NETFLIX, language):
        lines = cue.text.split("\n")
        assert len(lines) <= 2
        for line, width in zip(lines, widths(lines, language), strict=True):
            assert width <= NETFLIX.line_cells_for(language) or len(written_words(line)) == 1


@law
@given(data=st.data())
def test_cues_keep_to_their_paragraph(placed, data):
    chapter, found = made(placed, data, 0)
    words = chapter.words
    for cue in found:
        for row in range(cue.first_word, cue.last_word):
            between = chapter.text[words.char_end[row] : words.char_start[row + 1]]
            assert not re.search(r"\n\s*\n", ENGINE_TAG.sub("", between))


@law
@given(data=st.data())
def test_with_words_that_take_time_cues_start_with_them_and_keep_their_distance(placed, parse_srt, data):
    chapter, found = made(placed, data, 2_400)
    times = [(cue.start_sample, cue.end_sample) for cue in found]
    for cue, (start, _) in zip(found, times, strict=True):
        assert 0 <= chapter.words.start_sample[cue.first_word] - start <= 3 * FRAME
    roomy = [one for one, two in pairwise(found) if two.start_sample - one.start_sample > 2 * FRAME + 48]
    for one, two in pairwise(found):
        assert one not in roomy or two.start_sample - one.end_sample >= 2 * FRAME
    subtitles = parse_srt(write_srt(found, offset_samples=data.draw(st.integers(0, 10_000))))
    for one, two in pairwise(subtitles):
        assert (two.start_ms - one.end_ms) * 24 >= 2 * FRAME or two.start_ms - one.start_ms < 90
    broken = {violation.rule for violation in violations(found, NETFLIX, "en", chapter.words)}
    assert not broken & {Rule.OVERLAP, Rule.LINES, Rule.LONG}


@law
@given(data=st.data())
def test_a_cue_is_short_only_where_the_next_leaves_no_room(placed, data):
    chapter, found = made(placed, data, 2_400)
    onward_samples = [*(cue.start_sample for cue in found[1:]), chapter.samples]
    for cue, onward in zip(found, onward_samples, strict=False):
        if cue.end_sample - cue.start_sample < 20 * FRAME:
            assert onward - cue.start_sample < 22 * FRAME + 72
