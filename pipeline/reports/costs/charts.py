"""Charts as inline SVG. They carry no text: the numbers stand in the table beside them, at any width."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.reports.costs.document import Bar

_GAP = 0.15
"""Of a column's width."""


def row_bar(bar: Bar) -> str:
    """One lying bar, the wasted part at its end."""
    useful = 100 * (bar.length - bar.wasted)
    return (
        '<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        f'<rect class="spent" width="{useful:.2f}" height="10"/>'
        f'<rect class="wasted" x="{useful:.2f}" width="{100 * bar.wasted:.2f}" height="10"/></svg>'
    )


def columns(bars: Sequence[Bar]) -> str:
    """Standing bars side by side, the wasted part on top."""
    parts = [
        f'<svg viewBox="0 0 {len(bars)} 100" preserveAspectRatio="none" aria-hidden="true" focusable="false">',
    ]
    for position, bar in enumerate(bars):
        useful, wasted = 100 * (bar.length - bar.wasted), 100 * bar.wasted
        place = f'x="{position + _GAP / 2:.3f}" width="{1 - _GAP:.3f}"'
        parts.append(f'<rect class="spent" {place} y="{100 - useful:.2f}" height="{useful:.2f}"/>')
        if wasted:
            top = 100 - useful - wasted
            parts.append(f'<rect class="wasted" {place} y="{top:.2f}" height="{wasted:.2f}"/>')
    return "".join([*parts, "</svg>"])
