"""Takes become a timeline: every law that captions, marks and files rely on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.assembly.placing import (
    FRAME_SAMPLES,
    LEAD_SAMPLES,
    TRAIL_SAMPLES,
    TakeShape,
    pause_ms,
    place_chapter,
)
from pipeline.assembly.timeline import ChapterTimeline, Timeline
from pipeline.engines.protocol import WordTimes
from pipeline.manuscript.model import Source
from pipeline.project.models import Pauses
from pipeline.script.model import Boundary, ChapterScript, Segment
from pipeline.script.words import written_words

PAUSES = Pauses()


def ms(milliseconds: float) -> int:
    return round(milliseconds * 24)


def script(*parts: tuple[str, Boundary], slug: str = "one") -> ChapterScript:
    """A chapter of the given segments, blank lines between them; a blank line in a segment is a joint."""
    text, segments = "", []
    for index, (part, after) in enumerate(parts):
        if text:
            text += "\n\n"
        joints = tuple(at + 2 for at in range(len(part)) if part.startswith("\n\n", at))
        segments.append(
            Segment(
                slug, index, part, len(text), len(text) + len(part), "narrator", "en", after, Source("a.md"), joints
            )
        )
        text += part
    return ChapterScript(slug, "One", text, tuple(segments))


def take(text: str, *spoken: tuple[int, int], samples: int, rate: int = 24_000, key: str = "k") -> TakeShape:
    """A take whose words lie at the given samples; audible from the first to the last."""
    words = written_words(text)
    columns = [[start for start, _ in words], [end for _, end in words], *map(list, zip(*spoken, strict=True))]
    times = WordTimes(*(np.array(column, np.int32) for column in columns))
    return TakeShape(key, samples, rate, spoken[0][0], spoken[-1][1], times)


def test_one_take_is_trimmed_and_lies_between_head_and_tail():
    timeline = place_chapter(
        script(("Two words.", Boundary.CHAPTER_END)),
        [take("Two words.", (10_000, 15_000), (16_000, 20_000), samples=40_000)],
        PAUSES,
    )
    (clip,) = timeline.clips
    assert (clip.take_start, clip.samples) == (10_000 - LEAD_SAMPLES, 10_000 + LEAD_SAMPLES + TRAIL_SAMPLES)
    assert list(timeline.words.start_sample) == [ms(750), ms(750) + 6_000]
    assert list(timeline.words.end_sample) == [ms(750) + 5_000, ms(750) + 10_000]
    assert 0 <= timeline.samples - (ms(750) + 10_000 + ms(2500)) < FRAME_SAMPLES


@pytest.mark.parametrize(
    ("boundary", "wanted_ms"),
    [
        (Boundary.HEADING, 1000),
        (Boundary.PARAGRAPH, 700),
        (Boundary.SCENE, 1500),
        (Boundary.SENTENCE, 350),
        (Boundary.CLAUSE, 140),
    ],
)
def test_the_pause_between_two_takes_is_what_the_manifest_says_from_word_to_word(boundary, wanted_ms):
    timeline = place_chapter(
        script(("One.", boundary), ("Two.", Boundary.CHAPTER_END)),
        [take("One.", (3_000, 9_000), samples=30_000), take("Two.", (5_000, 8_000), samples=20_000)],
        PAUSES,
    )
    assert timeline.words.start_sample[1] - timeline.words.end_sample[0] == ms(wanted_ms)
    assert pause_ms(boundary, PAUSES) == wanted_ms


def test_a_cut_between_words_adds_no_silence():
    timeline = place_chapter(
        script(("one", Boundary.WORD), ("two", Boundary.CHAPTER_END)),
        [take("one", (0, 9_000), samples=9_000), take("two", (0, 8_000), samples=8_000)],
        PAUSES,
    )
    first, second = timeline.clips
    assert second.start_sample == first.start_sample + first.samples


def test_joined_paragraphs_are_cut_in_the_middle_of_their_silence_and_get_the_paragraph_pause():
    text = "First one.\n\nSecond one."
    timeline = place_chapter(
        script((text, Boundary.CHAPTER_END)),
        [take(text, (1_000, 3_000), (4_000, 8_000), (10_000, 13_000), (14_000, 18_000), samples=20_000, key="joined")],
        PAUSES,
    )
    first, second = timeline.clips
    assert first.key == second.key == "joined"
    assert first.take_start + first.samples == second.take_start == 9_000
    assert timeline.words.start_sample[2] - timeline.words.end_sample[1] == ms(700)
    assert list(timeline.words.char_start) == [start for start, _ in written_words(text)]


def test_a_take_that_pauses_long_enough_at_a_joint_is_left_whole():
    text = "First.\n\nSecond."
    timeline = place_chapter(
        script((text, Boundary.CHAPTER_END)),
        [take(text, (0, 3_000), (3_000 + ms(800), 30_000), samples=30_000)],
        PAUSES,
    )
    assert len(timeline.clips) == 1


def test_words_that_reach_into_silence_widen_the_clip_but_not_beyond_a_tenth_of_a_second():
    shape = take("Word.", (0, 48_000), samples=48_000)
    shape = TakeShape(shape.key, shape.samples, shape.sample_rate, 10_000, 20_000, shape.words)
    (clip,) = place_chapter(script(("Word.", Boundary.CHAPTER_END)), [shape], PAUSES).clips
    assert (clip.take_start, clip.take_start + clip.samples) == (10_000 - ms(100), 20_000 + ms(100))


def test_takes_at_another_rate_are_placed_at_the_timeline_s():
    timeline = place_chapter(
        script(("Word.", Boundary.CHAPTER_END)),
        [take("Word.", (4_410, 44_100), samples=88_200, rate=44_100)],
        PAUSES,
    )
    assert timeline.words.end_sample[0] - timeline.words.start_sample[0] == 24_000 - 2_400


def test_a_take_without_audible_speech_is_kept_whole():
    shape = TakeShape("k", 5_000, 24_000, 0, 0, take("a", (0, 1), samples=1).words)
    assert place_chapter(script(("a", Boundary.CHAPTER_END)), [shape], PAUSES).clips[0].samples == 5_000


def test_a_chapter_without_segments_is_silence():
    timeline = place_chapter(ChapterScript("x", "X", "", ()), [], PAUSES)
    assert timeline.clips == ()
    assert ms(3250) <= timeline.samples < ms(3250) + FRAME_SAMPLES


def test_a_segment_left_out_leaves_no_trace():
    both = script(("One.", Boundary.PARAGRAPH), ("Two.", Boundary.CHAPTER_END))
    timeline = place_chapter(both, [None, take("Two.", (0, 8_000), samples=8_000)], PAUSES)
    assert [clip.start_sample for clip in timeline.clips] == [ms(750)]
    assert list(timeline.words.char_start) == [both.segments[1].char_start]


def test_takes_and_segments_must_be_as_many():
    with pytest.raises(ValueError, match="zip"):
        place_chapter(script(("One.", Boundary.CHAPTER_END)), [], PAUSES)


def test_scores_survive_only_where_every_take_has_them():
    scored = take("One.", (0, 9_000), samples=9_000)
    scored = TakeShape(
        scored.key, 9_000, 24_000, 0, 9_000, WordTimes(*_times(scored.words), score=np.ones(1, np.float32))
    )
    plain = take("Two.", (0, 9_000), samples=9_000)
    two = script(("One.", Boundary.PARAGRAPH), ("Two.", Boundary.CHAPTER_END))
    assert list(place_chapter(two, [scored, scored], PAUSES).words.score) == [1, 1]
    assert place_chapter(two, [scored, plain], PAUSES).words.score is None


def _times(words: WordTimes) -> list[np.ndarray]:
    return [words.char_start, words.char_end, words.start_sample, words.end_sample]


@st.composite
def chapters(draw: st.DrawFn) -> tuple[ChapterScript, list[TakeShape], Pauses]:
    """Any chapter with any takes, word times as untidy as engines send them."""
    parts, shapes = [], []
    for index in range(draw(st.integers(1, 5))):
        paragraphs = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
        text = "\n\n".join(" ".join(["word"] * count) + "." for count in paragraphs)
        samples = draw(st.integers(1, 60_000))
        count = sum(paragraphs)
        times = sorted(draw(st.lists(st.integers(-500, samples + 500), min_size=2 * count, max_size=2 * count)))
        jitter = draw(st.integers(0, 2_000))
        spoken = [(times[2 * at], times[2 * at + 1] + jitter) for at in range(count)]
        speech_start = draw(st.integers(0, samples))
        shape = take(text, *spoken, samples=samples, rate=draw(st.sampled_from([24_000, 22_050])), key=f"take {index}")
        speech_end = draw(st.integers(speech_start, samples))
        shapes.append(TakeShape(shape.key, samples, shape.sample_rate, speech_start, speech_end, shape.words))
        parts.append((text, draw(st.sampled_from(Boundary))))
    lengths = st.integers(0, 3_000)
    pauses = Pauses(**{name: draw(lengths) for name in Pauses.model_fields})
    return script(*parts), shapes, pauses


def _check_laws(chapter: ChapterScript, shapes: list[TakeShape], timeline: ChapterTimeline) -> None:
    words, end = timeline.words, 0
    silence = 0
    for clip in timeline.clips:
        assert clip.start_sample >= end
        assert clip.samples >= 0
        assert clip.take_start >= 0
        silence += clip.start_sample - end
        end = clip.start_sample + clip.samples
    silence += timeline.samples - end
    assert end <= timeline.samples
    assert sum(clip.samples for clip in timeline.clips) + silence == timeline.samples
    assert timeline.samples % FRAME_SAMPLES == 0
    assert timeline.clips[0].start_sample >= FRAME_SAMPLES
    assert timeline.samples - end >= FRAME_SAMPLES
    assert len(words) == sum(len(shape.words) for shape in shapes)
    assert [chapter.text[a:b] for a, b in zip(words.char_start, words.char_end, strict=True)] == ["word"] * len(words)
    assert np.all(np.diff(words.char_start) > 0)
    assert np.all(np.diff(words.start_sample) >= 0)
    assert np.all(words.end_sample >= words.start_sample)
    assert np.all(words.end_sample[:-1] <= words.start_sample[1:])
    starts = np.array([clip.start_sample for clip in timeline.clips])
    ends = starts + np.array([clip.samples for clip in timeline.clips])
    for start, stop in zip(words.start_sample, words.end_sample, strict=True):
        assert np.any((starts <= start) & (stop <= ends))


@settings(max_examples=150, deadline=None)
@given(chapters())
def test_clips_and_words_obey_every_law_whatever_the_takes_are(chapter):
    chapter_script, shapes, pauses = chapter
    timeline = place_chapter(chapter_script, shapes, pauses)
    _check_laws(chapter_script, shapes, timeline)
    book = Timeline((timeline, timeline))
    assert book.starts() == [0, timeline.samples]


@settings(max_examples=50, deadline=None)
@given(chapters())
def test_no_part_of_a_take_is_played_twice_or_out_of_order(chapter):
    chapter_script, shapes, pauses = chapter
    lengths = {shape.key: shape.samples * 24_000 // shape.sample_rate for shape in shapes}
    played: dict[str, int] = {}
    for clip in place_chapter(chapter_script, shapes, pauses).clips:
        assert clip.take_start >= played.get(clip.key, 0)
        played[clip.key] = clip.take_start + clip.samples
        assert played[clip.key] <= lengths[clip.key]
