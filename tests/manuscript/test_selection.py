"""Which chapters are spoken, what they are called, and how mistakes are reported."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.manuscript.model import BlockKind, Manuscript, SkipReason
from pipeline.manuscript.selection import name_parts, select
from pipeline.manuscript.slugs import chapter_slug, numbered
from pipeline.manuscript.sources import read_book
from pipeline.manuscript.splitting import parse_rule, title_from_stem
from pipeline.project.models import ChapterEntry

Make = Callable[..., Path]
Read = Callable[..., Manuscript]
Text = Callable[..., str]


@pytest.fixture
def book(make_epub: Make, xhtml: Text, entry: Text) -> Path:
    documents = {
        "titlepage.xhtml": xhtml("<h1>T</h1>"),
        "part-1.xhtml": xhtml("<h1>Part One</h1><p>In which.</p>"),
        "chapter-1.xhtml": xhtml("<h2>I</h2><p>a</p>"),
        "chapter-2.xhtml": xhtml("<h2>II</h2><p>b</p>"),
        "end.xhtml": xhtml('<h2 id="bye">Epilogue</h2><p>c</p>'),
    }
    inner = entry("chapter-1.xhtml", "I") + entry("chapter-2.xhtml", "II")
    nav = (
        entry("titlepage.xhtml", "Title")
        + entry("part-1.xhtml", "Part One", inner)
        + entry("end.xhtml#bye", "Epilogue")
    )
    return make_epub(documents, nav=nav)


def slugs(manuscript: Manuscript) -> list[str]:
    return [chapter.slug for chapter in manuscript.chapters]


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize(
    ("include", "exclude", "chosen"),
    [
        (None, (), ["part-one", "chapter-1", "chapter-2", "epilogue"]),
        (("chapter-1", "chapter-2"), (), ["chapter-1", "chapter-2"]),
        (("chapter-2", "chapter-1"), (), ["chapter-1", "chapter-2"]),
        (("ii",), (), ["chapter-2"]),
        (("chapter-2.xhtml", "bye"), (), ["chapter-2", "epilogue"]),
        (("part-one",), (), ["part-one", "chapter-1", "chapter-2"]),
        (("part-one",), ("i",), ["part-one", "chapter-2"]),
        (("titlepage", "epilogue"), (), ["title", "epilogue"]),
        (None, ("part-one",), ["epilogue"]),
        (None, ("end",), ["part-one", "chapter-1", "chapter-2"]),
    ],
)
def test_include_and_exclude_name_slugs_titles_ids_and_documents(
    include: tuple[str, ...] | None, exclude: tuple[str, ...], chosen: list[str], read: Read
) -> None:
    assert slugs(read("book.epub", include=include, exclude=exclude)) == chosen


def test_titles_and_ids_count_whatever_their_case(book: Path) -> None:
    parts = name_parts(read_book(book, "book.epub", parse_rule("auto"), None).parts, number=True)
    chosen = select(parts, ["EPILOGUE", "part one"], ["I"]).chosen
    assert [named.slug for named in chosen] == ["part-one", "chapter-2", "epilogue"]


@pytest.mark.usefixtures("book")
def test_what_is_not_chosen_is_listed_with_its_text(read: Read) -> None:
    left_out = read("book.epub", include=("chapter-1",)).left_out
    assert [(skip.text, skip.reason) for skip in left_out] == [
        ("T", SkipReason.FRONT_MATTER),
        ("Part One\nIn which.", SkipReason.NOT_SELECTED),
        ("II\nb", SkipReason.NOT_SELECTED),
        ("Epilogue\nc", SkipReason.NOT_SELECTED),
    ]


@pytest.mark.usefixtures("book")
def test_names_that_fit_nothing_are_reported_together_with_what_was_meant(read: Read) -> None:
    with pytest.raises(InputError) as caught:
        read("book.epub", include=("chapter-1", "chaptr-2"), exclude=("prologue",))
    first, second = map(str, caught.value.problems)
    assert "book.epub: include: 'chaptr-2' is in none of its parts; did you mean 'chapter-2'? (parts: " in first
    assert "exclude: 'prologue'" in second


@pytest.mark.usefixtures("book")
def test_a_chapter_keeps_its_slug_whatever_else_is_chosen(
    read: Read, make_epub: Make, xhtml: Text, entry: Text
) -> None:
    nav = "".join(entry(f"{n}.xhtml", "Letter") for n in range(3))
    make_epub({f"{n}.xhtml": xhtml(f"<p>{n}</p>") for n in range(3)}, nav=nav)
    assert slugs(read("book.epub")) == ["letter", "letter-2", "letter-3"]
    assert slugs(read("book.epub", include=("letter-3",))) == ["letter-3"]


@pytest.mark.usefixtures("book")
def test_an_entry_gives_its_voice_language_and_title_to_its_chapters(read: Read) -> None:
    entry = ChapterEntry(source="book.epub", include=("chapter-2",), title="The End", voice="elsie", language="de")
    chapter = read(entry).chapters[0]
    assert (chapter.slug, chapter.title, chapter.voice, chapter.language) == ("the-end", "The End", "elsie", "de")
    with pytest.raises(InputError, match="is for one chapter, but there are 4"):
        read("book.epub", title="The End")


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("The Quay", "the-quay"),
        ("I.", "chapter-1"),
        ("LXI", "chapter-61"),
        ("12", "chapter-12"),
        ("— 3 —", "chapter-3"),
        ("Chapter 4: Rain", "chapter-4-rain"),
        ("第一章", "第一章"),
        ("Émile's Café", "emiles-cafe"),
        ("???", "chapter"),
    ],
)
def test_a_slug_comes_from_the_title(title: str, slug: str) -> None:
    assert chapter_slug(title) == slug


@given(st.lists(st.sampled_from(["a", "a-2", "a-3", "b"]), max_size=12))
@settings(max_examples=100, deadline=None)
def test_numbered_slugs_are_unique_and_the_first_of_a_kind_keeps_its_name(wanted: list[str]) -> None:
    unique = numbered(wanted)
    assert len(set(unique)) == len(unique)
    assert all(unique[wanted.index(slug)] == slug for slug in wanted)


def test_two_chapters_of_different_files_with_one_slug_are_an_error_that_names_both(tmp_path: Path, read: Read) -> None:
    (tmp_path / "1.md").write_text("# Interlude\n\na", encoding="utf-8")
    (tmp_path / "2.md").write_text("\n# Interlude\n\nb", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read("*.md")
    assert str(caught.value).startswith("2.md:2: chapter 'Interlude' has the slug 'interlude'")
    assert "1.md:1" in str(caught.value)


def test_two_chapters_of_one_file_with_one_title_are_told_apart(tmp_path: Path, read: Read) -> None:
    (tmp_path / "a.md").write_text("# Interlude\n\na\n\n# Interlude\n\nb", encoding="utf-8")
    assert slugs(read("a.md")) == ["interlude", "interlude-2"]


def test_problems_of_all_files_come_at_once(tmp_path: Path, read: Read) -> None:
    (tmp_path / "1.md").write_text("[a]{vioce=b}", encoding="utf-8")
    (tmp_path / "2.md").write_bytes(b"caf\xe9")
    (tmp_path / "3.txt").write_text(" \n\n***\n", encoding="utf-8")
    (tmp_path / "4.epub").write_bytes(b"no")
    (tmp_path / "5.md").write_text("text", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read("1.md", "2.md", "3.txt", "4.epub", "absent.md", ChapterEntry(source="5.md", split="heading:2"))
    files = [problem.file for problem in caught.value.problems]
    assert files == ["1.md", "2.md", "3.txt", "4.epub", "project.yaml", "5.md"]
    assert "there is nothing to speak in it" in str(caught.value)
    assert "no heading of level 2; found none at all" in str(caught.value)


def test_a_book_of_which_everything_is_left_out_says_how_to_bring_it_back(
    make_epub: Make, read: Read, xhtml: Text, entry: Text
) -> None:
    make_epub({"a.xhtml": xhtml("<p>a</p>")}, nav=entry("a.xhtml", "Colophon"))
    with pytest.raises(InputError, match="name what is to be spoken with include: colophon"):
        read("book.epub")


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ("heading:0", "heading:1 to heading:6"),
        ("heading:two", "heading:1 to heading:6"),
        ("(", "is no regular expression"),
    ],
)
def test_a_split_that_means_nothing_is_reported(split: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_rule(split)


def test_split_by_pattern_makes_headings_of_what_it_matches(tmp_path: Path, read: Read) -> None:
    (tmp_path / "a.md").write_text("**One**\n\ntext\n\n**Two**\n\nmore", encoding="utf-8")
    chapters = read("a.md", split="One|Two").chapters
    assert [(chapter.title, chapter.blocks[0].kind) for chapter in chapters] == [
        *(("One", BlockKind.HEADING), ("Two", BlockKind.HEADING))
    ]
    with pytest.raises(InputError, match="no line begins with 'Three'"):
        read("a.md", split="Three")


def test_split_file_keeps_a_file_whole(tmp_path: Path, read: Read) -> None:
    (tmp_path / "a.md").write_text("# One\n\ntext\n\n# Two\n\nmore", encoding="utf-8")
    assert slugs(read("a.md", split="file")) == ["one"]


def test_text_before_the_first_chapter_is_a_chapter_of_its_own(tmp_path: Path, read: Read) -> None:
    (tmp_path / "the-book.md").write_text("A word before.\n\n# One\n\na\n\n# Two\n\nb", encoding="utf-8")
    assert [chapter.title for chapter in read("the-book.md").chapters] == ["The book", "One", "Two"]


def test_scene_breaks_at_the_ends_of_a_chapter_are_no_pause(tmp_path: Path, read: Read) -> None:
    (tmp_path / "a.txt").write_text("***\n\na\n\n***\n\n* * *\n\nb\n\n***\n", encoding="utf-8")
    kinds = [block.kind for block in read("a.txt").chapters[0].blocks]
    assert kinds == [BlockKind.PARAGRAPH, BlockKind.SCENE_BREAK, BlockKind.PARAGRAPH]


@pytest.mark.parametrize(
    ("stem", "title"),
    [("03-the_harbour", "The harbour"), ("1984", "1984"), ("12 Monkeys", "Monkeys"), ("quay", "Quay")],
)
def test_a_title_is_made_of_a_file_name(stem: str, title: str) -> None:
    assert title_from_stem(stem) == title


def test_reading_plain_text_loads_no_parser() -> None:
    heavy = ("lxml", "ebooklib", "markdown_it")
    code = f"import sys, pipeline.manuscript.reading; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_invisible_characters_of_a_chapter_are_one_skip(tmp_path: Path, read: Read) -> None:
    (tmp_path / "a.txt").write_text("Do\u00adnau\u2060\n\nDampf\u00adschiff\u2060", encoding="utf-8")
    assert [(skip.reason, skip.text) for skip in read("a.txt").chapters[0].skipped] == [
        *((SkipReason.SOFT_HYPHEN, "\u00ad\u00ad"), (SkipReason.INVISIBLE, "\u2060\u2060"))
    ]
