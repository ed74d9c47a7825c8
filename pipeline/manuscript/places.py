"""The elements that navigation entries point at, and where their chapters begin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from pipeline.manuscript.navigation import Entry
from pipeline.manuscript.xmltree import local_name

_SECTIONS = {"section", "article"}


@dataclass(frozen=True, slots=True)
class Targets:
    """Where a document is cut: ``start`` is the entry at its beginning, ``elements`` those further in (by index).

    ``lost`` are ids that the document has not, where they cannot all mean its beginning.
    """

    start: int | None
    elements: Mapping[etree._Element, int]
    lost: tuple[str, ...] = ()


def find_targets(root: etree._Element, entries: Mapping[int, Entry]) -> Targets:
    """The places in a document that ``entries`` (by index) name.

    Of two entries for one place the later counts: it is the chapter, the other the part it opens. The one id that
    is not in the document means its beginning. A place lies where the outermost section begins that it opens, so
    that what stands before a heading in its section goes with it.
    """
    has_fragments = any(entry.fragment for entry in entries.values())
    elements = _by_id(root) if has_fragments else {}
    order = {element: at for at, element in enumerate(root.iter())} if has_fragments else {}
    start: int | None = None
    places: dict[etree._Element, int] = {}
    lost: dict[str, int] = {}
    for index, entry in entries.items():
        element = elements.get(entry.fragment) if entry.fragment else root
        if element is None:
            lost[entry.fragment or ""] = index
        elif local_name(element) in {"body", "html"} or element is root:
            start = index
        else:
            places[element] = index
    if start is None and len(lost) == 1:
        start = next(iter(lost.values()))
    lifted: dict[etree._Element, int] = {}
    passed: set[etree._Element] = set()
    for element in sorted(places, key=order.__getitem__):
        lifted[_section_opened(element, passed)] = places[element]
        passed |= {element, *element.iterancestors()}
    return Targets(start, lifted, tuple(lost) if len(lost) > 1 else ())


def _by_id(root: etree._Element) -> dict[str, etree._Element]:
    found: dict[str, etree._Element] = {}
    for element in root.iter("*"):
        name = element.get("id") or (element.get("name") if local_name(element) == "a" else None)
        if name:
            found.setdefault(name, element)
    return found


def _section_opened(element: etree._Element, passed: set[etree._Element]) -> etree._Element:
    """The outermost section around ``element`` in which no earlier place lies; else the element itself."""
    opened = element
    for ancestor in element.iterancestors():
        if ancestor in passed or local_name(ancestor) == "body":
            break
        if local_name(ancestor) in _SECTIONS:
            opened = ancestor
    return opened
