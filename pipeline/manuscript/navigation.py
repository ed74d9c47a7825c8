"""The navigation of an EPUB: the nav document of EPUB 3, the NCX of EPUB 2, as one list of entries."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from lxml import etree

from pipeline.manuscript.folding import Run, fold
from pipeline.manuscript.xmltree import epub_types, local_name, text_within


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its title, where it points, and how deep it lies (1: outermost).

    ``document`` is relative to the package document; ``fragment`` is the id of an element in it. ``types`` are
    what landmarks say of the place.
    """

    title: str
    document: str
    fragment: str | None
    depth: int
    types: tuple[str, ...] = ()


def read_navigation(root: etree._Element, base: str, kind: str = "toc") -> list[Entry]:
    """The entries of a nav document's list (``toc`` or ``landmarks``), outermost first, in order.

    ``base`` is the name of the document. Entries without a link (names of authors) and nested lists that are
    hidden lead nowhere; what lies within an entry without a link counts as one level deeper all the same.
    """
    for nav in root.iter("{*}nav"):
        if kind in epub_types(nav) or nav.get("role") == f"doc-{kind}":
            lists = [child for child in nav if local_name(child) == "ol"]
            return [entry for found in lists for entry in _listed(found, posixpath.dirname(base), 1)]
    return []


def read_ncx(root: etree._Element, base: str) -> list[Entry]:
    """The entries of an NCX (OPF 2.0.1, section 2.4.1)."""
    found = next(root.iter("{*}navMap"), None)
    return [] if found is None else list(_points(found, posixpath.dirname(base), 1))


def _listed(found: etree._Element, folder: str, depth: int) -> Iterator[Entry]:
    for item in found:
        for child in item:
            name = local_name(child)
            if name == "a" and child.get("href"):
                document, fragment = _target(child.get("href") or "", folder)
                yield Entry(_title(text_within(child)), document, fragment, depth, epub_types(child))
            elif name == "ol" and child.get("hidden") is None:
                yield from _listed(child, folder, depth + 1)


def _points(parent: etree._Element, folder: str, depth: int) -> Iterator[Entry]:
    for point in parent:
        if local_name(point) != "navpoint":
            continue
        label = next((child for child in point if local_name(child) == "navlabel"), None)
        content = next((child for child in point if local_name(child) == "content"), None)
        if content is not None and content.get("src"):
            document, fragment = _target(content.get("src") or "", folder)
            yield Entry("" if label is None else _title(text_within(label)), document, fragment, depth)
        yield from _points(point, folder, depth + 1)


def _target(href: str, folder: str) -> tuple[str, str | None]:
    path, _, fragment = href.partition("#")
    return posixpath.normpath(posixpath.join(folder, unquote(path))), unquote(fragment) or None


def _title(text: str) -> str:
    return fold([Run(text)]).text
