"""A document as Markdown (GitHub's tables)."""

from __future__ import annotations

import re

from pipeline.reports.costs.document import Document, Heading, Lines, Table

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&!])")


def markdown(document: Document) -> str:
    """Headings, paragraphs and tables; whatever the ledger says is escaped."""
    parts = []
    for block in document:
        if isinstance(block, Heading):
            parts.append(f"{'#' * block.level} {_escaped(block.text)}")
        elif isinstance(block, Lines):
            parts.append("\n".join(f"- {_escaped(line.strip())}" for line in block.lines))
        else:
            parts.append(_table(block))
    return "\n\n".join(parts) + "\n"


def _table(table: Table) -> str:
    marks = ["---" if column < table.texts else "---:" for column in range(len(table.columns))]
    total = [[f"**{_escaped(cell)}**" if cell else "" for cell in table.total]] if table.total else []
    lines = [
        [_escaped(name) for name in table.columns],
        marks,
        *([_escaped(cell) for cell in row] for row in table.rows),
        *total,
    ]
    rows = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"### {_escaped(table.caption)}\n\n{rows}"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
