"""A ledger against a provider's statement: what agrees, what differs, what only one of them knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from pipeline.reports.costs.attempts import Attempt, Money
from pipeline.reports.costs.exact import total
from pipeline.reports.costs.exchanging import Pair
from pipeline.reports.costs.judging import judge
from pipeline.reports.costs.lines import Reading
from pipeline.reports.costs.matching import agrees, match
from pipeline.reports.costs.periods import Period
from pipeline.reports.costs.sources import Source
from pipeline.reports.costs.statement import StatementRow

Charge = tuple[Attempt | None, StatementRow | None]
"""A charge as the ledger and as the statement has it; None: that one does not."""


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What the comparison came to. ``resolved`` are unknown charges whose amount the statement tells.

    ``unresolved`` are unknown charges that the statement does not have: most likely nothing was charged, so they are
    listed and are no disagreement. An attempt that cost nothing and is on no statement is nowhere.
    """

    statement: str
    money: Money
    period: Period
    matched: tuple[Pair, ...]
    different: tuple[Pair, ...]
    resolved: tuple[Pair, ...]
    statement_only: tuple[StatementRow, ...]
    ledger_only: tuple[Attempt, ...]
    unresolved: tuple[Attempt, ...]
    reading: Reading

    @property
    def agrees(self) -> bool:
        """Whether every charge that either side is sure of is on the other, with the same amount."""
        return not (self.different or self.statement_only or self.ledger_only)

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """Everything that is on both."""
        return (*self.matched, *self.different, *self.resolved)

    def charges(self) -> dict[str, list[Charge]]:
        """Everything, by how it came out."""
        return {
            "matched": list(self.matched),
            "different": list(self.different),
            "statement_only": [(None, row) for row in self.statement_only],
            "ledger_only": [(attempt, None) for attempt in self.ledger_only],
            "resolved": list(self.resolved),
            "unresolved": [(attempt, None) for attempt in self.unresolved],
        }

    def statement_cents(self) -> Decimal:
        """The sum of the statement's rows."""
        return total([row.cents for _, row in self.pairs] + [row.cents for row in self.statement_only])

    def ledger_cents(self) -> Decimal:
        """The sum of the ledger's known charges."""
        attempts = [attempt for attempt, _ in self.pairs] + list(self.ledger_only)
        return total(attempt.cost for attempt in attempts if attempt.cost is not None)


def reconcile(
    sources: Sequence[Source],
    rows: Sequence[StatementRow],
    *,
    statement: str,
    money: Money,
    period: Period,
    window: timedelta,
) -> Reconciliation:
    """Compare the attempts of one kind of money with the rows of a statement.

    Everything is matched; then what lies outside ``period`` on its side is left out, so that a charge at its edge
    is not missed. Raises what reading ledgers raises.
    """
    reading = Reading()
    attempts = judge(sources, reading, lambda found: [judged.attempt for judged in found if judged.money is money])
    pairs, attempts_left, rows_left = match(attempts, rows, window)
    inside = [
        (attempt, row) for attempt, row in pairs if attempt.at in period or (row.at is not None and row.at in period)
    ]
    alone = [attempt for attempt in attempts_left if attempt.at in period]
    return Reconciliation(
        statement=statement,
        money=money,
        period=period,
        matched=tuple(pair for pair in inside if _equal(*pair)),
        different=tuple(pair for pair in inside if pair[0].cost is not None and not _equal(*pair)),
        resolved=tuple(pair for pair in inside if pair[0].cost is None),
        statement_only=tuple(row for row in rows_left if row.at is None or row.at in period),
        ledger_only=tuple(attempt for attempt in alone if attempt.cost),
        unresolved=tuple(attempt for attempt in alone if attempt.cost is None),
        reading=reading,
    )


def _equal(attempt: Attempt, row: StatementRow) -> bool:
    return attempt.cost is not None and agrees(attempt.cost, row)
