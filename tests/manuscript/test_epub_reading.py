"""EPUB: reading order, chapters from the navigation, front and back matter, pronunciations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.manuscript.model import Manuscript, SkipReason
from pipeline.project.dictionaries import DictionaryEntry

Make = Callable[..., Path]
Read = Callable[..., Manuscript]
Text = Callable[..., str]


def told(manuscript: Manuscript) -> list[tuple[str, list[str]]]:
    return [(chapter.title, [block.text for block in chapter.blocks]) for chapter in manuscript.chapters]


def test_chapters_follow_the_spine_and_not_the_files_or_the_navigation(
    make_epub: Make, read: Read, xhtml: Text, entry: Text
) -> None:
    documents = {"b.xhtml": xhtml("<p>second</p>"), "a.xhtml": xhtml("<p>first</p>"), "n.xhtml": xhtml("<p>note</p>")}
    make_epub(documents, nav=entry("b.xhtml", "B") + entry("a.xhtml", "A"), spine=["a.xhtml", "-n.xhtml", "b.xhtml"])
    manuscript = read("book.epub")
    assert told(manuscript) == [("A", ["first"]), ("B", ["second"])]
    assert [(skip.text, skip.reason) for skip in manuscript.left_out] == [("note", SkipReason.NOT_SELECTED)]


def test_several_entries_in_one_document_cut_at_their_fragments(
    make_epub: Make, read: Read, xhtml: Text, entry: Text
) -> None:
    body = (
        '<section id="one"><span epub:type="pagebreak">1</span><h2>One</h2><p>a</p></section>'
        '<section><header><h2 id="two">Two</h2></header><p>b</p></section><h2>Loose</h2><p>c</p><p><a id="three"/>d</p>'
    )
    nav = entry("a.xhtml#one", "1") + entry("a.xhtml#two", "2") + entry("a.xhtml#three", "3")
    make_epub({"a.xhtml": xhtml(body)}, nav=nav)
    manuscript = read("book.epub")
    assert told(manuscript) == [("1", ["One", "a"]), ("2", ["Two", "b", "Loose", "c"]), ("3", ["d"])]
    assert [skip.reason for skip in manuscript.chapters[0].skipped] == [SkipReason.PAGE_MARKER]


def test_what_stands_before_a_heading_in_its_section_goes_with_it(
    make_epub: Make, read: Read, xhtml: Text, entry: Text
) -> None:
    body = (
        '<section><h2 id="one">One</h2><p>a</p></section><section><p>Motto.</p><h2 id="two">Two</h2><p>b</p></section>'
    )
    make_epub({"a.xhtml": xhtml(body)}, nav=entry("a.xhtml#one", "1") + entry("a.xhtml#two", "2"))
    assert told(read("book.epub")) == [("1", ["One", "a"]), ("2", ["Motto.", "Two", "b"])]


def test_a_chapter_number_before_the_place_that_navigation_names_goes_with_it(
    make_epub: Make, read: Read, xhtml: Text, entry: Text
) -> None:
    documents = {
        "a.xhtml": xhtml('<p>1</p><h2 id="t">One</h2><p>a</p>'),
        "b.xhtml": xhtml('<p>2</p><h2 id="t">Two</h2><p>b</p>'),
    }
    make_epub(documents, nav=entry("a.xhtml#t", "One") + entry("b.xhtml#t", "Two"))
    assert told(read("book.epub")) == [("One", ["1", "One", "a"]), ("Two", ["2", "Two", "b"])]


def test_documents_without_an_entry_belong_to_the_chapter_before(
    make_epub: Make, read: Read, xhtml: Text, entry: Text
) -> None:
    documents = {f"{name}.xhtml": xhtml(f"<p>{name}</p>") for name in "abcd"}
    make_epub(documents, nav=entry("a.xhtml", "A") + entry("c.xhtml", "C"))
    assert told(read("book.epub")) == [("A", ["a", "b"]), ("C", ["c", "d"])]


def test_text_before_the_first_entry_and_after_front_matter_is_its_own_chapter(
    make_epub: Make, read: Read, xhtml: Text, entry: Text
) -> None:
    documents = {
        "lead.xhtml": xhtml("<h1>A Word</h1><p>Hello.</p>"),
        "copyright.xhtml": xhtml("<p>All rights.</p>"),
        "motto.xhtml": xhtml("<p>Onward.</p>", title="Motto"),
        "one.xhtml": xhtml("<p>a</p>"),
    }
    make_epub(documents, nav=entry("copyright.xhtml", "Copyright") + entry("one.xhtml", "One"))
    assert told(read("book.epub")) == [("A Word", ["A Word", "Hello."]), ("Motto", ["Onward."]), ("One", ["a"])]


def test_nested_parts_open_their_first_chapter_or_stand_alone_if_they_have_text(
    make_epub: Make, read: Read, xhtml: Text, entry: Text
) -> None:
    documents = {
        "p1.xhtml": xhtml("<h1>Part One</h1>"),
        "c1.xhtml": xhtml("<h2>One</h2><p>a</p>"),
        "p2.xhtml": xhtml("<h1>Part Two</h1><p>In which.</p>"),
        "c2.xhtml": xhtml("<h2>Two</h2><p>b</p>"),
    }
    nav = entry("p1.xhtml", "Part One", entry("c1.xhtml", "One")) + entry(
        "p2.xhtml", "Part Two", entry("c2.xhtml", "Two")
    )
    make_epub(documents, nav=nav)
    assert told(read("book.epub")) == [
        ("One", ["Part One", "One", "a"]),
        ("Part Two", ["Part Two", "In which."]),
        ("Two", ["Two", "b"]),
    ]


def test_a_heading_without_a_body_stays_a_chapter_where_nothing_lies_within_it(
    make_epub: Make, read: Read, xhtml: Text, entry: Text
) -> None:
    documents = {"a.xhtml": xhtml("<h1>Part One</h1>"), "b.xhtml": xhtml("<h1>One</h1><p>a</p>")}
    make_epub(documents, nav=entry("a.xhtml", "Part One") + entry("b.xhtml", "One"))
    assert told(read("book.epub")) == [("Part One", ["Part One"]), ("One", ["One", "a"])]


def test_hidden_lists_and_names_without_a_link_cut_nothing(
    make_epub: Make, read: Read, xhtml: Text, entry: Text
) -> None:
    body = '<h2 id="one">One</h2><p>a</p><h3 id="in">In</h3><p>b</p><h2 id="two">Two</h2><p>c</p>'
    hidden = f'<ol hidden="hidden">{entry("a.xhtml#in", "In")}</ol>'
    nav = (
        f'<li><span>An Author</span><ol><li><a href="a.xhtml#one">One</a>{hidden}</li></ol></li>'
        f"<li><span>Another</span><ol>{entry('a.xhtml#two', 'Two')}</ol></li>"
    )
    make_epub({"a.xhtml": xhtml(body)}, nav=nav)
    assert told(read("book.epub")) == [("One", ["One", "a", "In", "b"]), ("Two", ["Two", "c"])]


def test_titles_come_from_the_navigation_and_words_from_the_heading(
    make_epub: Make, read: Read, xhtml: Text, entry: Text
) -> None:
    make_epub({"a.xhtml": xhtml("<h1>I</h1><p>a</p>")}, nav=entry("a.xhtml", "1. The  Quay"))
    assert told(read("book.epub")) == [("1. The Quay", ["I", "a"])]


NCX = '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/" version="2005-1"><navMap>{}</navMap></ncx>'


def test_an_ncx_cuts_where_there_is_no_nav_document(make_epub: Make, read: Read, xhtml: Text) -> None:
    point = '<navPoint id="{0}"><navLabel><text>{0}</text></navLabel><content src="{1}"/>{2}</navPoint>'
    inner = point.format("Two", "b.xhtml#x", "")
    ncx = NCX.format(point.format("One", "a%20a.xhtml", inner))
    documents = {"a a.xhtml": xhtml("<p>a</p>"), "b.xhtml": xhtml('<p id="x">b</p>')}
    make_epub(documents, ncx=ncx)
    assert told(read("book.epub")) == [("One", ["a"]), ("Two", ["b"])]


def test_without_navigation_each_document_is_a_chapter(make_epub: Make, read: Read, xhtml: Text) -> None:
    documents = {
        "cover.xhtml": xhtml('<img src="c.png" alt="Cover"/>'),
        "a.xhtml": xhtml("<h1>Chapter 1<br/>The Quay</h1><p>a</p>"),
        "b.xhtml": xhtml("<p>b</p>", title="Night"),
        "03-dawn.xhtml": xhtml("<p>c</p>"),
    }
    make_epub(documents)
    assert [chapter.title for chapter in read("book.epub").chapters] == ["Chapter 1: The Quay", "Night", "Dawn"]


@pytest.mark.parametrize(
    ("name", "body", "attributes", "title", "reason"),
    [
        ("x", '<section epub:type="titlepage"><h1>T</h1></section>', "", "Start", SkipReason.FRONT_MATTER),
        ("x", "<p>T</p>", 'epub:type="copyright-page"', "Legal", SkipReason.FRONT_MATTER),
        ("x", "<p>T</p>", 'epub:type="frontmatter"', "Something", SkipReason.FRONT_MATTER),
        ("01_Title-Page", "<p>T</p>", "", "T", SkipReason.FRONT_MATTER),
        ("uncopyright", "<p>T</p>", "", "T", SkipReason.BACK_MATTER),
        ("x", "<p>T</p>", "", "About the Author", SkipReason.BACK_MATTER),
        ("x", "<p>T</p>", "", "Also by the same hand", SkipReason.BACK_MATTER),
        ("x", "<p>T</p>", "", "Index", SkipReason.BACK_MATTER),
        ("x", '<section role="doc-endnotes"><p>T</p></section>', "", "Notes to it", SkipReason.FOOTNOTE),
    ],
)
def test_front_and_back_matter_is_left_out_and_listed(
    name: str, body: str, attributes: str, title: str, reason: SkipReason,
    make_epub: Make, read: Read, xhtml: Text, entry: Text,
) -> None:  # fmt: skip
    documents = {f"{name}.xhtml": xhtml(body, body_attributes=attributes), "one.xhtml": xhtml("<p>a</p>")}
    make_epub(documents, nav=entry(f"{name}.xhtml", title) + entry("one.xhtml", "One"))
    manuscript = read("book.epub")
    assert told(manuscript) == [("One", ["a"])]
    assert [(skip.reason, skip.text) for skip in manuscript.left_out] == [(reason, "T")]


@pytest.mark.parametrize(
    ("name", "attributes", "title"),
    [
        ("dedication", 'epub:type="frontmatter"', "Dedication"),
        ("x", 'epub:type="frontmatter foreword"', "Before"),
        ("epilogue", 'epub:type="backmatter"', "Epilogue"),
        ("index_split_001", "", "The Harbour"),
        ("contents", 'epub:type="bodymatter chapter"', "Contents of a Drawer"),
        ("notes", "", "Notes from a Cellar"),
    ],
)
def test_what_belongs_to_the_work_is_spoken(
    name: str, attributes: str, title: str, make_epub: Make, read: Read, xhtml: Text, entry: Text
) -> None:
    document = xhtml("<p>T</p>", body_attributes=attributes)
    make_epub({f"{name}.xhtml": document, "one.xhtml": xhtml("<p>a</p>")}, nav=entry(f"{name}.xhtml", title))
    assert told(read("book.epub")) == [(title, ["T", "a"])]


def test_the_guide_of_an_old_epub_names_its_front_matter(make_epub: Make, read: Read, xhtml: Text) -> None:
    guide = '<guide><reference type="copyright-page" href="x.xhtml" title="C"/></guide>'
    make_epub({"x.xhtml": xhtml("<p>T</p>"), "one.xhtml": xhtml("<p>a</p>", title="One")}, guide=guide)
    assert told(read("book.epub")) == [("One", ["a"])]


def test_a_section_of_matter_within_a_chapter_is_left_out_and_can_be_included(
    make_epub: Make, read: Read, xhtml: Text, entry: Text
) -> None:
    body = (
        '<section id="one"><h2>One</h2><p>a</p><section epub:type="endnotes" id="en"><h3>Remarks</h3>'
        '<aside epub:type="endnote">1. b</aside></section></section>'
    )
    make_epub({"a.xhtml": xhtml(body)}, nav=entry("a.xhtml#one", "One"))
    manuscript = read("book.epub")
    assert told(manuscript) == [("One", ["One", "a"])]
    assert [(skip.reason, skip.text) for skip in manuscript.left_out] == [(SkipReason.FOOTNOTE, "Remarks\n1. b")]
    assert told(read("book.epub", include=("en",))) == [("Remarks", ["Remarks", "1. b"])]


def test_lexicons_become_dictionary_entries(make_epub: Make, read: Read, xhtml: Text) -> None:
    lexicon = (
        '<lexicon xmlns="http://www.w3.org/2005/01/pronunciation-lexicon" alphabet="ipa" xml:lang="en-GB">'
        "<lexeme><grapheme>Leith</grapheme><grapheme>leith</grapheme><phoneme>lix</phoneme>"
        '<phoneme prefer="true">liːθ</phoneme></lexeme>'
        "<lexeme><grapheme>St</grapheme><alias>Saint</alias></lexeme>"
        '<lexeme><grapheme>quay</grapheme><phoneme alphabet="x-sampa">ki:</phoneme></lexeme></lexicon>'
    )
    make_epub({"a.xhtml": xhtml("<p>a</p>", title="A"), "en.pls": lexicon})
    manuscript = read("book.epub")
    assert manuscript.entries == (
        DictionaryEntry("Leith", "Leith", "liːθ", case_sensitive=True, language="en-GB"),
        DictionaryEntry("leith", "leith", "liːθ", case_sensitive=False, language="en-GB"),
        DictionaryEntry("St", "Saint", None, case_sensitive=True, language="en-GB"),
    )
    assert [(skip.reason, skip.text) for skip in manuscript.left_out] == [(SkipReason.ALPHABET, "quay ki:")]


def test_split_file_makes_a_chapter_of_each_document_and_heading_cuts_across_them(
    make_epub: Make, read: Read, xhtml: Text, entry: Text
) -> None:
    documents = {
        "a.xhtml": xhtml("<h1>One</h1><p>a</p><h2>In</h2><p>b</p>"),
        "b.xhtml": xhtml("<p>c</p><h1>Two</h1><p>d</p>"),
        "copyright.xhtml": xhtml("<p>rights</p>"),
    }
    make_epub(documents, nav=entry("a.xhtml", "All"))
    assert [title for title, _ in told(read("book.epub"))] == ["All"]
    assert told(read("book.epub", split="file"))[1] == ("Two", ["c", "Two", "d"])
    assert told(read("book.epub", split="heading:1")) == [("One", ["One", "a", "In", "b", "c"]), ("Two", ["Two", "d"])]
    assert [title for title, _ in told(read("book.epub", split="In|Two"))] == ["One", "In", "Two"]


@pytest.mark.slow
def test_a_novel_has_its_61_chapters_and_nothing_of_the_imprint(books: Path, tmp_path: Path, read: Read) -> None:
    (tmp_path / "book.epub").write_bytes((books / "pride-and-prejudice.epub").read_bytes())
    manuscript = read("book.epub")
    assert [chapter.slug for chapter in manuscript.chapters] == [f"chapter-{n}" for n in range(1, 62)]
    assert [chapter.title for chapter in manuscript.chapters][::60] == ["I", "LXI"]
    assert [chapter.blocks[0].text for chapter in manuscript.chapters][::60] == ["I", "LXI"]
    spoken = "\n".join(block.text for chapter in manuscript.chapters for block in chapter.blocks)
    assert "truth universally acknowledged" in spoken
    assert not any(word in spoken for word in ("Standard Ebooks", "colophon", "Uncopyright", "public domain"))
    left = {(skip.source.element or "").partition("#")[0] for skip in manuscript.left_out}
    assert left == {f"text/{name}.xhtml" for name in ("titlepage", "imprint", "colophon", "uncopyright")}


@pytest.mark.slow
def test_a_textbook_in_one_document_has_a_chapter_for_each_story(books: Path, tmp_path: Path, read: Read) -> None:
    (tmp_path / "book.epub").write_bytes((books / "childrens-literature.epub").read_bytes())
    titles = [chapter.title for chapter in read("book.epub").chapters]
    assert len(titles) == 16
    assert titles[:2] == ["INTRODUCTORY", "190 A FOUR-LEAVED CLOVER"]
    assert titles[-1].startswith("204 THE KING OF THE GOLDEN RIVER")


@pytest.mark.slow
def test_an_encyclopedia_article_has_its_sections_pronunciations_and_no_notes(
    books: Path, tmp_path: Path, read: Read
) -> None:
    (tmp_path / "book.epub").write_bytes((books / "georgia-pls-ssml.epub").read_bytes())
    manuscript = read("book.epub")
    assert [chapter.title for chapter in manuscript.chapters] == [
        *("GEORGIA", "Climate and Soils", "Minerals", "Agriculture", "Manufactures", "Population", "Government"),
        *("Education", "Finance", "History"),
    ]
    assert len(manuscript.entries) == 71
    assert sum(span.ipa is not None for c in manuscript.chapters for b in c.blocks for span in b.spans) > 50
    spoken = "\n".join(block.text for chapter in manuscript.chapters for block in chapter.blocks)
    assert not any(text in spoken for text in ("Savannah1", "According to the usual nomenclature", "amended from"))


def test_landmarks_name_front_matter(make_epub: Make, read: Read, xhtml: Text, entry: Text) -> None:
    nav = xhtml(
        f'<nav epub:type="toc"><ol>{entry("x.xhtml", "Rights")}{entry("a.xhtml", "A")}</ol></nav>'
        '<nav epub:type="landmarks"><ol><li><a epub:type="copyright-page" href="x.xhtml">C</a></li></ol></nav>'
    )
    documents = {"x.xhtml": xhtml("<p>T</p>"), "a.xhtml": xhtml("<p>a</p>")}
    make_epub(documents, nav="", extra={"EPUB/nav.xhtml": nav})
    assert told(read("book.epub")) == [("A", ["a"])]


def test_documents_aside_can_be_asked_for_even_where_the_navigation_names_them(
    make_epub: Make, read: Read, xhtml: Text, entry: Text
) -> None:
    documents = {"a.xhtml": xhtml("<p>a</p>"), "map.xhtml": xhtml('<p id="m">North is up.</p>')}
    make_epub(documents, nav=entry("a.xhtml", "A") + entry("map.xhtml#m", "Map"), spine=["a.xhtml", "-map.xhtml"])
    assert told(read("book.epub")) == [("A", ["a"])]
    assert told(read("book.epub", include=("map",))) == [("Map", ["North is up."])]


def test_one_lost_place_means_the_beginning_and_several_are_an_error(
    make_epub: Make, read: Read, xhtml: Text, entry: Text
) -> None:
    documents = {"a.xhtml": xhtml("<p>a</p>"), "b.xhtml": xhtml("<p>b</p>")}
    make_epub(documents, nav=entry("a.xhtml", "A", entry("a.xhtml#gone", "Gone")) + entry("b.xhtml#lost", "B"))
    assert told(read("book.epub")) == [("A", ["a"]), ("B", ["b"])]
    make_epub(documents, nav=entry("a.xhtml#x", "X") + entry("a.xhtml#y", "Y"))
    with pytest.raises(InputError, match=r"book\.epub/a\.xhtml: has none of the places #x, #y"):
        read("book.epub")


def test_titles_hold_no_invisible_characters(make_epub: Make, read: Read, xhtml: Text, entry: Text) -> None:
    make_epub({"a.xhtml": xhtml("<p>a</p>")}, nav=entry("a.xhtml", "Har&#173;bour\n <b>Night</b>"))
    assert read("book.epub").chapters[0].title == "Harbour Night"
