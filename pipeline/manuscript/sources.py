"""One source file read by the reader of its format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import InputError, Problem
from pipeline.manuscript.model import Skip, Source
from pipeline.manuscript.passages import Part
from pipeline.manuscript.plain import read_plain
from pipeline.manuscript.splitting import ReadFile, Rule
from pipeline.project.dictionaries import DictionaryEntry
from pipeline.project.encoding import read_text
from pipeline.project.models import Project

BOOK_SUFFIX = ".epub"
MOST_TEXT_BYTES = 32 * 2**20
"""The largest text file that is read: some forty novels."""


@dataclass(frozen=True, slots=True)
class BookParts:
    """An EPUB, read and cut; ``unused`` are pronunciations that no engine could use."""

    parts: tuple[Part, ...]
    entries: tuple[DictionaryEntry, ...]
    unused: tuple[Skip, ...]


def shown_name(project: Project, path: Path) -> str:
    """A path as messages and sources name it: relative to the project folder, with forward slashes."""
    return path.relative_to(project.folder).as_posix() if path.is_relative_to(project.folder) else path.name


def read_file(path: Path, shown: str, rule: Rule, language: str | None) -> ReadFile:
    """Read a text, Markdown or HTML file. Raises InputError for one that cannot be read, or of another kind."""
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        expected = ", ".join([*_READERS, BOOK_SUFFIX])
        raise InputError([Problem(shown, 0, 0, f"is of no kind that can be narrated; expected one of {expected}")])
    return reader(path, shown, rule, language)


def read_book(path: Path, shown: str, rule: Rule, language: str | None) -> BookParts:
    """Read an EPUB: parts, and the pronunciations of its lexicons. Raises InputError, or ValueError for ``rule``."""
    # EbookLib and lxml cost a tenth of a second to load: only who narrates an EPUB pays for it.
    from pipeline.manuscript.book_parts import book_parts  # noqa: PLC0415
    from pipeline.manuscript.epub import read_publication  # noqa: PLC0415
    from pipeline.manuscript.lexicon import read_lexicon  # noqa: PLC0415
    from pipeline.manuscript.navigation import read_navigation, read_ncx  # noqa: PLC0415
    from pipeline.manuscript.xmltree import parse_page, parse_xml  # noqa: PLC0415

    publication = read_publication(path, shown=shown)
    entries, landmarks = [], []
    if publication.navigation is not None:
        root = parse_page(publication.navigation.data, shown=f"{shown}/{publication.navigation.name}")
        entries = read_navigation(root, publication.navigation.name)
        landmarks = read_navigation(root, publication.navigation.name, "landmarks")
    if not entries and publication.ncx is not None:
        entries = read_ncx(
            parse_xml(publication.ncx.data, shown=f"{shown}/{publication.ncx.name}"), publication.ncx.name
        )
    parts = book_parts(publication, entries, landmarks, file=shown, rule=rule, language=language)
    pronunciations: list[DictionaryEntry] = []
    unused: list[Skip] = []
    for lexicon in publication.lexicons:
        root = parse_xml(lexicon.data, shown=f"{shown}/{lexicon.name}")
        found, rejected = read_lexicon(root, Source(shown, 0, 0, lexicon.name))
        pronunciations += found
        unused += rejected
    return BookParts(tuple(parts), tuple(pronunciations), tuple(unused))


def _plain_file(path: Path, shown: str, rule: Rule, language: str | None) -> ReadFile:  # noqa: ARG001 -- one shape
    text = read_text(path, shown=shown, limit_bytes=MOST_TEXT_BYTES)
    return ReadFile(shown, path.stem, read_plain(text, shown, rule.pattern))


def _markdown_file(path: Path, shown: str, rule: Rule, language: str | None) -> ReadFile:  # noqa: ARG001
    from pipeline.manuscript.markdown import read_markdown  # noqa: PLC0415 -- the parser loads when it is needed

    text = read_text(path, shown=shown, limit_bytes=MOST_TEXT_BYTES)
    document = read_markdown(text, shown)
    return ReadFile(shown, path.stem, document.passages, document.title)


def _html_file(path: Path, shown: str, rule: Rule, language: str | None) -> ReadFile:  # noqa: ARG001
    from pipeline.manuscript.html import Page, read_page  # noqa: PLC0415 -- lxml loads when it is needed
    from pipeline.manuscript.xmltree import parse_html, parse_page  # noqa: PLC0415

    data = read_text(path, shown=shown, limit_bytes=MOST_TEXT_BYTES).encode()
    is_xml = path.suffix.lower() in {".xhtml", ".xht"} or data.lstrip().startswith(b"<?xml")
    root = parse_page(data, shown=shown) if is_xml else parse_html(data, shown=shown)
    passages = () if root is None else read_page(root, Page(shown, language=language))
    return ReadFile(shown, path.stem, passages)


_Reader = Callable[[Path, str, Rule, "str | None"], ReadFile]
_READERS: dict[str, _Reader] = {
    ".txt": _plain_file,
    ".text": _plain_file,
    ".md": _markdown_file,
    ".markdown": _markdown_file,
    ".html": _html_file,
    ".htm": _html_file,
    ".xhtml": _html_file,
    ".xht": _html_file,
}
