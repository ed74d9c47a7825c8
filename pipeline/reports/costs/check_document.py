"""A comparison with a statement, for people."""

from __future__ import annotations

from pipeline.reports.costs.attempts import Attempt
from pipeline.reports.costs.document import Block, Document, Heading, Lines, Table
from pipeline.reports.costs.exact import plain, plus, total
from pipeline.reports.costs.reconciliation import Reconciliation
from pipeline.reports.costs.report_document import reading_notes
from pipeline.reports.costs.statement import StatementRow
from pipeline.reports.costs.wording import known, moment

_COLUMNS = ("time", "segment", "outcome", "line", "ledger", "statement", "difference", "attempt", "request id")
_NOTHING_ELSE = "Every charge of the ledger is on the statement and the other way round."
_TITLES = {
    "different": "Different amounts",
    "statement_only": "In the statement only",
    "ledger_only": "In the ledger only",
    "resolved": "Unknown charges that the statement tells",
    "unresolved": "Unknown charges that the statement does not have (most likely never charged)",
}


def check_document(result: Reconciliation) -> Document:
    """The comparison: sums first, then a table for each way in which the two differ."""
    blocks: list[Block] = [Heading(f"{known(result.statement)} and the ledger", 1), Lines(_summary(result))]
    for status, charges in result.charges().items():
        if charges and status in _TITLES:
            rows = tuple(_row(result, *charge) for charge in charges)
            blocks.append(Table(_TITLES[status], _COLUMNS, rows, 3))
    notes = reading_notes(result.reading)
    return (*blocks, Lines(tuple(notes))) if notes else tuple(blocks)


def _summary(result: Reconciliation) -> tuple[str, ...]:
    statement, ledger = result.statement_cents(), result.ledger_cents()
    told = total(row.cents for _, row in result.resolved)
    rounding = total(row.cents - (attempt.cost or 0) for attempt, row in result.matched)
    lines = [
        f"Money: {result.money.value}. Statement: {plain(statement)} cents. Ledger: {plain(ledger)} cents known.",
        f"Matched: {len(result.matched):,}. Different amount: {len(result.different):,}.",
        f"In the statement only: {len(result.statement_only):,}. In the ledger only: {len(result.ledger_only):,}.",
        f"Unknown charges told by the statement: {len(result.resolved):,} ({plain(told)} cents).",
        f"Unknown charges not on it: {len(result.unresolved):,}.",
    ]
    if rounding:
        lines.append(f"Rounding in the statement's matched rows: {plain(rounding)} cents.")
    return (*lines, _NOTHING_ELSE) if result.agrees else tuple(lines)


def _row(result: Reconciliation, attempt: Attempt | None, row: StatementRow | None) -> tuple[str, ...]:
    at = attempt.at if attempt else row.at if row else None
    cost, told = attempt.cost if attempt else None, row.cents if row else None
    return (
        moment(at, result.period.zone) if at else known(None),
        known(attempt.place if attempt else None),
        known(attempt.outcome if attempt else None),
        known(row.line if row else None),
        known(cost) if attempt is None or cost is not None else "unknown",
        known(told),
        known(None if cost is None or told is None else plus(told, -cost)),
        known(attempt.id if attempt else None),
        known((attempt.request_id if attempt else None) or (row.request_id if row else None)),
    )
