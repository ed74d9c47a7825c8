"""A document as one HTML page that needs nothing else: no script, no font, no picture from elsewhere.

Everything that a ledger or a manuscript names is escaped, and the page's own policy forbids scripts and requests.
"""

from __future__ import annotations

from html import escape

from pipeline.reports.costs.charts import columns, row_bar
from pipeline.reports.costs.document import Document, Heading, Lines, Table
from pipeline.reports.costs.page_style import STYLE

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def page(document: Document) -> str:
    """The whole page."""
    title = next((block.text for block in document if isinstance(block, Heading)), "Costs")
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="referrer" content="no-referrer">',
            f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>",
            *(_block(block, number) for number, block in enumerate(document[:2])),
            _key(document),
            *(_block(block, number) for number, block in enumerate(document[2:], 2)),
            "</main></body></html>",
            "",
        ]
    )


def _key(document: Document) -> str:
    """What the colours mean, where there is a chart."""
    if not any(isinstance(block, Table) and block.bars for block in document):
        return ""
    return (
        '<p class="keys"><span class="key spent"></span>cents that bought something '
        '<span class="key wasted"></span>cents that were wasted</p>'
    )


def _block(block: Heading | Lines | Table, number: int) -> str:
    if isinstance(block, Heading):
        return f"<h{block.level}>{escape(block.text)}</h{block.level}>"
    if isinstance(block, Lines):
        return "\n".join(f"<p>{escape(line.strip())}</p>" for line in block.lines)
    name = f"t{number}"
    chart = _chart(block) if block.over_time and len(block.bars) > 1 else ""
    scroll = f'<div class="scroll" role="region" tabindex="0" aria-labelledby="{name}">'
    return f'<section><h3 id="{name}">{escape(block.caption)}</h3>{chart}{scroll}{_table(block, name)}</div></section>'


def _chart(table: Table) -> str:
    first, last = table.rows[0][0], table.rows[-1][0]
    count = f"{len(table.rows)} {table.columns[0]}s with attempts"
    ends = f'<div class="ends"><span>{escape(first)}</span><span>{count}</span><span>{escape(last)}</span></div>'
    return f"<figure>{columns(table.bars)}{ends}</figure>"


def _table(table: Table, name: str) -> str:
    heads = "".join(
        f'<th scope="col"{_name(column < table.texts)}>{escape(text)}</th>' for column, text in enumerate(table.columns)
    )
    bars = [row_bar(bar) for bar in table.bars] if not table.over_time else []
    rows = [_row(table, row, bars[number] if bars else "") for number, row in enumerate(table.rows)]
    foot = f"<tfoot>{_row(table, table.total)}</tfoot>" if table.total else ""
    return (
        f'<table aria-labelledby="{name}"><thead><tr>{heads}</tr></thead>\n'
        "<tbody>\n" + "\n".join(rows) + f"\n</tbody>{foot}</table>"
    )


def _row(table: Table, row: tuple[str, ...], bar: str = "") -> str:
    cells = [f'<th scope="row">{escape(row[0])}{bar}</th>']
    cells += [f"<td{_name(column < table.texts)}>{escape(text)}</td>" for column, text in enumerate(row[1:], 1)]
    return f"<tr>{''.join(cells)}</tr>"


def _name(is_text: bool) -> str:
    return ' class="name"' if is_text else ""
