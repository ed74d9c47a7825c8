"""A read-aloud book made of a publisher's EPUB: its own documents, styles, pictures and navigation, and overlays."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from lxml import etree

from pipeline.captions.read_aloud.archive import Entry
from pipeline.captions.read_aloud.edition import Edition, NarratedChapter
from pipeline.captions.read_aloud.marking import XHTML
from pipeline.captions.read_aloud.narration import (
    STYLESHEET,
    MarkedPage,
    link_stylesheet,
    mark_pages,
    relative,
)
from pipeline.captions.read_aloud.overlay import duration_ms, write_overlay
from pipeline.captions.read_aloud.package import (
    AUDIO_TYPE,
    NO_DATE,
    OVERLAY_TYPE,
    Item,
    OverlayItem,
    add_items,
    add_meta,
    add_overlays,
    part,
    said,
    written,
)
from pipeline.captions.read_aloud.package_upgrade import contents_page, is_old, upgrade_package
from pipeline.captions.read_aloud.page_upgrade import as_xhtml, keep_tags_open, properties_of, upgrade_page
from pipeline.captions.read_aloud.source_book import SourceBook, drop_old_overlays
from pipeline.captions.read_aloud.source_pages import source_pages
from pipeline.errors import InputError, Problem
from pipeline.manuscript.navigation import Entry as Contents
from pipeline.manuscript.navigation import read_ncx
from pipeline.manuscript.xmltree import parse_page, parse_xml, text_within

_PAGE_TYPE = "application/xhtml+xml"
_NCX_TYPE = "application/x-dtbncx+xml"
_OPF_ITEM = "{http://www.idpf.org/2007/opf}item"
_OPF_REFERENCE = "{http://www.idpf.org/2007/opf}itemref"
_FEATURES = (
    ("schema:accessMode", "textual"),
    ("schema:accessMode", "auditory"),
    ("schema:accessibilityFeature", "synchronizedAudioText"),
)


def kept_book(book: SourceBook, chapters: Sequence[NarratedChapter], edition: Edition) -> Iterator[Entry]:
    """The files of the book. Documents that are not narrated stay as they are, byte for byte, if it is an EPUB 3.

    Raises InputError for text that is not where the manuscript found it, and for an unreadable document.
    """
    pages = source_pages(book, chapters)
    left_behind = drop_old_overlays(book)
    old = is_old(book.package)
    changed: dict[str, bytes] = {}
    if old:
        changed |= _upgraded(book, {page.name: page.root for page in pages}, edition)
    folder = _fresh_folder(book)
    audio = [f"{folder}/audio-{number:03d}.m4a" for number in range(1, len(chapters) + 1)]
    overlays = {page.name: f"{folder}/overlay-{number:03d}.smil" for number, page in enumerate(pages, 1)}
    marked = mark_pages(pages, chapters, audio, overlays, language=edition.language, granularity=edition.granularity)
    marked = [page for page in marked if page.pars]
    if not marked:
        raise InputError([Problem(book.shown, 0, 0, "nothing of it is narrated, so there is nothing to mark")])
    stylesheet = f"{folder}/read-aloud.css"
    for page in marked:
        link_stylesheet(page.root, relative(stylesheet, page.name))
        changed[page.name] = _page_bytes(page.root, old=old)
    heard = {par.audio for page in marked for par in page.pars}
    used = [(name, chapter) for name, chapter in zip(audio, chapters, strict=True) if posixpath.basename(name) in heard]
    _register(book, marked, overlays, stylesheet, [name for name, _ in used], edition)
    changed[book.package_name] = written(book.package)
    for name, content in book.files.items():
        if name not in left_behind:
            yield Entry(name, changed.pop(name, content))
    for name, content in changed.items():
        yield Entry(name, content)
    yield Entry(stylesheet, STYLESHEET.encode())
    for page in marked:
        overlay = overlays[page.name]
        yield Entry(overlay, "".join(write_overlay(relative(page.name, overlay), page.types, page.pars)).encode())
    for name, chapter in used:
        yield Entry(name, chapter.audio)


def _register(
    book: SourceBook,
    marked: Sequence[MarkedPage],
    overlays: dict[str, str],
    stylesheet: str,
    audio: Sequence[str],
    edition: Edition,
) -> None:
    """Enter what is new into the package document."""
    base, metadata = book.package_name, part(book.package, "metadata")
    prefix = _fresh_prefix(book)
    ids = {name: item_id for item_id, name in reversed(list(book.items.items()))}
    items = [Item(f"{prefix}-style", relative(stylesheet, base), "text/css")]
    items += [Item(f"{prefix}-audio-{at}", relative(name, base), AUDIO_TYPE) for at, name in enumerate(audio, 1)]
    add_items(part(book.package, "manifest"), items)
    spoken = [
        OverlayItem(
            Item(f"{prefix}-overlay-{at}", relative(overlays[page.name], base), OVERLAY_TYPE),
            duration_ms(page.pars),
            ids[page.name],
        )
        for at, page in enumerate(marked, 1)
    ]
    add_overlays(book.package, spoken, edition)
    _set_modified(metadata, edition.modified)
    for name, value in _FEATURES:
        if value not in said(metadata, name):
            add_meta(metadata, name, value)


def _set_modified(metadata: etree._Element, modified: str | None) -> None:
    found = [meta for meta in metadata if meta.get("property") == "dcterms:modified" and not meta.get("refines")]
    if not found:
        add_meta(metadata, "dcterms:modified", modified or NO_DATE)
    elif modified is not None:
        found[0].text = modified


def _upgraded(book: SourceBook, open_pages: dict[str, etree._Element], edition: Edition) -> dict[str, bytes]:
    """Upgrade an EPUB 2 in place: package, documents (those of ``open_pages`` stay open), a nav document."""
    upgrade_package(book.package, edition.title, edition.language)
    manifest = part(book.package, "manifest")
    changed: dict[str, bytes] = {}
    for item in manifest.iter(_OPF_ITEM):
        name = book.items[item.get("id") or ""]
        if item.get("media-type") != _PAGE_TYPE:
            continue
        root = open_pages.get(name)
        if root is None:
            root = as_xhtml(parse_page(book.files[name], shown=f"{book.shown}/{name}"))
        upgrade_page(root, edition.title)
        if properties_of(root):
            item.set("properties", properties_of(root))
        changed[name] = _page_bytes(root, old=True)
    name = posixpath.join(book.folder, _fresh_name(book, "nav", ".xhtml"))
    contents = contents_page(_contents(book, changed), edition.title, edition.language)
    changed[name] = _page_bytes(contents, old=True)
    nav = Item(f"{_fresh_prefix(book)}-nav", relative(name, book.package_name), _PAGE_TYPE, "nav")
    add_items(manifest, [nav])
    return changed


def _contents(book: SourceBook, pages: dict[str, bytes]) -> list[Contents]:
    """The entries of the NCX; a book without any gets one for each document, by its title."""
    for item in part(book.package, "manifest").iter(_OPF_ITEM):
        if item.get("media-type") == _NCX_TYPE:
            name = book.items[item.get("id") or ""]
            base = posixpath.relpath(name, book.folder or ".")
            entries = read_ncx(parse_xml(book.files[name], shown=f"{book.shown}/{name}"), base)
            found = [one for one in entries if posixpath.join(book.folder, one.document) in pages]
            if found:
                return found
    spine = [book.items[found.get("idref") or ""] for found in book.package.iter(_OPF_REFERENCE)]
    return [
        Contents(_title(pages[name]), posixpath.relpath(name, book.folder or "."), None, 1)
        for name in spine
        if name in pages
    ]


def _title(page: bytes) -> str:
    root = parse_xml(page, shown="")
    return " ".join(text_within(next(root.iter(f"{{{XHTML}}}title"))).split())


def _page_bytes(root: etree._Element, *, old: bool) -> bytes:
    keep_tags_open(root)
    return written(root, doctype="<!DOCTYPE html>") if old else written(root)


def _fresh_folder(book: SourceBook) -> str:
    number, folder = 1, posixpath.join(book.folder, "read-aloud")
    while any(name.startswith(f"{folder}/") or name == folder for name in book.files):
        number += 1
        folder = posixpath.join(book.folder, f"read-aloud-{number}")
    return folder


def _fresh_name(book: SourceBook, stem: str, suffix: str) -> str:
    number, name = 1, f"{stem}{suffix}"
    while posixpath.join(book.folder, name) in book.files:
        number += 1
        name = f"{stem}-{number}{suffix}"
    return name


def _fresh_prefix(book: SourceBook) -> str:
    """A beginning for ids that no id in the package document has."""
    taken = [element.get("id") or "" for element in book.package.iter("*")]
    prefix = "read-aloud"
    while any(name.startswith(f"{prefix}-") for name in taken):
        prefix += "-on"
    return prefix
