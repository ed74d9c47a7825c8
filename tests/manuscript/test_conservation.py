"""Every character of a source is spoken once or skipped for a named reason."""

from __future__ import annotations

import html
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from pipeline.manuscript.conservation import characters, unaccounted
from pipeline.manuscript.html import Page, read_page
from pipeline.manuscript.markdown import read_markdown
from pipeline.manuscript.model import Block, Manuscript, Skip, SkipReason
from pipeline.manuscript.passages import Passage
from pipeline.manuscript.plain import read_plain
from pipeline.manuscript.xmltree import parse_page

WORDS = st.text(
    st.sampled_from(list("abcXYZ 019.,!?—“”’é\u0301\u00ad\u200b\u00a0\n中文 *#-_<>&~[]")), min_size=1, max_size=30
)
LEAVES = WORDS.map(html.escape) | st.sampled_from(
    ["<br/>", "<hr/>", '<img src="a" alt=""/>', "<!-- remark -->", "&nbsp;", "&eacute;", "&unheard;", "&#8212;"]
)
TAGS = st.sampled_from(
    [
        *("p", "div", "section", "h1", "h2", "h3", "em", "b", "i", "span", "a", "sup", "ul", "ol", "li", "table", "td"),
        *("blockquote", "pre", "code", "aside", "figure", "figcaption", "nav", "ruby", "rt", "svg", "math", "header"),
        *("footer", "q", "small", "unknown", "script", "del", "hgroup"),
    ]
)
ATTRIBUTES = st.sampled_from(
    [
        "",
        "",
        "",
        'class="x y"',
        'lang="de"',
        'xml:lang="en-GB"',
        'hidden="hidden"',
        'aria-hidden="true"',
        'style="display:none"',
        'epub:type="pagebreak"',
        'epub:type="noteref" href="#n"',
        'epub:type="footnote"',
        'epub:type="bibliography"',
        'epub:type="endnotes"',
        'class="scene-break"',
        'class="footnote"',
        'href="#x"',
        'ssml:ph="a"',
        'data-voice="elsie"',
        'role="heading" aria-level="2"',
        'id="here"',
    ]
)


