"""Documents of a book being marked, and the overlays that come of it."""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from lxml import etree

from pipeline.captions.read_aloud.clips import clip_times
from pipeline.captions.read_aloud.edition import NarratedChapter
from pipeline.captions.read_aloud.marking import XHTML, Mark, mark_block
from pipeline.captions.read_aloud.overlay import Container, Par
from pipeline.captions.read_aloud.places import PlacedBlock
from pipeline.captions.read_aloud.spoken_units import spoken_units
from pipeline.manuscript.xmltree import epub_types, local_name
from pipeline.project.captions import Granularity

ACTIVE_CLASS = "-epub-media-overlay-active"
"""The class a reading system sets on what is heard; the name that EPUB 3.3, 9.3.4 uses in its examples."""
STYLESHEET = f""".{ACTIVE_CLASS} {{
  background-color: #ffe58a;
  color: #1a1a1a;
}}

@media (prefers-color-scheme: dark) {{
  .{ACTIVE_CLASS} {{
    background-color: #5a4a00;
    color: #ffffff;
  }}
}}
"""
_CONTAINERS = frozenset({"section", "article", "aside", "blockquote", "figure", "ol", "ul", "dl"})


@dataclass(frozen=True, slots=True)
class Page:
    """A document to be marked: its name in the book and its tree, with the narrated blocks by chapter, in order."""

    name: str
    root: etree._Element
    blocks: tuple[tuple[int, PlacedBlock], ...]


@dataclass(frozen=True, slots=True)
class MarkedPage:
    """A marked document and its pars; ``types`` is what the document is (``epub:type``)."""

    name: str
    root: etree._Element
    pars: tuple[Par, ...]
    types: str = ""


@dataclass(slots=True)
class _Marked:
    page: Page
    chapter: int
    mark: Mark
    start_sample: int
    clip: tuple[int, int] = field(default=(0, 0))


def mark_pages(
    pages: Sequence[Page],
    chapters: Sequence[NarratedChapter],
    audio: Sequence[str],
    overlays: Mapping[str, str],
    *,
    language: str,
    granularity: Granularity,
) -> list[MarkedPage]:
    """Mark every page and time every mark.

    ``audio`` names each chapter's file, ``overlays`` the overlay of each page, all in the book. A page whose blocks
    hold no timed word comes back without pars.
    """
    found: list[_Marked] = []
    for number, chapter in enumerate(chapters):
        marks = list(_marked_chapter(pages, number, chapter, language, granularity))
        marks.sort(key=lambda mark: mark.mark.char_start)
        found += marks
        clips = clip_times([mark.start_sample for mark in marks], chapter.timeline.samples)
        for mark, clip in zip(marks, clips, strict=True):
            mark.clip = clip
    by_page: dict[str, list[_Marked]] = {page.name: [] for page in pages}
    for mark in found:
        by_page[mark.page.name].append(mark)
    return [_page(page, by_page[page.name], audio, overlays[page.name]) for page in pages]


def relative(target: str, start: str) -> str:
    """The address of a file of the book as a file at ``start`` writes it (percent-encoded)."""
    return quote(posixpath.relpath(target, posixpath.dirname(start) or "."), safe="/~!$&'()*+,;=@-._")


def _marked_chapter(
    pages: Sequence[Page], number: int, chapter: NarratedChapter, language: str, granularity: Granularity
) -> Iterator[_Marked]:
    timeline = chapter.timeline
    starts = dict(zip(timeline.words.char_start.tolist(), timeline.words.start_sample.tolist(), strict=True))
    word_starts = frozenset(starts)
    units = spoken_units(timeline.text, timeline.words, language, granularity)
    begins = [start for start, _ in units]
    own_blocks = [(page, block) for page in pages for at, block in page.blocks if at == number]
    for page, block in own_blocks:
        end = block.char_start + len(block.places)
        own = units[bisect_left(begins, block.char_start) : bisect_left(begins, end)]
        for mark in mark_block(block, own, word_starts):
            first = next(at for at in range(mark.char_start, mark.char_end) if at in starts)
            yield _Marked(page, number, mark, starts[first])


def _page(page: Page, marked: Sequence[_Marked], audio: Sequence[str], overlay: str) -> MarkedPage:
    ids = _fresh_ids(page.root)
    order = {element: at for at, element in enumerate(page.root.iter())}
    pars = []
    for one in sorted(marked, key=lambda mark: order[mark.mark.element]):
        element = one.mark.element
        element.set("id", next(ids))
        pars.append((element, one))
    if not pars:
        return MarkedPage(page.name, page.root, ())
    named = {element: _container(element, ids) for element, _ in pars for element in _containers(element)}
    body = next(page.root.iter("{*}body", "body"), page.root)
    return MarkedPage(
        page.name,
        page.root,
        tuple(
            Par(
                element.get("id") or "",
                relative(audio[one.chapter], overlay),
                *one.clip,
                tuple(named[around] for around in _containers(element)),
            )
            for element, one in pars
        ),
        _plain_types(body),
    )


def _containers(element: etree._Element) -> list[etree._Element]:
    return [above for above in reversed([*element.iterancestors()]) if local_name(above) in _CONTAINERS]


def _container(element: etree._Element, ids: Iterator[str]) -> Container:
    if element.get("id") is None:
        element.set("id", next(ids))
    return Container(element.get("id") or "", _plain_types(element))


def _plain_types(element: etree._Element) -> str:
    """``epub:type`` without terms of other vocabularies, whose prefixes the overlay does not declare."""
    return " ".join(term for term in epub_types(element) if ":" not in term)


def _fresh_ids(root: etree._Element) -> Iterator[str]:
    """Ids that the document has not: ``ra-1``, ``ra-2`` and so on."""
    taken = {element.get("id") or "" for element in root.iter("*")}
    prefix = "ra"
    while any(name.startswith(f"{prefix}-") for name in taken):
        prefix += "a"
    number = 0
    while True:
        number += 1
        yield f"{prefix}-{number}"


def link_stylesheet(root: etree._Element, address: str) -> None:
    """Give the document the stylesheet of what is heard; its ``head`` must be there."""
    head = next(root.iter("{*}head"))
    link = etree.SubElement(head, f"{{{XHTML}}}link")
    link.set("rel", "stylesheet")
    link.set("type", "text/css")
    link.set("href", address)
