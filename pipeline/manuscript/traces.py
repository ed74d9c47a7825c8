"""Where in a document's tree the text of a block comes from: what marking spoken text in it needs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from lxml import etree

from pipeline.manuscript.model import Block


class Slot(Enum):
    """The part of an element that holds a run of text."""

    TEXT = auto()
    """What stands before the element's first child."""
    TAIL = auto()
    """What stands between the element's end and whatever follows it."""
    WHOLE = auto()
    """The element stands for its text: a line break, or a picture of an initial."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The place of a run of text in the tree."""

    element: etree._Element
    slot: Slot


@dataclass(frozen=True, slots=True)
class Traced:
    """A block with the runs of source text that it was folded from, and the place of each."""

    block: Block
    runs: tuple[str, ...]
    origins: tuple[Origin, ...]