def _element(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    inner = st.lists(children, max_size=5).map("".join)
    return st.tuples(TAGS, ATTRIBUTES, inner).map(lambda made: f"<{made[0]} {made[1]}>{made[2]}</{made[0]}>")


TREES = st.lists(st.recursive(LEAVES, _element, max_leaves=25), max_size=6).map("".join)


def contents_of(passages: tuple[Passage, ...]) -> list[Block | Skip]:
    contents = [passage.content for passage in passages if isinstance(passage.content, Block | Skip)]
    return [
        content for content in contents if not isinstance(content, Skip) or content.reason is not SkipReason.COMMENT
    ]


def body_text(root: etree._Element) -> str:
    """The text nodes of the body, gathered the plain way."""
    body = next(root.iter("{*}body", "body"))
    return "".join(body.xpath(".//text()"))


def page_of(body: str) -> bytes:
    return (
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" '
        f'xmlns:ssml="http://www.w3.org/2001/10/synthesis"><body>{body}</body></html>'
    ).encode()


@given(TREES)
@settings(max_examples=120, deadline=None)
def test_every_character_of_a_page_is_in_one_block_or_one_skip_and_spans_lie_within_blocks(body: str) -> None:
    root = parse_page(page_of(body), shown="page")
    contents = contents_of(read_page(root, Page("page")))
    lost, invented = unaccounted(body_text(root), contents)
    assert not lost
    assert not invented
    for block in contents:
        if isinstance(block, Block):
            assert block.text == " ".join(block.text.split())
            places = [at for span in block.spans for at in (span.start, span.end)]
            assert places == sorted(places)
            assert all(0 <= span.start < span.end <= len(block.text) for span in block.spans)


@given(st.lists(WORDS | st.sampled_from(["\n\n", "Chapter 1\n", "***\n", "I.\n\n", "---\n", "\u3000"]), max_size=20))
@settings(max_examples=80, deadline=None)
def test_every_character_of_a_plain_text_is_in_one_block_or_one_skip(pieces: list[str]) -> None:
    text = "".join(pieces)
    lost, invented = unaccounted(text, contents_of(read_plain(text, "a.txt")))
    assert not lost
    assert not invented


MARKDOWN_WORDS = st.text(st.sampled_from(list("abcXYZ019.,!?—“”’é中文  ")), min_size=1, max_size=25).filter(str.strip)
MARKDOWN_LINES = MARKDOWN_WORDS | st.builds(
    lambda shape, words: shape.format(words.strip()),
    st.sampled_from(
        [
            "# {}",
            "## {} {{.cls voice=elsie}}",
            "> {}",
            "- {}",
            "12. {}",
            "*{0}* and **{0}**",
            "`{}`",
            "[{}](http://address.example 'hint')",
            "![{}](picture.png)",
            "[{}]{{voice=elsie lang=de}}",
            "```py\n{}\n```",
            "| {} | b |\n|---|---|\n| c | d |",
            "::: {{voice=elsie}}\n{}\n:::",
            "::: letter\n{}\n\n::: {{lang=de}}\nTag\n:::\n:::",
            "<!-- {} -->",
            '<break time="400ms"/>',
            "said[^one] {}\n\n[^one]: note of it",
            "***",
            "\n[label]: http://address.example\n",
            "    {}",
            "{}\n---",
            "~~{}~~",
            "a<b>{}</b>",
        ]
    ),
    MARKDOWN_WORDS,
)


@given(st.lists(MARKDOWN_LINES, max_size=12), st.sampled_from(["\n", "\n\n"]))
@settings(max_examples=120, deadline=None)
def test_no_word_of_a_markdown_file_is_lost(lines: list[str], joint: str) -> None:
    text = joint.join(lines)
    document = read_markdown(text, "a.md")
    contents = [passage.content for passage in document.passages if isinstance(passage.content, Block | Skip)]
    lost, _ = unaccounted(text, contents)
    assert not {character for character in lost if character.isalnum()}


def every_content(manuscript: Manuscript) -> list[Block | Skip]:
    contents: list[Block | Skip] = [*manuscript.left_out]
    for chapter in manuscript.chapters:
        contents += [*chapter.blocks, *chapter.skipped]
    return contents


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pride-and-prejudice", "childrens-literature", "georgia-pls-ssml"])
def test_every_character_of_a_real_book_is_spoken_or_skipped(
    name: str, books: Path, tmp_path: Path, read: Callable[..., Manuscript]
) -> None:
    from pipeline.manuscript.epub import read_publication

    book = books / f"{name}.epub"
    (tmp_path / "book.epub").write_bytes(book.read_bytes())
    publication = read_publication(book, shown="book.epub")
    bodies, alternatives = [], []
    for document in (*publication.documents, *publication.aside):
        root = parse_page(document.data, shown=document.name)
        bodies.append(body_text(root))
        alternatives += [image.get("alt", "") for image in root.iter("{*}img")]
    contents = [content for content in every_content(read("book.epub")) if _is_body(content)]
    lost, invented = unaccounted("".join(bodies), contents)
    assert not lost
    assert not invented - characters("".join(alternatives))


@pytest.mark.slow
def test_every_character_of_a_real_text_is_spoken(books: Path, tmp_path: Path, read: Callable[..., Manuscript]) -> None:
    text = (books / "die-verwandlung.txt").read_text(encoding="utf-8")
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    lost, invented = unaccounted(text, every_content(read("a.txt", language="de")))
    assert not lost
    assert not invented


def _is_body(content: Block | Skip) -> bool:
    return not isinstance(content, Skip) or content.reason not in {SkipReason.COMMENT, SkipReason.ALPHABET}
