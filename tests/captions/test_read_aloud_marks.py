"""Marking spoken stretches in a document: not a character moves, and every mark holds its words."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from pipeline.captions.read_aloud.clips import clip_times, clock_value
from pipeline.captions.read_aloud.marking import Mark, mark_block
from pipeline.captions.read_aloud.places import PlacedBlock, character_places
from pipeline.captions.read_aloud.spoken_units import spoken_units
from pipeline.engines.protocol import WordTimes
from pipeline.errors import InputError
from pipeline.manuscript.html import Page, trace_page
from pipeline.manuscript.traces import Traced
from pipeline.manuscript.xmltree import parse_xml
from pipeline.project.captions import Granularity
from pipeline.script.words import written_words

SENTENCE, WORD = Granularity.SENTENCE, Granularity.WORD


def marked(body: str, granularity: Granularity) -> tuple[str, list[tuple[str, str]]]:
    """The body's markup once marked, and for each mark its characters in the block and the text in its element."""
    source = f'<html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title></head><body>{body}</body></html>'
    root = parse_xml(source.encode(), shown="page")
    before = etree.tostring(root, method="text", encoding="unicode")
    found: list[tuple[str, str]] = []
    for traced in trace_page(root, Page("f")):
        text = traced.block.text
        block = PlacedBlock(0, traced.runs, traced.origins, character_places(traced))
        marks = mark_block(block, spoken_units(text, timed(text), "en", granularity), word_starts(text))
        found += [(text[mark.char_start : mark.char_end], shown(mark)) for mark in marks]
    assert etree.tostring(root, method="text", encoding="unicode") == before
    inner = etree.tostring(root[1], encoding="unicode").replace(' xmlns="http://www.w3.org/1999/xhtml"', "")
    return inner.removeprefix("<body>").removesuffix("</body>"), found


def shown(mark: Mark) -> str:
    return " ".join("".join(map(str, mark.element.itertext())).replace("\u00ad", "").split())


def letters(text: str) -> str:
    """Without marks: a dash between words, which belongs to none, may stand in an element with one."""
    return "".join(character for character in text if character.isalnum())


def timed(text: str) -> WordTimes:
    spans = np.array(written_words(text), dtype=np.int32).reshape(-1, 2)
    return WordTimes(spans[:, 0], spans[:, 1], spans[:, 0] * 1000, spans[:, 1] * 1000)


def word_starts(text: str) -> frozenset[int]:
    return frozenset(start for start, _ in written_words(text))


@pytest.mark.parametrize(
    ("granularity", "body", "expected"),
    [
        (SENTENCE, "<p>One. Two.</p>", "<p><span>One.</span> <span>Two.</span></p>"),
        (
            SENTENCE,
            "<p>He was <em>very</em> sure. Was he?</p>",
            "<p><span>He was <em>very</em> sure.</span> <span>Was he?</span></p>",
        ),
        (SENTENCE, "<p><em>All of it.</em></p>", "<p><em><span>All of it.</span></em></p>"),
        (
            SENTENCE,
            "<p><em>One. Two</em> goes on.</p>",
            "<p><em><span>One.</span> <span>Two</span></em> <span>goes on.</span></p>",
        ),
        (
            SENTENCE,
            '<p>It ended<a href="#n"><sup>1</sup></a> there. Then.</p>',
            '<p><span>It ended<a href="#n"><sup>1</sup></a> there.</span> <span>Then.</span></p>',
        ),
        (WORD, '<p><b class="cap">O</b>nce upon</p>', '<p><span><b class="cap">O</b>nce</span> <span>upon</span></p>'),
        (
            WORD,
            '<p><img src="o.png" alt="O"/>nce upon</p>',
            '<p><span><img src="o.png" alt="O"/>nce</span> <span>upon</span></p>',
        ),
        (
            WORD,
            "<p>“Oh — no,” (he) said</p>",
            "<p><span>“Oh</span> — <span>no,”</span> <span>(he)</span> <span>said</span></p>",
        ),
        (WORD, "<p>to<i>day or</i> not</p>", "<p><span>to</span><i>day <span>or</span></i> <span>not</span></p>"),
        (
            WORD,
            "<p><ruby>漢<rt>kan</rt>字<rt>ji</rt></ruby></p>",
            "<p><ruby><span>漢</span><rt>kan</rt><span>字</span><rt>ji</rt></ruby></p>",
        ),
        (
            SENTENCE,
            "<p>See <ruby>漢<rt>kan</rt>字<rt>ji</rt></ruby> now.</p>",
            "<p><span>See <ruby>漢<rt>kan</rt>字<rt>ji</rt></ruby> now.</span></p>",
        ),
        (
            SENTENCE,
            "<p><ruby>漢<rt>kan</rt>字<rt>ji</rt></ruby></p>",
            "<p><span><ruby>漢<rt>kan</rt>字<rt>ji</rt></ruby></span></p>",
        ),
        (
            WORD,
            "<p>sun&#173;light<!-- x --> falls</p>",
            "<p><span>sun\u00adlight</span><!-- x --> <span>falls</span></p>",
        ),
        (
            SENTENCE,
            "<div>Before <table><tr><td>x</td></tr></table>and after.</div>",
            "<div><span>Before</span> <table><tr><td>x</td></tr></table><span>and after.</span></div>",
        ),
        (SENTENCE, "<p>One<br/>line.</p>", "<p><span>One<br/>line.</span></p>"),
    ],
)
def test_a_stretch_is_marked_without_cutting_an_element(granularity: Granularity, body: str, expected: str) -> None:
    assert marked(body, granularity)[0] == expected


