"""The formats of a comparison with a statement: those for people, CSV and JSON (docs/formats.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from pipeline.reports.costs.attempts import Attempt
from pipeline.reports.costs.check_document import check_document
from pipeline.reports.costs.csv_rows import safe, written
from pipeline.reports.costs.exact import plain
from pipeline.reports.costs.json_shape import COSTS_SCHEMA, cents, dumped, period_shape, reading_shape
from pipeline.reports.costs.markdown import markdown
from pipeline.reports.costs.page import page
from pipeline.reports.costs.plain_text import plain_text
from pipeline.reports.costs.reconciliation import Reconciliation
from pipeline.reports.costs.statement import StatementRow

_CSV = (
    "status", "line", "at", "chapter", "index", "outcome", "attempt", "request_id", "ledger_cents", "statement_cents"
)  # fmt: skip


def _check_csv(result: Reconciliation) -> str:
    lines = [[status, *_csv_cells(*charge)] for status, charges in result.charges().items() for charge in charges]
    return written([list(_CSV), *lines])


def _csv_cells(attempt: Attempt | None, row: StatementRow | None) -> Sequence[str]:
    at = attempt.at if attempt else row.at if row else None
    return (
        str(row.line) if row else "",
        at.isoformat() if at else "",
        safe(attempt.chapter if attempt else None),
        str(attempt.segment_index) if attempt else "",
        safe(attempt.outcome if attempt else None),
        safe(attempt.id if attempt else None),
        safe((attempt.request_id if attempt else None) or (row.request_id if row else None)),
        plain(attempt.cost) if attempt and attempt.cost is not None else "",
        plain(row.cents) if row else "",
    )


def _check_json(result: Reconciliation) -> bytes:
    return dumped(
        {
            "schema": COSTS_SCHEMA,
            "statement": result.statement,
            "money": result.money.value,
            "period": period_shape(result.period),
            "agrees": result.agrees,
            "statement_cents": plain(result.statement_cents()),
            "ledger_cents": plain(result.ledger_cents()),
            **{name: [_charge_shape(*charge) for charge in charges] for name, charges in result.charges().items()},
            "reading": reading_shape(result.reading),
        }
    )


def _charge_shape(attempt: Attempt | None, row: StatementRow | None) -> dict[str, Any]:
    at = attempt.at if attempt else row.at if row else None
    return {
        "at": at.isoformat() if at else None,
        "line": row.line if row else None,
        "chapter": attempt.chapter if attempt else None,
        "index": attempt.segment_index if attempt else None,
        "outcome": attempt.outcome if attempt else None,
        "attempt": attempt.id if attempt else None,
        "request_id": (attempt.request_id if attempt else None) or (row.request_id if row else None),
        "ledger_cents": cents(attempt.cost if attempt else None),
        "statement_cents": cents(row.cents if row else None),
    }


CHECK_FORMATS: Mapping[str, Callable[[Reconciliation], bytes]] = MappingProxyType(
    {
        "table": lambda result: plain_text(check_document(result)).encode(),
        "csv": lambda result: _check_csv(result).encode(),
        "json": _check_json,
        "markdown": lambda result: markdown(check_document(result)).encode(),
        "html": lambda result: page(check_document(result)).encode(),
    }
)
"""The formats of a comparison, by the names of ``--format``."""
