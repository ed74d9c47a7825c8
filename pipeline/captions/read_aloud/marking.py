"""Marks spoken stretches in a document: a span around each, and not a character moved.

A stretch that crosses inline elements gets one span around all of them where no element would be cut in two. Else
it gets several, each of which lights up while its own words are heard.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree

from pipeline.captions.read_aloud.places import PlacedBlock
from pipeline.manuscript.element_rules import BLOCKS
from pipeline.manuscript.traces import Origin, Slot
from pipeline.manuscript.xmltree import EPUB, local_name

XHTML = "http://www.w3.org/1999/xhtml"
XHTML_PREFIXES: Any = {None: XHTML, "epub": EPUB}
"""How documents write their namespaces; the stubs of lxml know no default one."""
_SPAN = f"{{{XHTML}}}span"
_NOT_IN_A_SPAN = BLOCKS | {"table", "hr", "tr", "td", "th", "tbody", "rt", "rp", "rb", "rtc"}
"""What is no phrasing content (HTML, 3.2.5.2.5), and the parts of a ruby, which go with their ruby alone."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A marked element and the characters of the chapter's text that it holds (half-open)."""

    element: etree._Element
    char_start: int
    char_end: int


@dataclass(frozen=True, slots=True)
class _Leaf:
    """Part of a unit within one text node. ``element``: our span around it, or the picture that stands for it."""

    element: etree._Element
    unit: int
    char_start: int
    char_end: int
    is_ours: bool


@dataclass(frozen=True, slots=True)
class _Stretch:
    unit: int
    run: int
    start: int
    end: int
    char_start: int
    char_end: int


def mark_block(block: PlacedBlock, units: Sequence[tuple[int, int]], word_starts: frozenset[int]) -> list[Mark]:
    """Mark ``units`` (offsets in the chapter's text, within the block) in the block's document; return the marks.

    ``word_starts`` are where the chapter's timed words begin: what holds none is never heard to begin, and gets no
    mark. Nothing but spans is added to the tree, and ``"".join(root.itertext())`` stays as it is.
    """
    stretches = [stretch for at, unit in enumerate(units) for stretch in _stretches(block, at, unit)]
    leaves = _leaves(block, stretches)
    owners = {leaf.element: leaf.unit for leaf in leaves}
    by_unit: dict[int, list[_Leaf]] = defaultdict(list)
    for leaf in leaves:
        by_unit[leaf.unit].append(leaf)
    groups = [group for unit in sorted(by_unit) for group in _grouped(by_unit[unit], owners)]
    marks = []
    for group in groups:
        start, end = group[0].char_start, group[-1].char_end
        if any(at in word_starts for at in range(start, end)):
            marks.append(Mark(_covered(group), start, end))
        else:
            _unwrap(group)
    return marks


def _stretches(block: PlacedBlock, at: int, unit: tuple[int, int]) -> list[_Stretch]:
    """The unit's share of each run, in order; runs of which it has nothing but white space are left out."""
    shares: list[list[int]] = []
    for offset in range(unit[0] - block.char_start, unit[1] - block.char_start):
        place = block.places[offset]
        if place is None:
            continue
        if not shares or shares[-1][0] != place[0]:
            shares.append([*place, offset, offset])
        shares[-1][2], shares[-1][4] = place[2], offset + 1
    stretches = []
    for run, start, end, first, past in shares:
        held = block.runs[run][start:end]
        if held.strip():
            begin = start + len(held) - len(held.lstrip())
            stretches.append(
                _Stretch(at, run, begin, begin + len(held.strip()), block.char_start + first, block.char_start + past)
            )
    return stretches


def _leaves(block: PlacedBlock, stretches: Iterable[_Stretch]) -> list[_Leaf]:
    by_run: dict[int, list[_Stretch]] = defaultdict(list)
    for stretch in stretches:
        by_run[stretch.run].append(stretch)
    leaves = []
    for run in sorted(by_run):
        origin = block.origins[run]
        if origin.slot is Slot.WHOLE:
            [stretch] = by_run[run]
            leaves.append(_Leaf(origin.element, stretch.unit, stretch.char_start, stretch.char_end, is_ours=False))
            continue
        spans = _cut_out(origin, block.runs[run], [(stretch.start, stretch.end) for stretch in by_run[run]])
        for span, stretch in zip(spans, by_run[run], strict=True):
            leaves.append(_Leaf(span, stretch.unit, stretch.char_start, stretch.char_end, is_ours=True))
    return leaves