_TEXTS = st.sampled_from(
    ["One. ", "Two ", "three, ", "o", "ff", "“Yes!” ", "a\u00adb", " — ", "\n  ", "e\u0301t ", "漢字"]
)
_INLINE = st.recursive(
    _TEXTS,
    lambda inner: st.builds(
        lambda name, parts: f"<{name}>{''.join(parts)}</{name}>",
        st.sampled_from(["em", "b", "a", "span", "i"]),
        st.lists(inner, min_size=1, max_size=4),
    ),
    max_leaves=12,
)


@settings(max_examples=120, deadline=None)
@given(parts=st.lists(_INLINE, min_size=1, max_size=5), granularity=st.sampled_from([SENTENCE, WORD]))
def test_marks_hold_their_words_whatever_elements_they_cross(parts: list[str], granularity: Granularity) -> None:
    _, found = marked(f"<p>{''.join(parts)}</p>", granularity)
    for said, held in found:
        assert letters(said) == letters(unicodedata.normalize("NFC", held))


@settings(max_examples=120, deadline=None)
@given(parts=st.lists(_INLINE, min_size=1, max_size=5), granularity=st.sampled_from([SENTENCE, WORD]))
def test_every_word_begins_in_exactly_one_mark(parts: list[str], granularity: Granularity) -> None:
    source = f"<html><body><p>{''.join(parts)}</p></body></html>"
    for traced in trace_page(parse_xml(source.encode(), shown="page"), Page("f")):
        text = traced.block.text
        block = PlacedBlock(0, traced.runs, traced.origins, character_places(traced))
        marks = mark_block(block, spoken_units(text, timed(text), "en", granularity), word_starts(text))
        for start in word_starts(text):
            assert sum(mark.char_start <= start < mark.char_end for mark in marks) == 1


def test_text_that_is_not_what_was_narrated_is_refused_with_its_place() -> None:
    root = parse_xml(b"<html><body><p>One.</p></body></html>", shown="page")
    [traced] = trace_page(root, Page("book.epub", "text/c.xhtml"))
    changed = Traced(traced.block, ("Won.",), traced.origins)
    with pytest.raises(InputError, match=r"text/c\.xhtml#/html/body/p"):
        character_places(changed)


@settings(max_examples=100, deadline=None)
@given(steps=st.lists(st.integers(0, 5000), min_size=1, max_size=60), tail=st.integers(2000, 60_000))
def test_clips_follow_one_another_to_the_end_and_add_up_to_the_millisecond(steps: list[int], tail: int) -> None:
    starts = np.cumsum(steps).tolist()
    samples = starts[-1] + tail
    clips = clip_times(starts, samples)
    assert clips[0][0] == 0
    assert clips[-1][1] == samples * 1000 // 24_000
    assert all(begin < end for begin, end in clips)
    assert all(one[1] == other[0] for one, other in pairwise(clips))
    assert sum(end - begin for begin, end in clips) == samples * 1000 // 24_000


def test_a_clip_begins_at_its_first_word_to_half_a_millisecond() -> None:
    starts = [18_000, 31_333, 77_777]
    begins = [begin for begin, _ in clip_times(starts, 240_000)]
    assert begins[0] == 0
    assert all(abs(begin * 24 - start) <= 12 for begin, start in zip(begins[1:], starts[1:], strict=True))


def test_clock_values_are_full_ones() -> None:
    assert [clock_value(ms) for ms in (0, 61_005, 36_000_000)] == ["0:00:00.000", "0:01:01.005", "10:00:00.000"]
