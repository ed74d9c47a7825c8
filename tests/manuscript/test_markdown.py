"""Markdown: what is spoken, what is skipped and why, and who speaks it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.manuscript.engine_tags import ENGINE_TAG
from pipeline.manuscript.markdown import read_markdown
from pipeline.manuscript.model import Block, BlockKind, Manuscript, Skip, SkipReason, Span


def contents(text: str) -> list[Block | Skip]:
    passages = read_markdown(text, "a.md").passages
    return [passage.content for passage in passages if isinstance(passage.content, Block | Skip)]


def blocks(text: str) -> list[Block]:
    return [content for content in contents(text) if isinstance(content, Block)]


def skips(text: str) -> list[tuple[SkipReason, str]]:
    return [(content.reason, content.text) for content in contents(text) if isinstance(content, Skip)]


def spoken(text: str) -> list[str]:
    return [block.text for block in blocks(text) if block.text]


def test_markup_is_never_spoken() -> None:
    text = (
        "# The *Quay*\n\nA **bold** and *soft* [word](http://a.example), `code`, ~~old~~ &amp; \\*star\\*.\nNext line."
    )
    assert spoken(text) == ["The Quay", "A bold and soft word, code, old & *star*. Next line."]


def test_each_block_knows_its_lines() -> None:
    places = [(block.source.line, block.source.end_line) for block in blocks("# A\n\nOne\ntwo.\n\n> three\n> four\n")]
    assert places == [(1, 1), (3, 4), (6, 7)]


@pytest.mark.parametrize("marks", ["***", "---", "* * *", "#", "___", "⁂", "\\* \\* \\*"])
def test_a_thematic_break_is_a_scene_break(marks: str) -> None:
    kinds = [block.kind for block in blocks(f"One.\n\n{marks}\n\nTwo.")]
    assert kinds == [BlockKind.PARAGRAPH, BlockKind.SCENE_BREAK, BlockKind.PARAGRAPH]


def test_list_items_are_paragraphs_without_their_numbers() -> None:
    assert spoken("1. one\n2. two\n   - inner\n") == ["one", "two", "inner"]


@pytest.mark.parametrize(
    ("text", "reason", "skipped"),
    [
        ("```py\nx = 1\n```", SkipReason.CODE, "py x = 1"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", SkipReason.TABLE, "a b 1 2"),
        ("![a map](map.png)", SkipReason.IMAGE, "a map map.png"),
        ("<!-- to do -->", SkipReason.COMMENT, "<!-- to do -->"),
        ("a <!-- b --> c", SkipReason.COMMENT, "<!-- b -->"),
        ("a[^1]\n\n[^1]: The note.", SkipReason.FOOTNOTE, "[^1]: The note."),
        ("a^[aside]", SkipReason.FOOTNOTE, "aside"),
        ("[unused]: http://a.example", SkipReason.MARKUP, "[unused]: http://a.example"),
    ],
)
def test_what_is_not_prose_is_skipped_by_name(text: str, reason: SkipReason, skipped: str) -> None:
    assert (reason, skipped) in skips(text)
    assert all(word not in " ".join(spoken(text)) for word in ("x = 1", "map", "to do", "note", "aside", "example"))


def test_a_note_that_nothing_refers_to_is_skipped_and_not_lost() -> None:
    assert skips("Text.\n\n[^x]: Never used.") == [(SkipReason.FOOTNOTE, "[^x]: Never used.")]


def test_indented_text_is_prose() -> None:
    assert spoken("    It was late.\n\n\tShe left.") == ["It was late.", "She left."]


def test_fenced_divs_nest_and_cast_voice_language_and_classes() -> None:
    made = blocks("::: {voice=elsie .letter}\nDear,\n\n::: {lang=de}\nGruß.\n:::\n\nBye.\n:::\n\nOut.")
    assert [(block.text, block.voice, block.language, block.classes) for block in made] == [
        ("Dear,", "elsie", None, ("letter",)),
        ("Gruß.", "elsie", "de", ("letter",)),
        ("Bye.", "elsie", None, ("letter",)),
        ("Out.", None, None, ()),
    ]


def test_bracketed_spans_cast_a_run_of_text() -> None:
    block = blocks(
        "She said [Guten [Tag]{.loud}]{voice=elsie lang=de} and [Nguyen]{ipa=ŋwiən} left.".replace("ŋwiən", '"ŋwiən"')
    )[0]
    assert block.text == "She said Guten Tag and Nguyen left."
    assert block.spans == (
        Span(9, 14, "elsie", "de"),
        Span(15, 18, "elsie", "de", None, ("loud",)),
        Span(23, 29, ipa="ŋwiən"),
    )


def test_headings_take_attributes_in_braces() -> None:
    block = blocks("## Letter {.letter voice=elsie}")[0]
    assert (block.text, block.level, block.voice, block.classes) == ("Letter", 2, "elsie", ("letter",))


@pytest.mark.parametrize("tag", ['<break time="400ms"/>', "<spell>AB1</spell>", '<prosody rate="slow">So</prosody>'])
def test_engine_tags_stay_and_other_tags_go(tag: str) -> None:
    assert spoken(f"One {tag} <b>two</b><br>three.") == [f"One {tag} two three."]


@pytest.mark.parametrize("before", ["", "One.\n"])
def test_a_div_opens_right_below_an_engine_tag(before: str) -> None:
    text = before + '<break time="400ms"/>\n::: {voice=elsie}\nTwo.\n:::\n'
    assert [block.voice for block in blocks(text) if "Two." in block.text] == ["elsie"]
    assert not any(":::" in block.text for block in blocks(text))


def test_an_engine_tag_behind_a_comment_stays() -> None:
    assert spoken('<!-- here -->\n<break time="1s"/> Hello.\n') == ['<break time="1s"/> Hello.']
    assert spoken('<!-- here --> <break time="1s"/> Hello.\n') == ['<break time="1s"/> Hello.']


def test_engine_tags_are_those_that_the_script_knows() -> None:
    from pipeline.script.words import ENGINE_TAG as OF_SCRIPT

    assert (ENGINE_TAG.pattern, ENGINE_TAG.flags) == (OF_SCRIPT.pattern, OF_SCRIPT.flags)


def test_a_pause_on_a_line_of_its_own_belongs_to_the_paragraph_before_it_or_else_after() -> None:
    assert spoken('One.\n\n<break time="1s"/>\n\nTwo.') == ['One. <break time="1s"/>', "Two."]
    assert spoken('# A\n\n<break time="1s"/>\n\nTwo.') == ["A", '<break time="1s"/> Two.']
    assert spoken('<break time="1s"/>\nOn we go.') == ['<break time="1s"/> On we go.']


def test_html_blocks_are_read_as_html() -> None:
    made = blocks('Text.\n\n<div class="poem"><p>One &amp; two</p>\n<script>x()</script><hr></div>\n')
    assert [(block.text, block.source.line) for block in made if block.text] == [("Text.", 1), ("One & two", 3)]
    assert made[-1].kind is BlockKind.SCENE_BREAK


def test_front_matter_is_not_spoken_and_may_give_the_title() -> None:
    document = read_markdown('---\ntitle: "The: *Quay*"\ndate: 2020-01-01\n---\n\nText.\n', "a.md")
    assert document.title == "The: *Quay*"
    contents = [passage.content for passage in document.passages]
    assert [getattr(content, "text", "") for content in contents] == ['title: "The: *Quay*" date: 2020-01-01', "Text."]
    assert contents[1].source.line == 6  # type: ignore[union-attr]


def test_a_rule_that_opens_a_file_is_a_scene_break_and_swallows_nothing() -> None:
    assert spoken("---\n\nIt was late.\n\n---\n\nShe left.") == ["It was late.", "She left."]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("One.\n\n::: {voice=elsie}\nTwo.", 3, "never closed"),
        ("One.\n\n:::\n\nTwo.", 3, "closes nothing"),
        ("::: {vioce=elsie}\nTwo.\n:::", 1, "did you mean 'voice'?"),
        ("::: {voice=}\nTwo.\n:::", 1, "cannot be read"),
        ("One.\n\n[Tag]{language=de}", 3, "did you mean 'lang'?"),
        ("# A {vioce=elsie}", 1, "did you mean 'voice'?"),
        ("---\ntitle: a: b\n---\n", 2, "quotation marks"),
        (f"One.\n\n{'>' * 300} deep", 3, "nested too deep"),
    ],
)
def test_what_cannot_be_understood_is_named_with_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_markdown(text, "a.md")
    assert [(problem.file, problem.line) for problem in caught.value.problems] == [("a.md", line)]
    assert message in str(caught.value)


def test_all_problems_of_a_file_come_at_once() -> None:
    with pytest.raises(InputError) as caught:
        read_markdown("[a]{x=1}\n\n[b]{y=2}\n\n::: {voice=a}\nc", "a.md")
    assert [problem.line for problem in caught.value.problems] == [1, 3, 5]


def test_one_large_file_is_cut_at_the_highest_heading_that_repeats(
    tmp_path: Path, read: Callable[..., Manuscript]
) -> None:
    sections = "\n\n".join(f"## Part {n}\n\nText {n}.\n\n### Detail\n\nMore." for n in range(1, 41))
    (tmp_path / "book.md").write_text(f"# The Book\n\n{sections}\n", encoding="utf-8")
    chapters = read("book.md").chapters
    assert [chapter.title for chapter in chapters] == [f"Part {n}" for n in range(1, 41)]
    assert [block.text for block in chapters[0].blocks][:3] == ["The Book", "Part 1", "Text 1."]


def test_a_folder_of_numbered_files_is_a_chapter_each_in_natural_order(
    tmp_path: Path, read: Callable[..., Manuscript]
) -> None:
    for n in range(1, 121):
        (tmp_path / f"{n}.md").write_text(
            f"# Day {n}\n\n## Morning\n\nText.\n\n## Evening\n\nText.\n", encoding="utf-8"
        )
    chapters = read("*.md").chapters
    assert [chapter.title for chapter in chapters] == [f"Day {n}" for n in range(1, 121)]
    assert [chapter.source.file for chapter in chapters[:3]] == ["1.md", "2.md", "3.md"]


def test_files_without_headings_are_called_after_themselves(tmp_path: Path, read: Callable[..., Manuscript]) -> None:
    (tmp_path / "01-the_quay.md").write_text("Text.", encoding="utf-8")
    (tmp_path / "02-night.md").write_text("---\ntitle: At Night\n---\nText.", encoding="utf-8")
    assert [(chapter.slug, chapter.title) for chapter in read("*.md").chapters] == [
        ("the-quay", "The quay"),
        ("at-night", "At Night"),
    ]
