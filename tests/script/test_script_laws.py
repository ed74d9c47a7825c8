"""What holds of every script, whatever the manuscript."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.manuscript.model import Block, BlockKind, Chapter, Manuscript, Source, Span
from pipeline.project.models import Casting, ChapterEntry, Project
from pipeline.project.voices import Voice
from pipeline.script.elements import engine_elements
from pipeline.script.graphemes import is_grapheme_boundary
from pipeline.script.model import Boundary, ChapterScript, Script
from pipeline.script.scripting import write_script
from pipeline.script.words import has_word, written_words

SOURCE = Source("book.txt", 1)
FRAGMENTS = st.sampled_from(
    [
        "Wind", "a", "lamp", "the keeper’s", "Mr. Gray", "3.14", "“Stop!”", "he said.", "“", "”", "—", "…", "?!", "***",
        "No.", "It rained.", "Went; came,", "(so he said)", "灯台は遠い。", "「行こう。」", "สวัสดีครับ", "👩‍👩‍👧‍👦",
        "🇩🇪🇫🇷", "e\u0301\u0323",
        "한국어", "\u1112\u1161\u11ab", "<break/>", "<spell>AB12</spell>",
        "<prosody rate=\"slow\">so slow</prosody>", "nbsp\u00a0here",
        "क्षत्रिय", "supercalifragilisticexpialidocious", "...", "§ 5", "%", "\u0301", "z. B.", "am 3. Mai",
    ]
)  # fmt: skip
TEXT = st.lists(FRAGMENTS, min_size=1, max_size=40).map(" ".join) | st.lists(FRAGMENTS, min_size=1, max_size=12).map(
    "".join
)
VOICES = st.sampled_from([None, None, None, "elsie", "tom"])
LANGUAGES = st.sampled_from([None, None, None, "de", "ja"])


@st.composite
def blocks(draw: st.DrawFn) -> Block:
    kind = draw(st.sampled_from([BlockKind.PARAGRAPH] * 5 + [BlockKind.HEADING, BlockKind.SCENE_BREAK]))
    if kind is BlockKind.SCENE_BREAK:
        return Block(kind, "", SOURCE)
    text = draw(TEXT)
    spans = []
    for _ in range(draw(st.integers(0, 2))):
        start = draw(st.integers(0, len(text) - 1))
        end = draw(st.integers(start + 1, len(text)))
        spans.append(Span(start, end, draw(VOICES), draw(LANGUAGES), draw(st.sampled_from([None, "ˈbiː"]))))
    return Block(kind, text, SOURCE, voice=draw(VOICES), language=draw(LANGUAGES), spans=tuple(spans))


MANUSCRIPTS = st.lists(blocks(), min_size=1, max_size=12).map(
    lambda found: Manuscript((Chapter("one", "One", tuple(found), SOURCE),))
)


def project(target: int = 700, dialogue: str | None = None) -> Project:
    return Project(
        folder=Path(),
        manifest=Path("project.yaml"),
        title="T",
        voices={"narrator": Voice(), "elsie": Voice(), "tom": Voice()},
        casting=Casting(dialogue=dialogue),
        segment_target=target,
        chapters=(ChapterEntry(source="book.txt"),),
    )


def script_of(manuscript: Manuscript, limit: int, target: int = 700, dialogue: str | None = None) -> Script:
    return write_script(manuscript, project(target, dialogue), limit=limit)


def one_paragraph(text: str) -> Manuscript:
    return Manuscript((Chapter("one", "One", (Block(BlockKind.PARAGRAPH, text, SOURCE),), SOURCE),))


def check_laws(chapter: ChapterScript, limit: int) -> None:
    reached = 0
    for index, segment in enumerate(chapter.segments):
        assert segment.index == index
        assert segment.text == chapter.text[segment.char_start : segment.char_end]
        assert len(segment.text) <= limit
        assert segment.text == segment.text.strip()
        assert has_word(segment.text)
        assert segment.char_start >= reached
        assert written_words(chapter.text[reached : segment.char_start]) == []
        assert list(segment.joints) == sorted(set(segment.joints))
        for joint in segment.joints:
            assert segment.text[joint - 2 : joint] == "\n\n"
            assert not segment.text[joint].isspace()
        assert segment.text.count("\n\n") == len(segment.joints)
        reached = segment.char_end
    assert written_words(chapter.text[reached:]) == []
    assert [segment.after for segment in chapter.segments].count(Boundary.CHAPTER_END) == (1 if chapter.segments else 0)
    if chapter.segments:
        assert chapter.segments[-1].after is Boundary.CHAPTER_END


@given(MANUSCRIPTS, st.sampled_from([60, 90, 150, 400, 2000]), st.sampled_from([50, 120, 700]), VOICES)
@settings(max_examples=150, deadline=None)
def test_every_word_is_in_one_segment_in_order_within_the_limit(
    manuscript: Manuscript, limit: int, target: int, dialogue: str | None
) -> None:
    chapter = script_of(manuscript, limit, target, dialogue).chapters[0]
    assert chapter.text == "\n\n".join(block.text for block in manuscript.chapters[0].blocks if block.text)
    check_laws(chapter, limit)


@given(MANUSCRIPTS, st.sampled_from([60, 400]))
@settings(max_examples=40, deadline=None)
def test_the_same_manuscript_gives_the_same_script(manuscript: Manuscript, limit: int) -> None:
    assert script_of(manuscript, limit) == script_of(manuscript, limit)


@given(TEXT, st.sampled_from([40, 60, 100]))
@settings(max_examples=100, deadline=None)
def test_no_cut_parts_a_grapheme_or_an_engine_element(text: str, limit: int) -> None:
    chapter = script_of(one_paragraph(text), limit).chapters[0]
    for segment in chapter.segments:
        assert is_grapheme_boundary(chapter.text, segment.char_start)
        assert is_grapheme_boundary(chapter.text, segment.char_end)
        assert not any(start < segment.char_start < end for start, end in engine_elements(text))
        assert not any(start < segment.char_end < end for start, end in engine_elements(text))


@given(st.text(min_size=1, max_size=300), st.integers(1, 50))
@settings(max_examples=150, deadline=None)
def test_any_text_at_any_limit_keeps_the_laws(text: str, limit: int) -> None:
    folded = " ".join(text.replace("<", "").split())
    if not folded:
        return
    check_laws(script_of(one_paragraph(folded), limit).chapters[0], limit)
