"""The package document of EPUB 2 (OPF 2.0.1) as one of EPUB 3.3."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lxml import etree

from pipeline.captions.read_aloud.marking import XHTML
from pipeline.captions.read_aloud.narration import relative
from pipeline.captions.read_aloud.own_pages import empty_page
from pipeline.captions.read_aloud.package import DC, OPF, add_element, add_meta, part, remove_attribute
from pipeline.manuscript.navigation import Entry
from pipeline.manuscript.xmltree import EPUB, local_name

_REFINED = ("role", "file-as")
_OLD_ITEM_ATTRIBUTES = ("required-namespace", "required-modules", "fallback-style")
_PAGE_TYPES = {"text/html", "text/x-oeb1-document", "application/html+xml"}


def is_old(package: etree._Element) -> bool:
    """Whether a package document is of an EPUB before version 3."""
    return not (package.get("version") or "").startswith("3")


def upgrade_package(package: etree._Element, title: str, language: str) -> None:
    """Make a package document one of version 3.0, in place; ``title`` and ``language`` where it has none."""
    package.set("version", "3.0")
    metadata = part(package, "metadata")
    _unwrap_metadata(metadata)
    _mend_elements(metadata)
    for name, value in (("identifier", "unknown"), ("title", title), ("language", language)):
        if metadata.find(f"{{{DC}}}{name}") is None:
            add_element(metadata, name, value)
    _mend_identifier(package, metadata)
    for item in part(package, "manifest").iter(f"{{{OPF}}}item"):
        for name in _OLD_ITEM_ATTRIBUTES:
            remove_attribute(item, name)
        if item.get("media-type") in _PAGE_TYPES:
            item.set("media-type", "application/xhtml+xml")
    remove_attribute(part(package, "spine"), "page-map")
    for old in list(package.iter(f"{{{OPF}}}tours")):
        package.remove(old)
    _mark_cover(package, metadata)


def contents_page(entries: Sequence[Entry], title: str, language: str) -> etree._Element:
    """A nav document for entries whose documents are relative to it; deeper entries lie within shallower ones."""
    root = empty_page(title, language)
    nav = etree.SubElement(root[1], f"{{{XHTML}}}nav")
    nav.set(f"{{{EPUB}}}type", "toc")
    nav.set("id", "toc")
    lists = [etree.SubElement(nav, f"{{{XHTML}}}ol")]
    depths = [entries[0].depth if entries else 1]
    for entry in entries:
        while len(lists) > 1 and entry.depth < depths[-1]:
            lists.pop()
            depths.pop()
        if len(lists[-1]) and entry.depth > depths[-1]:
            lists.append(etree.SubElement(lists[-1][-1], f"{{{XHTML}}}ol"))
            depths.append(entry.depth)
        item = etree.SubElement(lists[-1], f"{{{XHTML}}}li")
        link = etree.SubElement(item, f"{{{XHTML}}}a")
        link.set("href", relative(entry.document, "") + (f"#{entry.fragment}" if entry.fragment else ""))
        link.text = entry.title or entry.document
    return root


def _unwrap_metadata(metadata: etree._Element) -> None:
    """``dc-metadata`` and ``x-metadata`` of the oldest books."""
    for wrapper in [child for child in metadata if local_name(child) in {"dc-metadata", "x-metadata"}]:
        for child in list(wrapper):
            metadata.append(child)
        metadata.remove(wrapper)


def _mend_elements(metadata: etree._Element) -> None:
    dates = 0
    for number, element in enumerate(list(metadata)):
        if not isinstance(element.tag, str):
            continue
        if local_name(element) == "meta":
            if not element.get("name") or not element.get("content"):
                metadata.remove(element)
            continue
        text = (element.text or "").strip()
        dates += local_name(element) == "date"
        if not text or (local_name(element) == "date" and dates > 1):
            metadata.remove(element)
            continue
        for name, value in list(_old_attributes(element)):
            del element.attrib[f"{{{OPF}}}{name}"]
            if name in _REFINED and local_name(element) in {"creator", "contributor", "title", "publisher"}:
                element.set("id", element.get("id") or f"described-{number}")
                add_meta(metadata, name, value, refines=element.get("id"))
                if name == "role":
                    metadata[-1].set("scheme", "marc:relators")


def _old_attributes(element: etree._Element) -> Iterator[tuple[str, str]]:
    for key, value in element.attrib.items():
        name = str(key)
        if name.startswith(f"{{{OPF}}}"):
            yield name.rpartition("}")[2], str(value)


def _mend_identifier(package: etree._Element, metadata: etree._Element) -> None:
    found = list(metadata.iter(f"{{{DC}}}identifier"))
    unique = next((one for one in found if one.get("id") == package.get("unique-identifier")), found[0])
    unique.set("id", unique.get("id") or "unique-identifier")
    package.set("unique-identifier", unique.get("id") or "")


def _mark_cover(package: etree._Element, metadata: etree._Element) -> None:
    named = next((m.get("content") for m in metadata.iter(f"{{{OPF}}}meta") if m.get("name") == "cover"), None)
    for item in part(package, "manifest").iter(f"{{{OPF}}}item"):
        if item.get("id") == named and (item.get("media-type") or "").startswith("image/"):
            item.set("properties", "cover-image")
