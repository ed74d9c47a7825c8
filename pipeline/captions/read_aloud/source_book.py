"""A publisher's EPUB, opened to be given overlays: every file of it stays, but for what has to change."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from lxml import etree

from pipeline.captions.read_aloud.package import OPF, OVERLAY_TYPE, part, remove_attribute
from pipeline.errors import InputError, Problem
from pipeline.manuscript.archive import UNPACKING_ERRORS, check_archive
from pipeline.manuscript.xmltree import parse_xml

_CONTAINER = "META-INF/container.xml"
_PACKAGE_TYPE = "application/oebps-package+xml"
_LEFT_BEHIND = {"mimetype", "META-INF/signatures.xml"}
"""Written anew; and signatures, which do not hold of a book that has changed."""


@dataclass(frozen=True, slots=True)
class SourceBook:
    """An EPUB's files by name, in the archive's order, and its package document.

    ``items`` are the names of the manifest's files by id.
    """

    shown: str
    files: Mapping[str, bytes]
    package_name: str
    package: etree._Element
    items: Mapping[str, str]

    @property
    def folder(self) -> str:
        """Where the package document lies: names in the manuscript's sources are relative to it."""
        return posixpath.dirname(self.package_name)


def open_book(path: Path, *, shown: str) -> SourceBook:
    """Read an EPUB whole. Raises InputError for one that reading a manuscript refuses, too."""
    check_archive(path, shown=shown)
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in dict.fromkeys(archive.namelist()) if not name.endswith("/")]
            files = {name: archive.read(name) for name in names if name not in _LEFT_BEHIND}
    except UNPACKING_ERRORS as exc:
        raise InputError([Problem(shown, 0, 0, f"cannot be unpacked: {exc}; export it again")]) from exc
    package_name = _package_name(parse_xml(files[_CONTAINER], shown=f"{shown}/{_CONTAINER}"))
    package = parse_xml(files[package_name], shown=f"{shown}/{package_name}")
    folder = posixpath.dirname(package_name)
    items = {
        item.get("id") or "": _item_name(item, folder, files)
        for item in part(package, "manifest").iter(f"{{{OPF}}}item")
    }
    return SourceBook(shown, files, package_name, package, items)


def drop_old_overlays(book: SourceBook) -> set[str]:
    """Take overlays that the book came with out of the package; return the names of the files to leave behind.

    A document may have one overlay only (EPUB 3.3, 9.3.1). Audio goes with them unless a document plays it, too.
    """
    manifest, metadata = part(book.package, "manifest"), part(book.package, "metadata")
    overlays = [item for item in manifest.iter(f"{{{OPF}}}item") if item.get("media-type") == OVERLAY_TYPE]
    if not overlays:
        return set()
    dropped = {book.items[item.get("id") or ""] for item in overlays}
    heard = {name for overlay in dropped for name in _audio_of(book, overlay)}
    pages = b"".join(data for name, data in book.files.items() if name.lower().endswith((".xhtml", ".html", ".htm")))
    dropped |= {name for name in heard if posixpath.basename(name).encode() not in pages}
    for item in list(manifest.iter(f"{{{OPF}}}item")):
        remove_attribute(item, "media-overlay")
        if book.items[item.get("id") or ""] in dropped:
            manifest.remove(item)
    for meta in list(metadata.iter(f"{{{OPF}}}meta")):
        if (meta.get("property") or "").startswith("media:"):
            metadata.remove(meta)
    return dropped


def _audio_of(book: SourceBook, overlay: str) -> Iterator[str]:
    root = parse_xml(book.files[overlay], shown=f"{book.shown}/{overlay}")
    for audio in root.iter("{*}audio"):
        target = unquote((audio.get("src") or "").partition("#")[0])
        yield posixpath.normpath(posixpath.join(posixpath.dirname(overlay), target))


def _package_name(container: etree._Element) -> str:
    """The last package document that is named: the one that EbookLib reads, and the manuscript was read from."""
    named = [
        root.get("full-path") or "" for root in container.iter("{*}rootfile") if root.get("media-type") == _PACKAGE_TYPE
    ]
    return posixpath.normpath(named[-1])


def _item_name(item: etree._Element, folder: str, files: Mapping[str, bytes]) -> str:
    href = item.get("href") or ""
    for written in (unquote(href), href):
        name = posixpath.normpath(posixpath.join(folder, written))
        if name in files:
            return name
    return posixpath.normpath(posixpath.join(folder, unquote(href)))
