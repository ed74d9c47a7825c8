"""Where spoken text comes from in a document's tree, and what Markdown sets apart for the eye."""

from __future__ import annotations

from pipeline.manuscript.html import Page, read_page, trace_page
from pipeline.manuscript.markdown import read_markdown
from pipeline.manuscript.model import Block, Emphasis
from pipeline.manuscript.traces import Slot
from pipeline.manuscript.xmltree import parse_xml

PAGE = (
    b'<html><body><h1>One</h1><p>A <em>tall</em> ship<!-- note -->.<br/>It sailed<a href="#n">[1]</a> off.</p>'
    b'<p><img src="o.png" alt="O"/>nce</p><p>* * *</p></body></html>'
)


def test_a_trace_has_the_blocks_that_reading_has() -> None:
    root = parse_xml(PAGE, shown="page")
    read = [
        passage.content
        for passage in read_page(root, Page("f"))
        if isinstance(getattr(passage, "content", None), Block)
    ]
    assert [traced.block for traced in trace_page(root, Page("f"))] == [block for block in read if block.text]


def test_a_trace_names_the_place_of_every_run() -> None:
    root = parse_xml(PAGE, shown="page")
    said = [
        (text, origin.element.tag if isinstance(origin.element.tag, str) else "comment", origin.slot)
        for traced in trace_page(root, Page("f"))[1:]
        for text, origin in zip(traced.runs, traced.origins, strict=True)
    ]
    assert said == [
        ("A ", "p", Slot.TEXT),
        ("tall", "em", Slot.TEXT),
        (" ship", "em", Slot.TAIL),
        (".", "comment", Slot.TAIL),
        (" ", "br", Slot.WHOLE),
        ("It sailed", "br", Slot.TAIL),
        (" off.", "a", Slot.TAIL),
        ("O", "img", Slot.WHOLE),
        ("nce", "img", Slot.TAIL),
    ]


def test_emphasis_in_markdown_is_kept_for_the_eye_and_splits_nothing() -> None:
    [passage] = read_markdown("An *odd*  **and\nvery** tall ***ship***.\n", "f.md").passages
    block = passage.content
    assert isinstance(block, Block)
    assert block.text == "An odd and very tall ship."
    assert block.spans == ()
    assert [(block.text[e.start : e.end], e.strong) for e in block.emphases] == [
        ("odd", False),
        ("and very", True),
        ("ship", True),
    ]


def test_offsets_of_emphasis_count_composed_characters() -> None:
    [passage] = read_markdown("cafe\u0301 *cre\u0300me* brulee", "f.md").passages
    assert isinstance(passage.content, Block)
    assert passage.content.emphases == (Emphasis(5, 10),)
