"""An EPUB cut into parts: by its navigation, by its documents, or by headings."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lxml import etree

from pipeline.errors import InputError, Problem
from pipeline.manuscript.element_rules import types_of
from pipeline.manuscript.epub import Publication, Resource
from pipeline.manuscript.html import Page, read_page
from pipeline.manuscript.matter import generic_matter, is_spoken_type, matter_by_name, matter_by_title, matter_by_type
from pipeline.manuscript.model import Block, Skip, SkipReason, Source
from pipeline.manuscript.navigation import Entry
from pipeline.manuscript.passages import Anchor, Matter, Part, Passage
from pipeline.manuscript.places import find_targets
from pipeline.manuscript.splitting import Cut, Rule, cut_at, heading_title, level_of, title_from_stem, with_matches
from pipeline.manuscript.xmltree import local_name, parse_page, text_within

_LEAD_CHARACTERS = 200
"""Up to so much text before the first place that navigation names in a document belongs to that place."""


@dataclass(frozen=True, slots=True)
class _Document:
    """A document of the reading order, read. ``starts``: the entry at its beginning, if any, by index."""

    name: str
    title: str | None
    passages: tuple[Passage, ...]
    entries: Mapping[str, int]
    starts: int | None


def book_parts(
    publication: Publication,
    entries: Sequence[Entry],
    landmarks: Sequence[Entry],
    *,
    file: str,
    rule: Rule,
    language: str | None,
) -> list[Part]:
    """The parts of an EPUB in reading order, front and back matter among them (``Part.matter``).

    ``auto`` cuts where ``entries`` point; documents without an entry belong to what comes before them, and each
    document is a part where there are no entries. ``file`` cuts by document. ``language`` is what listeners
    expect; None leaves it to the documents. Raises InputError for a document that cannot be read, ValueError
    for a rule that finds nothing.
    """
    used = list(entries) if rule.cut is Cut.AUTO else []
    reader = _Reader(publication, used, landmarks, file, language)
    documents = [reader.read(resource) for resource in publication.documents]
    if rule.cut in {Cut.HEADING, Cut.PATTERN}:
        parts = _by_headings(documents, rule, file)
    else:
        parts = _by_entries(documents, used, file)
    asides = _by_entries([reader.read(resource, aside=True) for resource in publication.aside], [], file)
    return [part for part in (*parts, *asides) if part.passages]


@dataclass(frozen=True, slots=True)
class _Reader:
    publication: Publication
    entries: Sequence[Entry]
    landmarks: Sequence[Entry]
    file: str
    language: str | None

    def read(self, resource: Resource, *, aside: bool = False) -> _Document:
        """Read one document, with the places that entries point at marked in its passages."""
        root = parse_page(resource.data, shown=f"{self.file}/{resource.name}")
        entries = [] if aside else self.entries
        wanted = {at: entry for at, entry in enumerate(entries) if entry.document == resource.name}
        targets = find_targets(root, wanted)
        if targets.lost:
            ids = ", ".join(f"#{name}" for name in targets.lost[:3])
            message = f"has none of the places {ids} that the navigation names; cut it by split: heading:N or file"
            raise InputError([Problem(f"{self.file}/{resource.name}", 0, 0, message)])
        source = Source(self.file, 0, 0, resource.name)
        matter = Matter("not in the reading order", SkipReason.NOT_SELECTED, None, source) if aside else None
        page = Page(
            self.file,
            resource.name,
            self.language,
            matter or self._matter(resource.name, root, list(wanted.values())),
            {element: f"{at}" for element, at in targets.elements.items()},
        )
        passages = read_page(root, page)
        return _led(
            _Document(
                resource.name,
                _declared_title(root),
                passages,
                {f"{at}": at for at in targets.elements.values()},
                targets.start,
            )
        )

    def _matter(self, name: str, root: etree._Element, entries: Sequence[Entry]) -> Matter | None:
        """What the document as a whole is: by its types, then by its name and its titles."""
        source = Source(self.file, 0, 0, name)
        if self.publication.navigation is not None and self.publication.navigation.name == name:
            return Matter("toc", SkipReason.FRONT_MATTER, None, source)
        types = [*_outer_types(root), *self.publication.guide.get(name, ())]
        types += [kind for mark in self.landmarks if mark.document == name and not mark.fragment for kind in mark.types]
        stem = _stem(name)
        titles = [entry.title for entry in entries if entry.fragment is None]
        found = matter_by_type(types)
        if found is None and not is_spoken_type(types):
            found = matter_by_name([stem]) or generic_matter(types, [stem, *titles])
        return Matter(found[0], found[1], None, source) if found else None


def _by_entries(documents: Iterable[_Document], entries: Sequence[Entry], file: str) -> list[Part]:
    """Passages gathered by the entry they follow, and apart by the matter they lie in."""
    matters = [*_entry_matters(entries, file)]
    gathered: dict[object, list[Passage]] = {}
    origin: dict[object, tuple[int | None, _Document, Matter | None]] = {}
    current: int | None = None
    matter: Matter | None = None
    for document in documents:
        # Text after front matter, in a document that no entry names, is none of that front matter.
        if not entries or (matter is not None and matter.reason is SkipReason.FRONT_MATTER):
            current = None
        current = document.starts if document.starts is not None else current
        for passage in document.passages:
            if isinstance(passage.content, Anchor):
                current = document.entries[passage.content.element_id]
                continue
            matter = passage.matter or (None if current is None else matters[current])
            key = (document.name if current is None else current, matter)
            placed = passage if passage.matter is matter else replace(passage, matter=matter)
            gathered.setdefault(key, []).append(placed)
            origin.setdefault(key, (current, document, matter))
    return [_part(gathered[key], *origin[key], entries, file) for key in gathered]


def _part(
    passages: Sequence[Passage],
    entry_index: int | None,
    document: _Document,
    matter: Matter | None,
    entries: Sequence[Entry],
    file: str,
) -> Part:
    blocks = [passage.content for passage in passages if isinstance(passage.content, Block)]
    heading = heading_title(blocks)
    entry = None if entry_index is None else entries[entry_index]
    names = [document.name, _stem(document.name)]
    if matter is not None:
        names += [name for name in (matter.kind, matter.element_id) if name]
    if entry is not None and entry.fragment:
        names += [entry.fragment, f"{entry.document}#{entry.fragment}"]
    if entry is not None and matter is not None and matter.element_id not in {None, entry.fragment}:
        entry, title = None, heading or matter.kind  # a section of matter within the entry
    else:
        title = (entry.title if entry else None) or heading or document.title or title_from_stem(_stem(document.name))
    contents: list[Block | Skip] = [*blocks]
    contents += [passage.content for passage in passages if isinstance(passage.content, Skip)]
    return Part(
        title=title,
        passages=tuple(passages),
        source=contents[0].source if contents else Source(file, 0, 0, document.name),
        depth=entry.depth if entry else 1,
        names=tuple(names),
        matter=matter,
    )


def _by_headings(documents: Iterable[_Document], rule: Rule, file: str) -> list[Part]:
    """All documents as one text, cut at headings; front and back matter stay parts of their own."""
    documents = list(documents)
    parts = [part for part in _by_entries(documents, [], file) if part.matter is not None]
    body = [passage for document in documents for passage in document.passages if passage.matter is None]
    if rule.pattern is not None:
        body = list(with_matches(body, rule.pattern))
    pieces = cut_at(body, level_of(rule, [body]))
    return [_piece(piece, file) for piece in pieces] + parts


def _piece(passages: Sequence[Passage], file: str) -> Part:
    blocks = [passage.content for passage in passages if isinstance(passage.content, Block)]
    source = blocks[0].source if blocks else Source(file)
    name = (source.element or "").partition("#")[0]
    return Part(
        title=heading_title(blocks) or title_from_stem(_stem(name)),
        passages=tuple(passages),
        source=source,
        depth=blocks[0].level or 1 if blocks else 1,
        names=(name, _stem(name)),
    )


def _entry_matters(entries: Sequence[Entry], file: str) -> Iterator[Matter | None]:
    """What each entry's title says it is; entries within one take after it."""
    above: list[tuple[int, Matter | None]] = []
    for entry in entries:
        while above and above[-1][0] >= entry.depth:
            above.pop()
        found = matter_by_title(entry.title)
        matter = Matter(found[0], found[1], None, Source(file, 0, 0, entry.document)) if found else None
        matter = matter or (above[-1][1] if above else None)
        above.append((entry.depth, matter))
        yield matter


def _led(document: _Document) -> _Document:
    """A chapter number or an ornament before the first place in a document goes with that place."""
    if document.starts is not None or not document.entries:
        return document
    characters = 0
    for at, passage in enumerate(document.passages):
        if isinstance(passage.content, Anchor):
            first = passage
            rest = (*document.passages[:at], *document.passages[at + 1 :])
            return replace(document, passages=(first, *rest)) if characters <= _LEAD_CHARACTERS else document
        if isinstance(passage.content, Block):
            characters += len(passage.content.text)
    return document


def _outer_types(root: etree._Element) -> list[str]:
    """The types of the body, and of the one section that is all of it."""
    body = next(root.iter("{*}body", "body"), root)
    types = sorted(types_of(body))
    inner = [child for child in body if local_name(child)]
    if len(inner) == 1 and local_name(inner[0]) in {"section", "article", "div"}:
        types = [*sorted(types_of(inner[0])), *types]
    return types


def _declared_title(root: etree._Element) -> str | None:
    title = next(root.iter("{*}title", "title"), None)
    return None if title is None else " ".join(text_within(title).split()) or None


def _stem(name: str) -> str:
    return posixpath.splitext(posixpath.basename(name))[0]
