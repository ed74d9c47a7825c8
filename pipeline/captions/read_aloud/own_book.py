"""A read-aloud book whose documents are ours: made of text, of Markdown, or of several sources."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence

from lxml import etree

from pipeline.assembly.cover import Cover
from pipeline.captions.read_aloud.archive import Entry
from pipeline.captions.read_aloud.edition import Edition, NarratedChapter
from pipeline.captions.read_aloud.marking import XHTML
from pipeline.captions.read_aloud.narration import STYLESHEET, MarkedPage, Page, link_stylesheet, mark_pages
from pipeline.captions.read_aloud.overlay import duration_ms, write_overlay
from pipeline.captions.read_aloud.own_pages import chapter_page, contents_list, direction, empty_page
from pipeline.captions.read_aloud.package import (
    AUDIO_TYPE,
    NO_DATE,
    OPF,
    OPF_PREFIXES,
    OVERLAY_TYPE,
    Item,
    OverlayItem,
    add_element,
    add_items,
    add_meta,
    add_overlays,
    written,
)
from pipeline.manuscript.xmltree import EPUB

_FOLDER = "EPUB"
_PAGE_TYPE = "application/xhtml+xml"
_CONTAINER = b"""<?xml version="1.0" encoding="UTF-8"?>
<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">
  <rootfiles>
    <rootfile full-path="EPUB/package.opf" media-type="application/oebps-package+xml"/>
  </rootfiles>
</container>
"""
_STYLE = """body {
  margin: 5%;
  line-height: 1.5;
}

h1, h2, h3, h4, h5, h6 {
  line-height: 1.2;
  margin: 2em 0 1em;
  text-align: center;
}

p {
  margin: 0;
  text-indent: 1.2em;
}

h1 + p, h2 + p, h3 + p, hr + p {
  text-indent: 0;
}

hr {
  border: 0;
  border-top: 1px solid;
  margin: 2em auto;
  width: 20%;
}

.cover img {
  display: block;
  margin: 0 auto;
  max-height: 95vh;
  max-width: 100%;
}

