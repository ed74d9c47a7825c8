"""(X)HTML: what a reader sees is spoken, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.manuscript.html import Page, read_page
from pipeline.manuscript.model import Block, BlockKind, Manuscript, Skip, SkipReason, Span
from pipeline.manuscript.passages import Passage
from pipeline.manuscript.xmltree import parse_html, parse_page

NAMESPACES = (
    'xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" '
    'xmlns:ssml="http://www.w3.org/2001/10/synthesis"'
)


def passages(body: str, *, attributes: str = "", language: str | None = "en") -> tuple[Passage, ...]:
    root = parse_page(f"<html {NAMESPACES} {attributes}><body>{body}</body></html>".encode(), shown="a")
    return read_page(root, Page("a.xhtml", "a.xhtml", language))


def blocks(body: str, *, attributes: str = "", language: str | None = "en") -> list[Block]:
    found = passages(body, attributes=attributes, language=language)
    return [passage.content for passage in found if isinstance(passage.content, Block)]


def skips(body: str) -> list[tuple[SkipReason, str]]:
    contents = [passage.content for passage in passages(body)]
    return [(content.reason, content.text) for content in contents if isinstance(content, Skip)]


def spoken(body: str) -> list[str]:
    return [block.text for block in blocks(body) if block.text]


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        ("<p>wo<em>rd</em>s a<b>nd</b> <i>more</i></p>", ["words and more"]),
        ('<p><span class="dropcap">T</span>he boat</p>', ["The boat"]),
        ('<p><img src="t.png" alt="T"/>he boat</p>', ["The boat"]),
        ('<p><span style="font-variant: small-caps">Mr. Hale</span>, said</p>', ["Mr. Hale, said"]),
        ("<p>one\n\t two&nbsp;three</p>", ["one two three"]),
        ("<p>caf&eacute; &mdash; e&#x301;t&#xE9;</p>", ["café — été"]),
        ("<p>Donau&shy;dampf&#173;schiff</p>", ["Donaudampfschiff"]),
        ("<p>one<br/>two</p>", ["one two"]),
        ("<p>one<br/> <br/>two</p>", ["one", "two"]),
        ("<h2>Chapter 1<br/>The Quay</h2>", ["Chapter 1", "The Quay"]),
        ("<p><ruby>東<rp>(</rp><rt>とう</rt><rp>)</rp>京<rt>きょう</rt></ruby>へ</p>", ["東京へ"]),
        ("<ul><li>one</li><li><p>two</p>three</li></ul>", ["one", "two", "three"]),
        ("loose <p>par</p> tail <em>end</em>", ["loose", "par", "tail end"]),
        ("<blockquote><p>Dear,</p><footer>J.</footer></blockquote>", ["Dear,", "J."]),
        ("<p>wo<span epub:type='pagebreak' id='p1'>12</span>rd</p>", ["word"]),
        ("<pre>Rose\n  red</pre>", ["Rose red"]),
        ("<p>a <code>b</code> H<sub>2</sub>O 4<sup>th</sup></p>", ["a b H2O 4th"]),
        ("<p>a <![CDATA[<b> & c]]></p>", ["a <b> & c"]),
        ("<unknown>a <p>b</p></unknown>", ["a", "b"]),
    ],
)
def test_what_a_reader_sees_is_spoken(body: str, texts: list[str]) -> None:
    assert spoken(body) == texts


@pytest.mark.parametrize(
    ("body", "reason", "text"),
    [
        ('<p>a<a epub:type="noteref" href="#n">[12]</a></p>', SkipReason.NOTE_REFERENCE, "[12]"),
        ('<p>a<sup><a href="#n">1</a></sup></p>', SkipReason.NOTE_REFERENCE, "1"),
        ('<p>a<a href="n.xhtml#n"><sup>*</sup></a></p>', SkipReason.NOTE_REFERENCE, "*"),
        ('<p>a<a href="#n">[3]</a></p>', SkipReason.NOTE_REFERENCE, "[3]"),
        ('<p>a</p><aside epub:type="footnote">b c</aside>', SkipReason.FOOTNOTE, "b c"),
        ('<p>a</p><div class="footnote">b c</div>', SkipReason.FOOTNOTE, "b c"),
        ('<p>a</p><div role="doc-footnote">b c</div>', SkipReason.FOOTNOTE, "b c"),
        ('<p>a <span role="doc-pagebreak">7</span></p>', SkipReason.PAGE_MARKER, "7"),
        ('<p>a <span class="pagenum">[Pg 7]</span></p>', SkipReason.PAGE_MARKER, "[Pg 7]"),
        ("<p>a</p><table><tr><td>b</td><td> c</td></tr></table>", SkipReason.TABLE, "b c"),
        ('<p>a</p><figure><img src="x" alt="b"/></figure>', SkipReason.IMAGE, "b"),
        ('<p>a</p><figure><img src="x"/><figcaption>b</figcaption></figure>', SkipReason.IMAGE, "b"),
        ("<p>a</p><svg xmlns='http://www.w3.org/2000/svg'><text>b</text></svg>", SkipReason.IMAGE, "b"),
        ("<p>a <math xmlns='http://www.w3.org/1998/Math/MathML'><mi>x</mi></math></p>", SkipReason.MATH, "x"),
        ('<p>a</p><p hidden="hidden">b</p>', SkipReason.HIDDEN, "b"),
        ('<p>a <span style="Display : none;">b</span></p>', SkipReason.HIDDEN, "b"),
        ('<p>a <span aria-hidden="true">b</span></p>', SkipReason.HIDDEN, "b"),
        ("<p>a</p><pre><code>b = 1</code></pre>", SkipReason.CODE, "b = 1"),
        ("<p>a</p><nav><p>b</p></nav>", SkipReason.NAVIGATION, "b"),
        ("<p>a</p><script>b()</script>", SkipReason.MARKUP, "b()"),
        ("<p>a<!-- b --></p>", SkipReason.COMMENT, "b"),
    ],
)
def test_what_is_not_read_is_skipped_by_name(body: str, reason: SkipReason, text: str) -> None:
    assert skips(body) == [(reason, text)]
    assert spoken(body) == ["a"]


def test_a_word_of_the_text_that_carries_a_note_is_read() -> None:
    assert spoken('<p>The <a epub:type="noteref" href="#n">warrior</a> came.</p>') == ["The warrior came."]


def test_a_caption_without_a_picture_is_spoken() -> None:
    body = "<figure><blockquote><p>Rose.</p></blockquote><figcaption>A poet</figcaption></figure>"
    assert spoken(body) == ["Rose.", "A poet"]


@pytest.mark.parametrize(
    "mark",
    [
        *("<hr/>", '<p class="scene-break"/>', "<p>* * *</p>", '<div class="space-break">***</div>', "<p>⁂</p>"),
        '<p aria-hidden="true">* * *</p>',
    ],
)
def test_rules_and_marks_are_scene_breaks(mark: str) -> None:
    kinds = [block.kind for block in blocks(f"<p>a</p>{mark}<p>b</p>")]
    assert kinds[0] is kinds[-1] is BlockKind.PARAGRAPH
    assert set(kinds[1:-1]) == {BlockKind.SCENE_BREAK}


def test_a_class_that_breaks_the_scene_may_stand_on_the_paragraph_after_it() -> None:
    made = blocks('<p>a</p><p class="first space-break">b</p>')
    assert [(block.kind, block.text) for block in made][1:] == [
        *((BlockKind.SCENE_BREAK, ""), (BlockKind.PARAGRAPH, "b"))
    ]


def test_headings_keep_their_level() -> None:
    body = '<h1>a</h1><h3>b</h3><hgroup><h2>I</h2><p>The Quay</p></hgroup><div role="heading" aria-level="4">d</div>'
    made = [(block.kind, block.text, block.level) for block in blocks(body)]
    assert made == [(BlockKind.HEADING, text, level) for text, level in
                    (("a", 1), ("b", 3), ("I", 2), ("The Quay", 2), ("d", 4))]  # fmt: skip


def test_classes_of_all_around_come_with_the_block_and_of_inline_elements_with_their_span() -> None:
    body = '<div class="letter"><p class="first" epub:type="z3998:x">a <i class="ship">Bark</i> b</p></div>'
    block = blocks(body)[0]
    assert block.classes == ("letter", "first", "z3998:x")
    assert block.spans == (Span(2, 6, classes=("ship",)),)


def test_languages_other_than_the_expected_one_are_marked() -> None:
    body = '<p>a <i xml:lang="fr">mot</i> <i lang="en-US">b</i></p><p lang="de">Wort <i lang="en">c</i></p><p>d</p>'
    first, second, third = blocks(body, attributes='xml:lang="en-GB"')
    assert (first.language, first.spans) == (None, (Span(2, 5, language="fr"),))
    assert (second.language, second.spans) == ("de", (Span(5, 6, language="en"),))
    assert third.language is None


def test_a_document_in_another_language_than_expected_says_so_unless_it_is_overruled() -> None:
    assert blocks("<p>Wort</p>", attributes='lang="de"')[0].language == "de"
    assert blocks("<p>Wort</p>", attributes='lang="de"', language=None)[0].language is None
    assert blocks("<p>Wort</p>", attributes='lang="und"')[0].language is None
    assert blocks("<p>Wort</p>", attributes='lang="no such tag"')[0].language is None


def test_pronunciations_become_spans_and_neighbours_stay_apart() -> None:
    body = '<p>30<span ssml:ph="wʌn"> <b>1</b>°</span><span ssml:ph="wʌn">2</span></p>'
    assert blocks(body)[0].spans == (Span(3, 5, ipa="wʌn"), Span(5, 6, ipa="wʌn"))
    other = blocks('<p><span ssml:ph="wVn" ssml:alphabet="x-sampa">1</span></p>')[0]
    assert other.spans == ()


def test_blocks_know_document_element_and_line() -> None:
    second = blocks("<section><p>a</p>\n<p>b\nc</p></section>")[1]
    assert (second.source.file, second.source.element) == ("a.xhtml", "a.xhtml#/html/body/section/p[2]")
    assert (second.source.line, second.source.end_line) == (2, 3)


def test_sections_of_front_and_back_matter_are_told_apart() -> None:
    found = passages('<p>a</p><section epub:type="bibliography" id="b"><p>c</p></section><p>d</p>')
    assert [passage.matter.element_id if passage.matter else None for passage in found] == [None, "b", None]


def test_a_page_that_is_not_well_formed_is_mended() -> None:
    root = parse_page(b"<html><body><p>one<p>two &nbsp; &lt; three<br>four</body>", shown="a")
    texts = [p.content.text for p in read_page(root, Page("a")) if isinstance(p.content, Block)]
    assert texts == ["one", "two < three four"]


@pytest.mark.parametrize("depth", [300, 5000])
def test_a_page_nested_too_deep_to_be_read_whole_is_refused(depth: int) -> None:
    with pytest.raises(InputError, match="cannot be read whole"):
        parse_html(b"<div>" * depth + b"x" + b"</div>" * depth, shown="a.html")


def test_an_html_file_is_cut_at_its_headings(tmp_path: Path, read: Callable[..., Manuscript]) -> None:
    text = "<html><head><title>T</title></head><body><h1>B</h1><h2>One</h2><p>a</p><h2>Two</h2><p>b</p></body></html>"
    (tmp_path / "a.html").write_text(text, encoding="utf-8")
    assert [(chapter.title, len(chapter.blocks)) for chapter in read("a.html").chapters] == [("One", 3), ("Two", 2)]


def test_matter_in_an_html_file_is_left_out_and_can_be_brought_back(
    tmp_path: Path, read: Callable[..., Manuscript]
) -> None:
    text = '<h1>One</h1><p>a</p><section role="doc-bibliography" id="works"><h2>Works</h2><p>b</p></section>'
    (tmp_path / "a.html").write_text(text, encoding="utf-8")
    manuscript = read("a.html")
    assert [chapter.slug for chapter in manuscript.chapters] == ["one"]
    assert [(skip.reason, skip.text) for skip in manuscript.left_out] == [(SkipReason.BACK_MATTER, "Works\nb")]
    assert [chapter.slug for chapter in read("a.html", include=("works",)).chapters] == ["works"]


def test_a_number_that_links_and_follows_a_word_is_a_note_and_a_cross_reference_is_not() -> None:
    assert spoken('<p>the quay<a href="n.xhtml#n1">12</a>, he said</p>') == ["the quay, he said"]
    assert spoken('<p>see chapter <a href="c.xhtml#c3">3</a>.</p>') == ["see chapter 3."]
    assert spoken('<p>the quay<a epub:type="noteref" href="#n">¹²</a></p>') == ["the quay"]
