"""A document for a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from pipeline.reports.costs.document import Document, Heading, Lines, Table


def plain_text(document: Document) -> str:
    """Headings, lines, and tables with columns in line."""
    parts = []
    for block in document:
        if isinstance(block, Heading):
            parts.append(f"{block.text}\n{('=' if block.level == 1 else '-') * _width(block.text)}")
        elif isinstance(block, Lines):
            parts.append("\n".join(block.lines))
        else:
            parts.append(_table(block))
    return "\n\n".join(parts) + "\n"


def _table(table: Table) -> str:
    lines = [table.columns, *table.rows, *([table.total] if table.total else [])]
    widths = [max(_width(line[column]) for line in lines) for column in range(len(table.columns))]
    shown = [_line(line, widths, table.texts) for line in lines]
    rule = "  ".join("-" * width for width in widths)
    shown.insert(1, rule)
    if table.total:
        shown.insert(-1, rule)
    return "\n".join([f"{table.caption}:", *(f"  {line}" for line in shown)])


def _line(cells: Sequence[str], widths: Sequence[int], texts: int) -> str:
    padded = []
    for column, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        space = " " * (width - _width(cell))
        padded.append(cell + space if column < texts else space + cell)
    return "  ".join(padded).rstrip()


def _width(text: str) -> int:
    """Columns on a terminal: East Asian wide characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )
