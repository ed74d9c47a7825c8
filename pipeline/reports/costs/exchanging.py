"""Partners for attempts that were left without one, by exchanging those of others: a greedy pairing made a largest one.

Whoever has a partner keeps one (Kuhn's augmenting paths), so that pairing those first of whom more is known, and the
others after them, leaves as few as can be alone, and of the better known before all.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from pipeline.reports.costs.attempts import Attempt
from pipeline.reports.costs.statement import StatementRow

Pair = tuple[Attempt, StatementRow]

_FARTHEST = 2_000
"""Rows looked at for one attempt: exchanges go from one to its neighbours in time, and a ledger may have a million."""


def exchanged(
    pairs: Iterable[Pair],
    attempts: Iterable[Attempt],
    rows: Sequence[StatementRow],
    may_be: Callable[[Attempt], Iterable[StatementRow]],
) -> list[Pair]:
    """``pairs``, and partners for ``attempts`` without one, where exchanges find any among ``rows``.

    ``may_be`` tells the rows that an attempt may have.
    """
    partner = {row.line: (attempt, row) for attempt, row in pairs}
    paired = {attempt.id for attempt, _ in partner.values()}
    free = {row.line for row in rows} - set(partner)
    vain: set[int] = set()  # rows from which no exchange led to a free one, nor will while none is exchanged
    for attempt in attempts:
        if not free:
            break
        if attempt.id not in paired and _find(attempt, partner, free, vain, may_be):
            vain.clear()
    return list(partner.values())


def _find(
    attempt: Attempt,
    partner: dict[int, Pair],
    free: set[int],
    vain: set[int],
    may_be: Callable[[Attempt], Iterable[StatementRow]],
) -> bool:
    """Whether the attempt got a partner."""
    wanted: dict[int, tuple[Pair, int | None]] = {}
    asking: deque[tuple[Attempt, int | None]] = deque([(attempt, None)])
    while asking and len(wanted) < _FARTHEST:
        one, has = asking.popleft()
        for row in may_be(one):
            if row.line in wanted or row.line in vain:
                continue
            wanted[row.line] = (one, row), has
            if row.line in free:
                free.discard(row.line)
                _exchange(row.line, partner, wanted)
                return True
            if row.line in partner:
                asking.append((partner[row.line][0], row.line))
    vain.update(wanted)
    return False


def _exchange(line: int | None, partner: dict[int, Pair], wanted: dict[int, tuple[Pair, int | None]]) -> None:
    """Give the row at ``line`` to whoever asked for it, theirs to whoever asked for that, until nobody gave one up."""
    while line is not None:
        partner[line], line = wanted[line]
