"""The narrated documents of a publisher's EPUB: which block of the script stands where in which of them."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from lxml import etree

from pipeline.captions.read_aloud.edition import NarratedChapter
from pipeline.captions.read_aloud.narration import Page
from pipeline.captions.read_aloud.page_upgrade import as_xhtml
from pipeline.captions.read_aloud.places import PlacedBlock, character_places
from pipeline.captions.read_aloud.source_book import SourceBook
from pipeline.errors import InputError, Problem
from pipeline.manuscript.html import Page as ReadAs
from pipeline.manuscript.html import trace_page
from pipeline.manuscript.model import Block, SkipReason, Source
from pipeline.manuscript.passages import Matter
from pipeline.manuscript.traces import Traced
from pipeline.manuscript.xmltree import parse_page


@dataclass(slots=True)
class _Document:
    """A document with its blocks that no chapter has claimed yet, by element and text."""

    name: str
    root: etree._Element
    waiting: dict[tuple[str, str], list[Traced]]
    known: frozenset[tuple[str, str]]
    blocks: list[tuple[int, PlacedBlock]] = field(default_factory=list)


def source_pages(book: SourceBook, chapters: Sequence[NarratedChapter]) -> list[Page]:
    """The documents that hold narrated text, each with its blocks, in the order in which they are first heard.

    Text that two chapters narrate is marked for the first. Blocks of other sources (spoken credits) have no place
    in the book. Raises InputError for text that is not where the manuscript found it.
    """
    names = {posixpath.relpath(name, book.folder or "."): name for name in book.files}
    documents: dict[str, _Document] = {}
    for number, chapter in enumerate(chapters):
        for block, char_start in _blocks(chapter):
            written = (block.source.element or "").rpartition("#/")[0]
            if block.source.file != book.shown or not written:
                continue
            name = names.get(posixpath.normpath(written))
            if name is None:
                raise _lost(block.source, "the document is not in the book")
            document = documents.get(name) or _opened(book, name, written)
            documents[name] = document
            traced = _claimed(document, block)
            if traced is not None:
                placed = PlacedBlock(char_start, traced.runs, traced.origins, character_places(traced))
                document.blocks.append((number, placed))
    return [Page(found.name, found.root, tuple(found.blocks)) for found in documents.values()]


def _blocks(chapter: NarratedChapter) -> Iterator[tuple[Block, int]]:
    """The blocks with text, and where each begins in the chapter's text."""
    at = 0
    for block in chapter.script.blocks:
        if block.text:
            yield block, at
            at += len(block.text) + len("\n\n")


def _opened(book: SourceBook, name: str, written: str) -> _Document:
    root = as_xhtml(parse_page(book.files[name], shown=f"{book.shown}/{name}"))
    waiting: dict[tuple[str, str], list[Traced]] = defaultdict(list)
    for traced in trace_page(root, ReadAs(book.shown, written)):
        waiting[_key(traced.block)].append(traced)
    # A document of notes that is narrated on purpose is read by other rules: its notes are its text.
    notes = Matter("notes", SkipReason.FOOTNOTE, None, Source(book.shown))
    plain = frozenset(waiting)
    for traced in trace_page(root, ReadAs(book.shown, written, matter=notes)):
        if _key(traced.block) not in plain:
            waiting[_key(traced.block)].append(traced)
    return _Document(name, root, dict(waiting), frozenset(waiting))


def _key(block: Block) -> tuple[str, str]:
    return block.source.element or "", block.text


def _claimed(document: _Document, block: Block) -> Traced | None:
    """The first place of the block that is not taken; None where all are."""
    key = _key(block)
    if key not in document.known:
        raise _lost(block.source, f"“{block.text[:40]}” is not there")
    places = document.waiting[key]
    return places.pop(0) if places else None


def _lost(source: Source, what: str) -> InputError:
    message = f"{source.element}: {what}, so it cannot be marked; the book has changed since it was read: render again"
    return InputError([Problem(source.file, source.line, 0, message)])
