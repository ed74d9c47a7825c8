"""The languages that a document declares."""

from __future__ import annotations

from functools import lru_cache

from lxml import etree

from pipeline.manuscript.xmltree import language_of
from pipeline.project.languages import canonical_language

_SAYS_NOTHING = frozenset({"und", "zxx", "mul", "mis"})  # ISO 639-2: undetermined, none, several, uncoded


def tag_of(element: etree._Element) -> str | None:
    """The language an element declares, in canonical case; None where it declares none, or none that exists."""
    declared = language_of(element)
    return _canonical(declared) if declared else None


@lru_cache(maxsize=256)
def primary(tag: str | None) -> str | None:
    """The language without script and region: voices differ by that, and ``en-GB`` in an ``en`` book is no change."""
    return tag.partition("-")[0].lower() if tag else None


@lru_cache(maxsize=256)
def _canonical(tag: str) -> str | None:
    try:
        canonical = canonical_language(tag.strip())
    except ValueError:
        return None
    return None if primary(canonical) in _SAYS_NOTHING else canonical
