"""Cost reports and checks as CSV: UTF-8, commas, one line a row, exact decimal text.

Text that a spreadsheet would take for a formula is led by an apostrophe, since chapters and voices are named by
manuscripts (OWASP, "CSV Injection").
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from pipeline.reports.costs.exact import plain
from pipeline.reports.costs.grouping import DIMENSIONS, View
from pipeline.reports.costs.report import Account, CostReport

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_SUMS = (
    "attempts", "characters", "audio_seconds", "cents", "unknown", "wasted_attempts", "wasted_cents", "wasted_unknown"
)  # fmt: skip


def report_csv(report: CostReport, *, simulated: bool) -> str:
    """A line for each group of each table; ``money`` is ``real`` or ``simulated``, ``by`` names the table."""
    accounts = [report.real, report.simulated] if simulated else [report.real]
    used = {name for account in accounts for view in account.views for name in view.by}
    names = [name for name in DIMENSIONS if name in used]
    lines = [line for account in accounts for view in account.views for line in _lines(account, view, names)]
    return written([["money", "by", *names, *_SUMS], *lines])


def written(lines: Iterable[Sequence[str]]) -> str:
    """The lines as CSV."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(lines)
    return buffer.getvalue()


def safe(text: str | None) -> str:
    """A cell of text that no spreadsheet takes for a formula; None is empty."""
    if text is None:
        return ""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _lines(account: Account, view: View, names: Sequence[str]) -> list[list[str]]:
    lines = []
    for row in view.rows:
        values = dict(zip(view.by, row.values, strict=True))
        charges, wasted = row.charges, row.wasted
        sums = [
            str(charges.attempts), str(charges.characters), plain(charges.audio_seconds), plain(charges.cents),
            str(charges.unknown), str(wasted.attempts), plain(wasted.cents), str(wasted.unknown),
        ]  # fmt: skip
        lines.append([account.money.value, ",".join(view.by), *(safe(values.get(name)) for name in names), *sums])
    return lines