def _cut_out(origin: Origin, text: str, ranges: Sequence[tuple[int, int]]) -> list[etree._Element]:
    """Put a span around each range of a text node; ``ranges`` are in order and apart."""
    spans = []
    for index, (start, end) in enumerate(ranges):
        span = etree.Element(_SPAN)
        span.text = text[start:end]
        span.tail = text[end : ranges[index + 1][0] if index + 1 < len(ranges) else len(text)] or None
        spans.append(span)
    before = text[: ranges[0][0]] or None
    if origin.slot is Slot.TEXT:
        parent, at = origin.element, 0
        parent.text = before
    else:
        parent = _parent(origin.element)
        at = parent.index(origin.element) + 1
        origin.element.tail = before
    parent[at:at] = spans
    return spans


def _grouped(leaves: Sequence[_Leaf], owners: dict[etree._Element, int]) -> list[Sequence[_Leaf]]:
    """Leaves of a unit gathered into as few groups as can each have one span around them, from the first on."""
    groups: list[Sequence[_Leaf]] = []
    start = 0
    while start < len(leaves):
        end = len(leaves)
        while end - start > 1 and _range(leaves[start:end], owners) is None:
            end -= 1
        groups.append(leaves[start:end])
        start = end
    return groups


def _range(leaves: Sequence[_Leaf], owners: dict[etree._Element, int]) -> tuple[etree._Element, etree._Element] | None:
    """The first and the last of the siblings that hold these leaves and none of another unit; None without such."""
    first_line = [*reversed([*leaves[0].element.iterancestors()]), leaves[0].element]
    last_line = [*reversed([*leaves[-1].element.iterancestors()]), leaves[-1].element]
    depth = next(
        (at for at, (one, other) in enumerate(zip(first_line, last_line, strict=False)) if one is not other),
        min(len(first_line), len(last_line)) - 1,
    )
    while depth and local_name(first_line[depth - 1]) in {"ruby", "rtc"}:
        depth -= 1
    first, last = first_line[depth], last_line[depth]
    unit = leaves[0].unit
    mine = {leaf.element for leaf in leaves}
    for sibling in _siblings(first, last):
        for inner in sibling.iter():
            if owners.get(inner, unit) != unit or (inner in owners and inner not in mine):
                return None
            if local_name(inner) in _NOT_IN_A_SPAN and not _in_a_ruby(inner, sibling):
                return None
    return first, last


def _in_a_ruby(element: etree._Element, within: etree._Element) -> bool:
    if local_name(element) not in {"rt", "rp", "rb", "rtc"} or element is within:
        return False
    return any(local_name(above) == "ruby" for above in element.iterancestors())


def _siblings(first: etree._Element, last: etree._Element) -> list[etree._Element]:
    found = [first]
    while found[-1] is not last:
        following = found[-1].getnext()
        assert following is not None
        found.append(following)
    return found


def _covered(group: Sequence[_Leaf]) -> etree._Element:
    """The one span around a group of leaves, whose own spans go."""
    if len(group) == 1 and group[0].is_ours:
        return group[0].element
    found = _range(group, {leaf.element: leaf.unit for leaf in group})
    assert found is not None
    siblings = _siblings(*found)
    parent = _parent(found[0])
    span = etree.Element(_SPAN)
    span.tail, siblings[-1].tail = siblings[-1].tail, None
    parent.insert(parent.index(found[0]), span)
    span.extend(siblings)
    _unwrap(group)
    return span


def _unwrap(leaves: Iterable[_Leaf]) -> None:
    """Take our spans out again, and leave their text."""
    for leaf in leaves:
        if not leaf.is_ours:
            continue
        parent, before = _parent(leaf.element), leaf.element.getprevious()
        text = (leaf.element.text or "") + (leaf.element.tail or "")
        if before is None:
            parent.text = (parent.text or "") + text
        else:
            before.tail = (before.tail or "") + text
        leaf.element.tail = None
        parent.remove(leaf.element)


def _parent(element: etree._Element) -> etree._Element:
    parent = element.getparent()
    assert parent is not None
    return parent
