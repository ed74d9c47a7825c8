"""Who speaks what, in which language."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.manuscript.model import Block, BlockKind, Chapter, Manuscript, Source, Span
from pipeline.project.models import Casting, ChapterEntry, Project
from pipeline.project.voices import Voice
from pipeline.script.model import Boundary, Segment
from pipeline.script.scripting import write_script

SOURCE = Source("manuscript/one.md", 7, 7)


def project(**casting: object) -> Project:
    return Project(
        folder=Path(),
        manifest=Path("project.yaml"),
        title="T",
        voices={name: Voice() for name in ("narrator", "elsie", "tom")},
        casting=Casting.model_validate(casting),
        chapters=(ChapterEntry(source="manuscript/one.md"),),
    )


def paragraph(text: str, *spans: Span, voice: str | None = None, classes: tuple[str, ...] = ()) -> Block:
    return Block(BlockKind.PARAGRAPH, text, SOURCE, voice=voice, classes=classes, spans=spans)


def segments(*blocks: Block, cast: Project | None = None, voice: str | None = None) -> tuple[Segment, ...]:
    chapter = Chapter("one", "One", blocks, SOURCE, voice=voice)
    return write_script(Manuscript((chapter,)), cast or project(), limit=2000).chapters[0].segments


def said(*blocks: Block, cast: Project | None = None, voice: str | None = None) -> list[tuple[str, str]]:
    return [(segment.voice, segment.text) for segment in segments(*blocks, cast=cast, voice=voice)]


def test_the_default_voice_speaks_and_a_chapter_may_have_its_own() -> None:
    assert said(paragraph("The wind rose.")) == [("narrator", "The wind rose.")]
    assert said(paragraph("The wind rose."), voice="tom") == [("tom", "The wind rose.")]


def test_the_innermost_voice_wins() -> None:
    text = "The wind rose."
    span = Span(4, 8, voice="elsie")
    assert said(paragraph(text, span, voice="tom"), voice="narrator") == [
        ("tom", "The"),
        ("elsie", "wind"),
        ("tom", "rose."),
    ]
    inner = Span(9, 13, voice="narrator")
    assert said(paragraph(text, inner, Span(4, 13, voice="tom"), Span(4, 8, language="de"))) == [
        ("narrator", "The"),
        ("tom", "wind"),
        ("narrator", "rose."),
    ]


def test_classes_cast_blocks_and_spans() -> None:
    cast = project(classes={"letter": "tom", "shout": "elsie"})
    assert said(paragraph("Dear Ann.", classes=("x", "letter")), cast=cast) == [("tom", "Dear Ann.")]
    shout = paragraph("She said stop now.", Span(9, 13, classes=("shout",)))
    assert [voice for voice, _ in said(shout, cast=cast)] == ["narrator", "elsie", "narrator"]


def test_a_language_change_parts_a_paragraph() -> None:
    found = segments(paragraph("He said guten Tag and left.", Span(8, 17, language="de")))
    assert [(part.language, part.text, part.after) for part in found] == [
        ("en", "He said", Boundary.CLAUSE),
        ("de", "guten Tag", Boundary.CLAUSE),
        ("en", "and left.", Boundary.CHAPTER_END),
    ]


def test_quoted_speech_has_the_voice_of_dialogue() -> None:
    cast = project(dialogue="elsie")
    assert said(paragraph("“Stop!” he said. “You will fall.” Nobody did."), cast=cast) == [
        ("elsie", "“Stop!”"),
        ("narrator", "he said."),
        ("elsie", "“You will fall.”"),
        ("narrator", "Nobody did."),
    ]


def test_a_tag_follows_its_quotation_as_a_clause_and_a_sentence_as_a_sentence() -> None:
    found = segments(paragraph("“Stop!” he said. “You will fall.”"), cast=project(dialogue="elsie"))
    assert [part.after for part in found] == [Boundary.CLAUSE, Boundary.SENTENCE, Boundary.CHAPTER_END]


def test_a_block_that_is_cast_keeps_its_voice_in_quotations() -> None:
    cast = project(dialogue="elsie")
    assert said(paragraph("“Stop!” he said.", voice="tom"), cast=cast) == [("tom", "“Stop!” he said.")]


def test_punctuation_between_two_voices_goes_with_a_neighbour() -> None:
    cast = [("elsie", "“Stop”,"), ("narrator", "he said.")]
    assert said(paragraph("“Stop”, he said.", Span(0, 6, voice="elsie"), Span(6, 7, voice="tom"))) == cast
    opened = "He said (softly) no."
    assert said(paragraph(opened, Span(9, 15, voice="elsie"))) == [
        ("narrator", "He said ("),
        ("elsie", "softly"),
        ("narrator", ") no."),
    ]


def test_an_unknown_voice_is_named_with_its_place_and_the_nearest_name() -> None:
    with pytest.raises(InputError) as refused:
        segments(paragraph("A.", voice="elsi"), paragraph("B.", Span(0, 1, voice="bob")))
    assert [str(problem) for problem in refused.value.problems] == [
        'manuscript/one.md:7: no voice is called "elsi"; did you mean "elsie"?',
        'manuscript/one.md:7: no voice is called "bob"; the manifest has elsie, narrator, tom',
    ]
