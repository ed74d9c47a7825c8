"""Segments of a chapter: what joins, what parts, what follows, where it comes from, how it is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.manuscript.model import Block, BlockKind, Chapter, Manuscript, Source, Span
from pipeline.project.dictionaries import DictionaryEntry
from pipeline.project.models import ChapterEntry, Project
from pipeline.project.voices import Voice
from pipeline.script.dictionary import occurrences
from pipeline.script.model import Boundary, ChapterScript
from pipeline.script.scripting import write_script

LONG = "The keeper climbed the winding stair to the lamp, counted the steps, and lost count in the usual place."
BREAK = Block(BlockKind.SCENE_BREAK, "", Source("a.txt", 0))


def paragraph(
    text: str, line: int = 1, *spans: Span, kind: BlockKind = BlockKind.PARAGRAPH, voice: str | None = None
) -> Block:
    return Block(kind, text, Source("a.txt", line, line), voice=voice, spans=spans)


def heading(text: str) -> Block:
    return paragraph(text, kind=BlockKind.HEADING)


def chapter(
    *blocks: Block,
    limit: int = 2000,
    entries: tuple[DictionaryEntry, ...] = (),
    found: tuple[DictionaryEntry, ...] = (),
) -> ChapterScript:
    project = Project(
        folder=Path(),
        manifest=Path("project.yaml"),
        title="T",
        voices={"narrator": Voice(), "elsie": Voice()},
        entries=entries,
        chapters=(ChapterEntry(source="a.txt"),),
    )
    manuscript = Manuscript((Chapter("one", "One", blocks, Source("a.txt")),), entries=found)
    return write_script(manuscript, project, limit=limit).chapters[0]


def texts(script: ChapterScript) -> list[str]:
    return [segment.text for segment in script.segments]


def test_a_short_paragraph_goes_with_the_next_and_the_last_one_with_the_one_before() -> None:
    script = chapter(paragraph(LONG, 1), paragraph("“Moss.”", 3), paragraph(LONG, 5), paragraph("“No.”", 7))
    assert texts(script) == [LONG, f"“Moss.”\n\n{LONG}\n\n“No.”"]
    joined = script.segments[1]
    assert joined.joints == (9, len(LONG) + 11)
    assert (joined.source.line, joined.source.end_line) == (3, 7)
    assert joined.text == script.text[joined.char_start : joined.char_end]


def test_nothing_joins_across_headings_scene_breaks_and_voices() -> None:
    script = chapter(
        heading("I"), paragraph("One."), BREAK, paragraph("Two."), paragraph("Three.", voice="elsie"), heading("II")
    )
    assert texts(script) == ["I", "One.", "Two.", "Three.", "II"]
    assert [segment.after for segment in script.segments] == [
        Boundary.HEADING,
        Boundary.SCENE,
        Boundary.PARAGRAPH,
        Boundary.HEADING,
        Boundary.CHAPTER_END,
    ]


def test_joined_paragraphs_stay_under_the_target_and_the_limit() -> None:
    lines = [paragraph(f"Line {number} of the talk.") for number in range(80)]
    assert max(map(len, texts(chapter(*lines)))) <= 700
    assert max(map(len, texts(chapter(*lines, limit=90)))) <= 90


def test_paragraphs_without_a_word_are_asked_of_no_engine() -> None:
    script = chapter(paragraph("One."), paragraph("…"), paragraph("Two."), paragraph("* * *"))
    assert texts(script) == ["One.", "Two."]
    assert script.text == "One.\n\n…\n\nTwo.\n\n* * *"
    assert script.segments[-1].after is Boundary.CHAPTER_END
    assert chapter(paragraph("…")).segments == ()


def test_a_long_paragraph_is_cut_at_sentences_and_ends_as_a_paragraph() -> None:
    script = chapter(paragraph(" ".join([LONG] * 8)), paragraph(LONG), limit=300)
    assert {text.count(".") * len(LONG) + text.count(". ") == len(text) for text in texts(script)} == {True}
    kinds = [segment.after for segment in script.segments]
    assert kinds[:-2] == [Boundary.SENTENCE] * (len(kinds) - 2)
    assert kinds[-2:] == [Boundary.PARAGRAPH, Boundary.CHAPTER_END]


def test_entries_go_with_the_segments_that_need_them_in_the_order_of_the_text() -> None:
    moss, tarrant, unused = (DictionaryEntry(word, word.lower()) for word in ("Moss", "Tarrant", "Vane"))
    script = chapter(paragraph("Tarrant saw Moss."), heading("End"), entries=(unused, moss), found=(tarrant,))
    assert [segment.entries for segment in script.segments] == [(tarrant, moss), ()]


def test_the_manifest_wins_over_the_source_s_own_lexicon() -> None:
    ours, theirs = DictionaryEntry("Moss", "mohss"), DictionaryEntry("Moss", "mawss")
    assert chapter(paragraph("Moss came."), entries=(ours,), found=(theirs,)).segments[0].entries == (ours,)


def test_a_pronunciation_in_the_text_displaces_the_dictionary_there_alone() -> None:
    book = DictionaryEntry("New Haven", "noo hayven")
    spoken = paragraph("In New Haven.", 1, Span(7, 12, ipa="ˈhɛvən"))
    script = chapter(spoken, heading("II"), paragraph("In New Haven."), entries=(book,))
    own = DictionaryEntry("Haven", "Haven", ipa="ˈhɛvən", case_sensitive=True)
    assert [segment.entries for segment in script.segments] == [(own,), (), (book,)]
    assert occurrences(script.segments[0].text, script.segments[0].entries) == [(7, 12, own)]


def test_a_pronounced_word_keeps_its_paragraph_to_itself() -> None:
    script = chapter(paragraph("I read it.", 1, Span(2, 6, ipa="rɛd")), paragraph("Then read it."))
    assert texts(script) == ["I read it.", "Then read it."]


def test_an_element_over_the_limit_is_named_with_its_place() -> None:
    text = f'<prosody rate="slow">{LONG}</prosody>'
    with pytest.raises(InputError, match=r"^a\.txt:4: “<prosody .* is \d+ characters long and the engine takes 100"):
        chapter(paragraph(text, 4), limit=100)


def test_a_limit_under_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        chapter(paragraph("One."), limit=0)
