"""The law of conservation: every character of a body is spoken once, or skipped once for a named reason."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable

from pipeline.manuscript.model import Block, Skip


def unaccounted(body: str, contents: Iterable[Block | Skip]) -> tuple[Counter[str], Counter[str]]:
    """Characters of ``body`` that are in no block or skip, and characters in them that the body has not.

    White space does not count. Characters are compared decomposed (NFD), because composing depends on what stands
    beside them. Comments and other text that is no part of the body are for the caller to leave out.
    """
    source = characters(body)
    found: Counter[str] = Counter()
    for content in contents:
        found += characters(content.text)
    return source - found, found - source


def characters(text: str) -> Counter[str]:
    """How often each character is in ``text``, decomposed, white space apart."""
    return Counter("".join(unicodedata.normalize("NFD", text).split()))
