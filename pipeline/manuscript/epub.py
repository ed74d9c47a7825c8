"""EPUB 2 and 3 through EbookLib: the one module that touches it. What comes out is plain data."""

from __future__ import annotations

import io
import posixpath
import warnings
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from ebooklib import epub
from lxml import etree

from pipeline.errors import InputError, Problem
from pipeline.manuscript.archive import UNPACKING_ERRORS, check_archive

_PAGES = {"application/xhtml+xml", "text/html"}
_LEXICON = "application/pls+xml"
_NCX = "application/x-dtbncx+xml"
_FACTS = ("title", "creator", "language")
_PICTURES = {"image/jpeg", "image/png"}


@dataclass(frozen=True, slots=True)
class Resource:
    """A file of the book: its name relative to the package document, and its bytes."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Publication:
    """What is needed of an EPUB: documents in reading order (``linear="no"`` left out), navigation, lexicons.

    ``aside`` names the documents of the spine that are not part of the reading order. ``guide`` gives the types
    by which the EPUB 2 guide knows a document.
    """

    documents: tuple[Resource, ...]
    aside: tuple[Resource, ...]
    navigation: Resource | None
    ncx: Resource | None
    lexicons: tuple[Resource, ...]
    guide: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class BookFacts:
    """What an EPUB says of itself: title, authors and language as written (None: not), and its cover (JPEG or PNG)."""

    title: str | None
    author: str | None
    language: str | None
    cover: Resource | None


def read_facts(path: Path, *, shown: str) -> BookFacts:
    """What the book says of itself. Raises InputError, as :func:`read_publication` does."""
    check_archive(path, shown=shown)
    book = _open(path, shown)
    said = {name: [str(value) for value, _ in book.get_metadata("DC", name) if value] for name in _FACTS}
    cover = next((item for item in book.get_items() if isinstance(item, epub.EpubCover)), None)
    return BookFacts(
        title=said["title"][0] if said["title"] else None,
        author=", ".join(said["creator"]) or None,
        language=said["language"][0] if said["language"] else None,
        cover=_resource(cover) if cover is not None and cover.media_type in _PICTURES else None,
    )


def read_publication(path: Path, *, shown: str) -> Publication:
    """Read an EPUB. Raises InputError for one that is hostile, protected or broken, before or while it is opened."""
    check_archive(path, shown=shown)
    book = _open(path, shown)
    items = {item.get_id(): item for item in book.get_items()}
    reading: list[Resource] = []
    aside: list[Resource] = []
    for identifier, linear in book.spine:
        item = items.get(identifier)
        if item is not None and item.media_type in _PAGES:
            (aside if linear == "no" else reading).append(Resource(item.file_name, item.content))
    if not reading:
        raise InputError([Problem(shown, 0, 0, "has no text in its reading order; export it again")])
    kinds = [(item.media_type, Resource(item.file_name, item.content)) for item in items.values()]
    return Publication(
        documents=tuple(reading),
        aside=tuple(aside),
        navigation=next((_resource(item) for item in items.values() if isinstance(item, epub.EpubNav)), None),
        ncx=next((resource for kind, resource in kinds if kind == _NCX), None),
        lexicons=tuple(resource for kind, resource in kinds if kind == _LEXICON),
        guide=_guide(book),
    )


def _open(path: Path, shown: str) -> epub.EpubBook:
    """EbookLib reports broken books by whatever its parsing code happens to raise; mapped here, once."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return epub.read_epub(io.BytesIO(path.read_bytes()), {"ignore_ncx": True})
    except (epub.EpubException, etree.LxmlError, LookupError, AttributeError, TypeError, ValueError) as exc:
        reason = f"{type(exc).__name__}: {exc}" if str(exc) else type(exc).__name__
        message = f"its package or navigation is damaged ({reason}); check it with EPUBCheck, or export it again"
        raise InputError([Problem(shown, 0, 0, message)]) from exc
    except UNPACKING_ERRORS as exc:
        raise InputError([Problem(shown, 0, 0, f"cannot be unpacked: {exc}; export it again")]) from exc


def _resource(item: epub.EpubItem) -> Resource:
    return Resource(item.file_name, item.content)


def _guide(book: epub.EpubBook) -> dict[str, tuple[str, ...]]:
    """Types by document; entries that point into a document say nothing of all of it."""
    types: dict[str, tuple[str, ...]] = {}
    for entry in book.guide:
        name = posixpath.normpath(unquote(entry.get("href") or ""))
        if "#" not in name and entry.get("type"):
            types[name] = (*types.get(name, ()), entry["type"])
    return types
