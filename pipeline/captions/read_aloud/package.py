"""What the package document says of the overlays, for books of our own and of others (EPUB 3.3, sections 5 and 9.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree

from pipeline.captions.read_aloud.clips import clock_value
from pipeline.captions.read_aloud.edition import Edition
from pipeline.captions.read_aloud.narration import ACTIVE_CLASS

OPF = "http://www.idpf.org/2007/opf"
DC = "http://purl.org/dc/elements/1.1/"
OPF_PREFIXES: Any = {None: OPF, "dc": DC}
OVERLAY_TYPE = "application/smil+xml"
AUDIO_TYPE = "audio/mp4"
"""AAC-LC in MP4, a core media type (EPUB 3.3, section 3.2)."""
NO_DATE = "1980-01-01T00:00:00Z"
"""``dcterms:modified`` where nobody says when: the day that the archive's files have, too."""


@dataclass(frozen=True, slots=True)
class Item:
    """A file for the manifest; ``href`` is relative to the package document and percent-encoded."""

    item_id: str
    href: str
    media_type: str
    properties: str = ""


@dataclass(frozen=True, slots=True)
class OverlayItem:
    """An overlay, how long it lasts, and the id of the document that it speaks."""

    item: Item
    duration_ms: int
    document_id: str


def add_items(manifest: etree._Element, items: Sequence[Item]) -> None:
    """Add files to the manifest, one a line."""
    for item in items:
        found = _appended(manifest, f"{{{OPF}}}item")
        found.set("id", item.item_id)
        found.set("href", item.href)
        found.set("media-type", item.media_type)
        if item.properties:
            found.set("properties", item.properties)


def add_overlays(package: etree._Element, overlays: Sequence[OverlayItem], edition: Edition) -> None:
    """Add overlays to the manifest, name them at their documents, and say how long they last and who reads."""
    manifest, metadata = part(package, "manifest"), part(package, "metadata")
    add_items(manifest, [overlay.item for overlay in overlays])
    documents = {item.get("id"): item for item in manifest.iter(f"{{{OPF}}}item")}
    for overlay in overlays:
        documents[overlay.document_id].set("media-overlay", overlay.item.item_id)
        add_meta(metadata, "media:duration", clock_value(overlay.duration_ms), refines=overlay.item.item_id)
    add_meta(metadata, "media:duration", clock_value(sum(overlay.duration_ms for overlay in overlays)))
    if edition.narrator:
        add_meta(metadata, "media:narrator", edition.narrator)
    add_meta(metadata, "media:active-class", ACTIVE_CLASS)


def add_meta(metadata: etree._Element, name: str, value: str, *, refines: str | None = None) -> None:
    """Add a ``meta`` of EPUB 3."""
    found = _appended(metadata, f"{{{OPF}}}meta")
    found.set("property", name)
    if refines is not None:
        found.set("refines", f"#{refines}")
    found.text = value


def add_element(metadata: etree._Element, name: str, value: str, element_id: str | None = None) -> None:
    """Add a Dublin Core element."""
    found = _appended(metadata, f"{{{DC}}}{name}")
    if element_id is not None:
        found.set("id", element_id)
    found.text = value


def said(metadata: etree._Element, name: str) -> list[str]:
    """The values of a ``meta`` of the book itself."""
    return [
        (meta.text or "").strip()
        for meta in metadata.iter(f"{{{OPF}}}meta")
        if meta.get("property") == name and meta.get("refines") is None
    ]


def remove_attribute(element: etree._Element, name: str) -> None:
    """Take an attribute away, if it is there."""
    if name in element.attrib:
        del element.attrib[name]


def part(package: etree._Element, name: str) -> etree._Element:
    """A part of the package document, such as ``manifest``."""
    return next(package.iter(f"{{{OPF}}}{name}"))


def written(root: etree._Element, *, doctype: str | None = None) -> bytes:
    """A document as bytes, in UTF-8, with all that stands before its root; ``doctype`` in place of its own."""
    tree = root.getroottree()
    if doctype is None:
        return bytes(etree.tostring(tree, encoding="utf-8", xml_declaration=True)) + b"\n"
    return bytes(etree.tostring(tree, encoding="utf-8", xml_declaration=True, doctype=doctype)) + b"\n"


def _appended(parent: etree._Element, tag: str) -> etree._Element:
    if not len(parent):
        parent.text = "\n    "
    elif not (parent[-1].tail or "").strip():
        parent[-1].tail = "\n    "
    found = etree.SubElement(parent, tag)
    found.tail = "\n  "
    return found
