"""A report as headings, lines and tables, which every format for people shows in its own way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Heading:
    """A title; ``level`` 1 is the report's."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Lines:
    """Sentences, one a line."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """How long a row's bar is, in shares of the longest, and how much of it is ``wasted``."""

    length: float
    wasted: float


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text. ``texts`` leading columns are names, the others numbers; ``total`` is a last row.

    ``bars``, one for each row, are drawn where a format can draw; ``over_time`` says that the rows are days or months.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    texts: int
    total: tuple[str, ...] | None = None
    bars: tuple[Bar, ...] = ()
    over_time: bool = False


Block: TypeAlias = Heading | Lines | Table
Document: TypeAlias = tuple[Block, ...]
