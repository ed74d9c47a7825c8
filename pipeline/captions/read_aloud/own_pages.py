"""Documents of our own for a manuscript of text or Markdown: plain, accessible XHTML (EPUB Accessibility 1.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from lxml import etree

from pipeline.captions.read_aloud.marking import XHTML, XHTML_PREFIXES
from pipeline.captions.read_aloud.places import Place, PlacedBlock
from pipeline.manuscript.model import Block, BlockKind
from pipeline.manuscript.traces import Origin, Slot
from pipeline.manuscript.xmltree import EPUB, XML
from pipeline.script.model import ChapterScript
from pipeline.script.words import ENGINE_TAG

_RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "syr", "ug", "ur", "yi"})
_RIGHT_TO_LEFT_SCRIPTS = frozenset({"arab", "hebr", "syrc", "thaa", "nkoo", "adlm"})


@dataclass(frozen=True, slots=True)
class _Look:
    """How a character is set: in another language, with emphasis."""

    language: str | None = None
    emphasis: str = ""


def direction(language: str) -> str:
    """The direction that a language (BCP 47) is written in: ``rtl`` or ``ltr``."""
    parts = language.lower().split("-")
    scripts = [part for part in parts[1:] if len(part) == 4 and part.isalpha()]
    if scripts:
        return "rtl" if scripts[0] in _RIGHT_TO_LEFT_SCRIPTS else "ltr"
    return "rtl" if parts[0] in _RIGHT_TO_LEFT else "ltr"


def empty_page(title: str, language: str) -> etree._Element:
    """An XHTML document with an empty body."""
    root = etree.Element(f"{{{XHTML}}}html", nsmap=XHTML_PREFIXES)
    root.set(f"{{{XML}}}lang", language)
    root.set("lang", language)
    root.set("dir", direction(language))
    head = etree.SubElement(root, f"{{{XHTML}}}head")
    etree.SubElement(head, f"{{{XHTML}}}meta").set("charset", "utf-8")
    etree.SubElement(head, f"{{{XHTML}}}title").text = title
    etree.SubElement(root, f"{{{XHTML}}}body")
    return root


def chapter_page(chapter: ChapterScript, language: str) -> tuple[etree._Element, list[PlacedBlock]]:
    """A chapter as a document, and where each of its blocks lies in it."""
    root = empty_page(chapter.title, language)
    body = root[1]
    body.text = "\n"
    section = etree.SubElement(body, f"{{{XHTML}}}section")
    section.text, section.tail = "\n", "\n"
    section.set("id", "chapter")
    section.set(f"{{{EPUB}}}type", "chapter")
    section.set("role", "doc-chapter")
    section.set("aria-label", chapter.title)
    highest = min((block.level for block in chapter.blocks if block.level), default=1)
    placed: list[PlacedBlock] = []
    at = 0
    for block in chapter.blocks:
        element = _element(section, block, highest, language)
        element.tail = "\n"
        if block.text:
            placed.append(_filled(element, block, at, block.language or language))
            at += len(block.text) + len("\n\n")
    return root, placed


def _element(section: etree._Element, block: Block, highest: int, language: str) -> etree._Element:
    if block.kind is BlockKind.SCENE_BREAK:
        return etree.SubElement(section, f"{{{XHTML}}}hr")
    name = f"h{max(1, block.level - highest + 1)}" if block.kind is BlockKind.HEADING else "p"
    element = etree.SubElement(section, f"{{{XHTML}}}{name}")
    if block.language is not None and block.language != language:
        _set_language(element, block.language)
        if direction(block.language) != direction(language):
            element.set("dir", direction(block.language))
    return element


def _filled(element: etree._Element, block: Block, char_start: int, language: str) -> PlacedBlock:
    """Write the block's text into its element; engines' tags are for engines."""
    runs: list[str] = []
    origins: list[Origin] = []
    places: list[Place | None] = [None] * len(block.text)
    open_look = _Look()
    for start, end, look in _stretches(block, language):
        text = block.text[start:end]
        if not runs or look != _Look() or open_look != _Look():
            runs.append("")
            origins.append(_next_slot(element, look))
            open_look = look
        offset = len(runs[-1])
        places[start:end] = [(len(runs) - 1, offset + at, offset + at + 1) for at in range(len(text))]
        runs[-1] += text
        _write(origins[-1], runs[-1])
    return PlacedBlock(char_start, tuple(runs), tuple(origins), tuple(places))


def _next_slot(element: etree._Element, look: _Look) -> Origin:
    """A place for text behind all that the element holds, set as ``look`` says."""
    inner = element
    if look.language is not None:
        inner = etree.SubElement(inner, f"{{{XHTML}}}span")
        _set_language(inner, look.language)
    if look.emphasis:
        inner = etree.SubElement(inner, f"{{{XHTML}}}{look.emphasis}")
    if inner is element and len(element):
        return Origin(element[-1], Slot.TAIL)
    return Origin(inner, Slot.TEXT)


def _write(origin: Origin, text: str) -> None:
    if origin.slot is Slot.TEXT:
        origin.element.text = text
    else:
        origin.element.tail = text


def _stretches(block: Block, language: str) -> Iterator[tuple[int, int, _Look]]:
    """The block's text in pieces that look the same, without engines' tags."""
    tags = [tag.span() for tag in ENGINE_TAG.finditer(block.text)] if "<" in block.text else []
    edges = {0, len(block.text)}
    for start, end in [*tags, *((e.start, e.end) for e in block.emphases), *((s.start, s.end) for s in block.spans)]:
        edges |= {start, end}
    cuts = sorted(edges)
    for start, end in pairwise(cuts):
        if not any(first <= start < past for first, past in tags):
            yield start, end, _look(block, start, language)


def _look(block: Block, at: int, language: str) -> _Look:
    said = next((span.language for span in block.spans if span.start <= at < span.end), None)
    found = next((one for one in block.emphases if one.start <= at < one.end), None)
    emphasis = "" if found is None else "strong" if found.strong else "em"
    return _Look(said if said != language else None, emphasis)


def _set_language(element: etree._Element, language: str) -> None:
    element.set(f"{{{XML}}}lang", language)
    element.set("lang", language)


def contents_list(entries: Sequence[tuple[str, str]]) -> etree._Element:
    """An ``ol`` of links: title and address."""
    found = etree.Element(f"{{{XHTML}}}ol")
    found.text = "\n"
    for title, address in entries:
        item = etree.SubElement(found, f"{{{XHTML}}}li")
        item.tail = "\n"
        link = etree.SubElement(item, f"{{{XHTML}}}a")
        link.set("href", address)
        link.text = title
    return found
