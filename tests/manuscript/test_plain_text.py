"""Plain text: paragraphs, scene breaks, chapter lines, line numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.manuscript.chapter_lines import announced_level, numeral
from pipeline.manuscript.model import Block, BlockKind, Manuscript, SkipReason
from pipeline.manuscript.plain import read_plain


def blocks(text: str, cut: str | None = None) -> list[Block]:
    passages = read_plain(text, "a.txt", re.compile(cut) if cut else None)
    return [passage.content for passage in passages if isinstance(passage.content, Block)]


def test_hard_wrapped_lines_become_one_paragraph_with_its_line_range() -> None:
    first, second = blocks("\n\nThe boat lay\nat the quay.\n\n  It was late.\n")
    assert (first.text, first.source.line, first.source.end_line) == ("The boat lay at the quay.", 3, 4)
    assert (second.text, second.source.line, second.source.end_line) == ("It was late.", 6, 6)


def test_a_hyphen_at_a_line_end_stays_as_it_is() -> None:
    assert blocks("a well-\nknown man")[0].text == "a well- known man"


def test_lines_too_long_to_be_wrapped_are_paragraphs_of_their_own() -> None:
    assert len(blocks(f"{'word ' * 40}\n{'other ' * 40}\nshort")) == 3


@pytest.mark.parametrize(
    "marks", ["***", "* * *", "---", "#", "⁂", "        *   *   *", "~ ~ ~", "-----", "•••", "= = ="]
)
def test_marks_alone_on_a_line_are_a_scene_break_and_never_spoken(marks: str) -> None:
    passages = read_plain(f"One.\n\n{marks}\n\nTwo.", "a.txt")
    kinds = [passage.content.kind for passage in passages if isinstance(passage.content, Block)]
    assert kinds == [BlockKind.PARAGRAPH, BlockKind.SCENE_BREAK, BlockKind.PARAGRAPH]
    skipped = [passage.content for passage in passages if not isinstance(passage.content, Block)]
    assert [skip.reason for skip in skipped] == [SkipReason.MARKUP]


def test_a_scene_break_needs_no_blank_lines_around_it() -> None:
    assert [block.text for block in blocks("One.\n***\nTwo.")] == ["One.", "", "Two."]


@pytest.mark.parametrize("line", ["—", "…", "?!", "- said she", "# 5"])
def test_punctuation_that_may_be_speech_is_no_scene_break(line: str) -> None:
    assert [block.kind for block in blocks(line)] == [BlockKind.PARAGRAPH]


@pytest.mark.parametrize(
    "line",
    [
        *("Chapter 1", "CHAPTER THE FIRST", "Chapter Twenty-One: The End", "CHAPTER LXI.", "Chapter 3 - The Sea"),
        *("Erstes Kapitel", "1. Kapitel", "Kapitel 12", "Chapitre premier", "Prologue", "EPILOGUE.", "Глава 3"),
    ],
)
def test_lines_that_announce_chapters(line: str) -> None:
    assert announced_level(line) == 2


@pytest.mark.parametrize(
    "line", ["Chapter 1 was hard.", "chapter one", "Part of the way", "CHAPTER", "Letter to you", "Book I read", ""]
)
def test_lines_that_announce_nothing(line: str) -> None:
    assert announced_level(line) is None


@pytest.mark.parametrize(
    ("line", "value"), [("I.", 1), ("XIV", 14), ("XC.", 90), ("12.", 12), ("IIII", 4), ("IIX", None), ("Mix", None)]
)
def test_a_line_that_is_a_number(line: str, value: int | None) -> None:
    assert numeral(line) == value


def test_the_longest_roman_numeral_is_a_number() -> None:
    assert numeral("MMMDCCCLXXXVIII.") == 3888


@pytest.mark.parametrize(
    "text", ["two  spaces", "thin\u2009space", "no\u00a0break", "line\u2028end", "tab\tstop", "a b"]
)
def test_all_white_space_is_folded_to_single_spaces(text: str) -> None:
    assert blocks(f"{text} of {text}")[0].text == f"{' '.join(text.split())} of {' '.join(text.split())}"


def test_lone_numbers_are_headings_only_where_they_count_on() -> None:
    text = "I.\n\nOne.\n\n47\n\nStill one.\n\nII.\n\nTwo."
    assert [block.text for block in blocks(text) if block.kind is BlockKind.HEADING] == ["I.", "II."]


def test_numbers_within_announced_chapters_are_sections_of_them() -> None:
    text = "Chapter 1\n\n1\n\nA.\n\n2\n\nB.\n\nChapter 2\n\n1\n\nC."
    assert [(block.text, block.level) for block in blocks(text) if block.level] == [
        *(("Chapter 1", 2), ("1", 3), ("2", 3), ("Chapter 2", 2), ("1", 3))
    ]


def test_a_subtitle_under_a_chapter_line_belongs_to_the_heading_and_prose_does_not() -> None:
    assert [block.text for block in blocks("CHAPTER I\nThe Storm\n\nRain.")] == ["CHAPTER I The Storm", "Rain."]
    assert [block.text for block in blocks("CHAPTER I\nRain fell\non the roof.")] == [
        "CHAPTER I",
        "Rain fell on the roof.",
    ]


def test_a_table_of_contents_is_no_chapter() -> None:
    assert [block.kind for block in blocks("CHAPTER I. Rain\nCHAPTER II. Sun")] == [BlockKind.PARAGRAPH]


def test_engine_tags_stay_in_the_text() -> None:
    assert blocks('Wait. <break time="400ms"/> Go.')[0].text == 'Wait. <break time="400ms"/> Go.'


def test_a_pattern_makes_its_lines_headings() -> None:
    made = blocks("== One ==\nText.\n== Two ==\nMore.", r"== .* ==")
    assert [(block.text, block.level) for block in made] == [
        ("== One ==", 1),
        ("Text.", 0),
        ("== Two ==", 1),
        ("More.", 0),
    ]


def test_invisible_characters_are_skipped_by_name() -> None:
    passages = read_plain("\ufeffDonau\u00addampf\u200bschiff", "a.txt")
    assert [getattr(passage.content, "reason", passage.content.text) for passage in passages] == [  # type: ignore[union-attr]
        *("Donaudampfschiff", SkipReason.SOFT_HYPHEN, SkipReason.INVISIBLE)
    ]


@pytest.mark.slow
def test_a_real_german_novella_has_its_three_chapters(
    books: Path, tmp_path: Path, read: Callable[..., Manuscript]
) -> None:
    (tmp_path / "v.txt").write_bytes((books / "die-verwandlung.txt").read_bytes())
    chapters = read("v.txt", language="de").chapters
    assert [(chapter.slug, chapter.title, chapter.source.line) for chapter in chapters] == [
        *(("chapter-1", "I", 1), ("chapter-2", "II", 608), ("chapter-3", "III", 1257))
    ]
    assert [chapter.blocks[0].text for chapter in chapters] == ["I.", "II.", "III."]
    assert chapters[0].blocks[1].text.startswith("Als Gregor Samsa eines Morgens aus unruhigen Träumen erwachte, fand")
