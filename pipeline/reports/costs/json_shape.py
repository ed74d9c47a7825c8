"""``narrate costs --format json`` (docs/formats.md)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson

from pipeline.reports.costs.charges import Charges, UnknownCharge
from pipeline.reports.costs.exact import plain
from pipeline.reports.costs.grouping import View
from pipeline.reports.costs.lines import Reading
from pipeline.reports.costs.periods import Period
from pipeline.reports.costs.report import Account, CostReport

COSTS_SCHEMA = 1


def report_json(report: CostReport) -> bytes:
    """The whole report; real and simulated money stand apart."""
    return dumped(
        {
            "schema": COSTS_SCHEMA,
            "projects": list(report.projects),
            "period": period_shape(report.period),
            "real": _account(report.real),
            "simulated": _account(report.simulated),
            "free": {"attempts": report.free.attempts, "audio_seconds": plain(report.free.audio_seconds)},
            "reading": reading_shape(report.reading),
        }
    )


def dumped(shape: dict[str, Any]) -> bytes:
    """As bytes, indented, with a line end."""
    return orjson.dumps(shape, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def cents(amount: Decimal | None) -> str | None:
    """Decimal text; None where unknown."""
    return None if amount is None else plain(amount)


def period_shape(period: Period) -> dict[str, str | None]:
    """The period; its bounds are null where open."""
    return {
        "time_zone": period.zone_name,
        "since": period.since.isoformat() if period.since else None,
        "until": period.until.isoformat() if period.until else None,
    }


def reading_shape(reading: Reading) -> dict[str, Any]:
    """What reading the ledgers showed."""
    return {
        "files": reading.files,
        "lines": reading.lines,
        "duplicates": reading.duplicates,
        "torn": reading.torn,
        "conflicts": [
            {
                "attempt": conflict.attempt,
                "event": conflict.event,
                "chapter": conflict.chapter,
                "index": conflict.segment_index,
                "fields": list(conflict.fields),
                "kept_cents": cents(conflict.kept),
                "other_cents": [cents(other) for other in conflict.others],
            }
            for conflict in reading.conflicts
        ],
    }


def _account(account: Account) -> dict[str, Any]:
    return {
        "total": _charges(account.total),
        "wasted": {
            "total": _charges(account.wasted),
            **{kind.value: _charges(charges) for kind, charges in account.waste.items()},
        },
        "views": [_view(view) for view in account.views],
        "unknown": [_unknown(each) for each in account.unknown],
    }


def _charges(charges: Charges) -> dict[str, Any]:
    return {
        "attempts": charges.attempts,
        "characters": charges.characters,
        "audio_seconds": plain(charges.audio_seconds),
        "cents": plain(charges.cents),
        "unknown": charges.unknown,
    }


def _view(view: View) -> dict[str, Any]:
    return {
        "by": list(view.by),
        "rows": [
            {**dict(zip(view.by, row.values, strict=True)), **_charges(row.charges), "wasted": _charges(row.wasted)}
            for row in view.rows
        ],
    }


def _unknown(each: UnknownCharge) -> dict[str, Any]:
    attempt = each.attempt
    return {
        "at": attempt.at.isoformat(),
        "project": each.project,
        "chapter": attempt.chapter,
        "index": attempt.segment_index,
        "outcome": attempt.outcome,
        "attempt": attempt.id,
        "request_id": attempt.request_id,
        "reserved_cents": cents(attempt.reserved),
        "audio_seconds": cents(attempt.audio_seconds),
        "rate": cents(attempt.rate),
        "estimate_cents": cents(each.estimate),
    }
