"""Charges that nobody knew, written into the ledger as a provider's statement tells them.

Only where ledger and statement agree on everything else: then what the statement does not have, within the time that it
covers, was not charged. A ledger is only ever appended to: the line that said "unknown" stays, and one more follows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from pipeline.reports.costs.attempts import SETTLED_BY, Attempt
from pipeline.reports.costs.exact import ZERO, total
from pipeline.reports.costs.reconciliation import Reconciliation
from pipeline.store.ledger import Ledger, LedgerLine, new_run_id, read_ledger

_WELL_WITHIN = timedelta(minutes=30)
"""Twice what the longest request lasts, whose end a crash may have left unknown."""


@dataclass(frozen=True, slots=True)
class Settled:
    """How many unknown charges got their amount, what they came to, and how many turned out not to be charged."""

    charged: int
    cents: Decimal
    free: int
    elsewhere: int
    """Unknown charges that the statement tells and that stand in ledgers of other places."""


def settle(result: Reconciliation, ledgers: Path) -> Settled:
    """Write what ``result`` tells of unknown charges into the ledgers of one project.

    Call it with the project's lock held, and only where ``result`` agrees. Raises StorageError.
    """
    amounts = {attempt.id: row.cents for attempt, row in result.resolved if row.cents >= 0}
    amounts |= dict.fromkeys((attempt.id for attempt in _covered(result)), ZERO)
    lines = _last_lines(ledgers, amounts)
    if not lines:
        return Settled(0, ZERO, 0, len(amounts))
    because = f"{SETTLED_BY}{result.statement}"
    with Ledger(ledgers / f"{new_run_id()}-settled.jsonl", "") as ledger:
        ledger.append_all([_ended(line, amounts[attempt], because) for attempt, line in lines.items()], durable=True)
    told = [amounts[attempt] for attempt in lines]
    charged = [cents for cents in told if cents]
    return Settled(len(charged), total(charged), len(told) - len(charged), len(amounts) - len(lines))


def _covered(result: Reconciliation) -> Iterable[Attempt]:
    """Unknown charges that are not on the statement and lie well within the time of which it tells: one at its end may
    have been charged after it was drawn up."""
    times = [row.at for _, row in result.pairs if row.at is not None]
    if times:
        first, last = min(times) + _WELL_WITHIN, max(times) - _WELL_WITHIN
        yield from (each for each in result.unresolved if first <= each.at and (each.ended_at or each.at) <= last)


def _last_lines(ledgers: Path, wanted: Mapping[str, Decimal]) -> dict[str, LedgerLine]:
    found: dict[str, LedgerLine] = {}
    for line in read_ledger(ledgers):
        known = found.get(line.attempt)
        if line.attempt in wanted and (known is None or line.event == "ended" or known.event == "started"):
            found[line.attempt] = line
    # what was written meanwhile, or recovered after a crash, knows better
    return {attempt: line for attempt, line in found.items() if line.cost_cents is None}


def _ended(line: LedgerLine, cents: Decimal, because: str) -> LedgerLine:
    """At the time of what it settles; when that was done, the file's name tells."""
    outcome = line.outcome or "lost"
    return line.model_copy(update={"event": "ended", "outcome": outcome, "cost_cents": cents, "because": because})