"""
_ACCESSIBILITY = (
    ("schema:accessMode", "textual"),
    ("schema:accessMode", "auditory"),
    ("schema:accessModeSufficient", "textual"),
    ("schema:accessModeSufficient", "auditory"),
    ("schema:accessibilityFeature", "synchronizedAudioText"),
    ("schema:accessibilityFeature", "structuralNavigation"),
    ("schema:accessibilityFeature", "tableOfContents"),
    ("schema:accessibilityFeature", "readingOrder"),
    ("schema:accessibilityFeature", "displayTransformability"),
    ("schema:accessibilityHazard", "none"),
)


def own_book(chapters: Sequence[NarratedChapter], edition: Edition) -> Iterator[Entry]:
    """The files of the book: a document, an overlay and the audio for each chapter. Raises ValueError without any."""
    if not chapters:
        raise ValueError("a book needs a chapter")
    digits = max(3, len(str(len(chapters))))
    stems = [f"chapter-{number:0{digits}d}" for number in range(1, len(chapters) + 1)]
    pages = []
    for at, (stem, chapter) in enumerate(zip(stems, chapters, strict=True)):
        root, blocks = chapter_page(chapter.script, edition.language)
        link_stylesheet(root, "../style.css")
        pages.append(Page(f"text/{stem}.xhtml", root, tuple((at, block) for block in blocks)))
    marked = mark_pages(
        pages,
        chapters,
        [f"audio/{stem}.m4a" for stem in stems],
        {page.name: f"overlays/{stem}.smil" for page, stem in zip(pages, stems, strict=True)},
        language=edition.language,
        granularity=edition.granularity,
    )
    yield Entry("META-INF/container.xml", _CONTAINER)
    package = written(_package(stems, marked, edition))
    files = _files(stems, chapters, marked, edition)
    yield Entry(f"{_FOLDER}/package.opf", package)
    for name, content in files.items():
        yield Entry(f"{_FOLDER}/{name}", content)
    for stem, chapter in zip(stems, chapters, strict=True):
        yield Entry(f"{_FOLDER}/audio/{stem}.m4a", chapter.audio)


def _files(
    stems: Sequence[str], chapters: Sequence[NarratedChapter], marked: Sequence[MarkedPage], edition: Edition
) -> Mapping[str, bytes]:
    titles = [chapter.script.title for chapter in chapters]
    files = {"nav.xhtml": _page_bytes(_navigation(stems, titles, edition))}
    files["style.css"] = (_STYLE + STYLESHEET).encode()
    if edition.cover is not None:
        files["cover.xhtml"] = _page_bytes(_cover_page(edition.cover, edition))
        files[_cover_name(edition.cover)] = edition.cover.data
    for stem, page in zip(stems, marked, strict=True):
        files[page.name] = _page_bytes(page.root)
        if page.pars:
            overlay = "".join(write_overlay(f"../{page.name}", "bodymatter", page.pars))
            files[f"overlays/{stem}.smil"] = overlay.encode()
    return files


def _package(stems: Sequence[str], marked: Sequence[MarkedPage], edition: Edition) -> etree._Element:
    package = etree.Element(f"{{{OPF}}}package", nsmap=OPF_PREFIXES)
    package.set("version", "3.0")
    package.set("unique-identifier", "book-id")
    package.set("{http://www.w3.org/XML/1998/namespace}lang", edition.language)
    package.set("dir", direction(edition.language))
    package.text = "\n  "
    metadata = etree.SubElement(package, f"{{{OPF}}}metadata")
    manifest = etree.SubElement(package, f"{{{OPF}}}manifest")
    spine = etree.SubElement(package, f"{{{OPF}}}spine")
    for child in (metadata, manifest, spine):
        child.tail = "\n  "
    _describe(metadata, edition)
    add_items(manifest, list(_items(stems, edition)))
    if direction(edition.language) == "rtl":
        spine.set("page-progression-direction", "rtl")
    for stem in ["cover", *stems] if edition.cover is not None else stems:
        etree.SubElement(spine, f"{{{OPF}}}itemref").set("idref", stem)
    overlays = [
        OverlayItem(Item(f"{stem}-overlay", f"overlays/{stem}.smil", OVERLAY_TYPE), duration_ms(page.pars), stem)
        for stem, page in zip(stems, marked, strict=True)
        if page.pars
    ]
    add_overlays(package, overlays, edition)
    return package


def _describe(metadata: etree._Element, edition: Edition) -> None:
    identity = "\n".join([edition.title, edition.author or "", edition.language])
    add_element(metadata, "identifier", f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, identity)}", "book-id")
    add_element(metadata, "title", edition.title)
    add_element(metadata, "language", edition.language)
    if edition.author:
        add_element(metadata, "creator", edition.author, "author")
    if edition.narrator:
        add_element(metadata, "contributor", edition.narrator, "narrator")
    for name, value in (
        ("publisher", edition.publisher), ("date", edition.date), ("description", edition.description),
    ):  # fmt: skip
        if value:
            add_element(metadata, name, value)
    add_meta(metadata, "dcterms:modified", edition.modified or NO_DATE)
    for name, value in _ACCESSIBILITY:
        add_meta(metadata, name, value)
    summary = (
        f"The whole text is here to be read and to be heard: every {edition.granularity} is highlighted while it is "
        "spoken. Chapters are headed and listed in the table of contents."
    )
    add_meta(metadata, "schema:accessibilitySummary", summary)


def _items(stems: Sequence[str], edition: Edition) -> Iterator[Item]:
    yield Item("nav", "nav.xhtml", _PAGE_TYPE, "nav")
    yield Item("style", "style.css", "text/css")
    if edition.cover is not None:
        yield Item("cover-image", _cover_name(edition.cover), edition.cover.mime, "cover-image")
        yield Item("cover", "cover.xhtml", _PAGE_TYPE)
    for stem in stems:
        yield Item(stem, f"text/{stem}.xhtml", _PAGE_TYPE)
        yield Item(f"{stem}-audio", f"audio/{stem}.m4a", AUDIO_TYPE)


def _navigation(stems: Sequence[str], titles: Sequence[str], edition: Edition) -> etree._Element:
    root = empty_page(edition.title, edition.language)
    link_stylesheet(root, "style.css")
    entries = [(title, f"text/{stem}.xhtml") for title, stem in zip(titles, stems, strict=True)]
    toc = _nav(root[1], "toc", edition.title)
    toc.append(contents_list(entries))
    landmarks = _nav(root[1], "landmarks", None)
    landmarks.set("hidden", "hidden")
    found = [("cover", edition.title, "cover.xhtml")] if edition.cover is not None else []
    found += [("bodymatter", *entries[0])]
    landmarks.append(contents_list([(title, address) for _, title, address in found]))
    for link, (kind, _, _) in zip(landmarks.iter(f"{{{XHTML}}}a"), found, strict=True):
        link.set(f"{{{EPUB}}}type", kind)
    return root


def _nav(body: etree._Element, kind: str, heading: str | None) -> etree._Element:
    nav = etree.SubElement(body, f"{{{XHTML}}}nav")
    nav.tail = "\n"
    nav.set(f"{{{EPUB}}}type", kind)
    nav.set("id", kind)
    if kind == "toc":
        nav.set("role", "doc-toc")
    if heading is not None:
        etree.SubElement(nav, f"{{{XHTML}}}h1").text = heading
    return nav


def _cover_page(cover: Cover, edition: Edition) -> etree._Element:
    root = empty_page(edition.title, edition.language)
    link_stylesheet(root, "style.css")
    section = etree.SubElement(root[1], f"{{{XHTML}}}section")
    section.set(f"{{{EPUB}}}type", "cover")
    section.set("class", "cover")
    picture = etree.SubElement(section, f"{{{XHTML}}}img")
    picture.set("src", _cover_name(cover))
    picture.set("alt", edition.title)
    picture.set("role", "doc-cover")
    return root


def _cover_name(cover: Cover) -> str:
    return "cover.png" if cover.mime == "image/png" else "cover.jpg"


def _page_bytes(root: etree._Element) -> bytes:
    return written(root, doctype="<!DOCTYPE html>")
