"""Which row of a statement is which attempt: one to one, and the same in any order of rows and attempts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_UP, Context, Decimal
from typing import TypeVar

from pipeline.engines.providers import CONNECTION_PREFIX
from pipeline.reports.costs.attempts import Attempt
from pipeline.reports.costs.statement import StatementRow

Pair = tuple[Attempt, StatementRow]
T = TypeVar("T")

_LONGEST_REQUEST = timedelta(minutes=15)
"""An attempt that a later run ended, after a crash, did not last until then."""
_NO_TIME = datetime.max.replace(tzinfo=UTC)
_WIDE = Context(prec=120)


def match(
    attempts: Iterable[Attempt], rows: Iterable[StatementRow], window: timedelta
) -> tuple[list[Pair], list[Attempt], list[StatementRow]]:
    """Pairs, and what has no partner.

    First by request id. What is left, and has not different request ids on both sides, by time: a row lies from
    ``window`` before the attempt started until ``window`` after it ended, and agrees in audio seconds and cents,
    else in audio seconds, else in cents; an attempt of which neither is known goes by time alone, last. Within one
    kind the earlier attempt gets the earlier row, which pairs as many as can be.
    """
    pairs, left, right = _by_request_id(sorted(attempts, key=_attempt_order), sorted(rows, key=_row_order))
    open_left = left
    timed = [row for row in right if row.at is not None]
    decimals = max((row.seconds_decimals for row in timed), default=0)
    for of_attempt, of_row in _kinds(decimals):
        found = _in_order(open_left, timed, of_attempt, of_row, window)
        pairs += found
        taken, used = {attempt.id for attempt, _ in found}, {row.line for _, row in found}
        open_left = [attempt for attempt in open_left if attempt.id not in taken]
        timed = [row for row in timed if row.line not in used]
    taken, used = {attempt.id for attempt, _ in pairs}, {row.line for _, row in pairs}
    unmatched = [attempt for attempt in left if attempt.id not in taken]
    return pairs, unmatched, [row for row in right if row.line not in used]


def agrees(cost: Decimal, row: StatementRow) -> bool:
    """Whether a charge is the row's amount, to the decimals that its statement is written with."""
    return _rounded(cost, row.decimals) == row.cents


def _by_request_id(
    attempts: list[Attempt], rows: list[StatementRow]
) -> tuple[list[Pair], list[Attempt], list[StatementRow]]:
    waiting: dict[str, list[StatementRow]] = defaultdict(list)
    for row in rows:
        if row.request_id is not None:
            waiting[row.request_id].append(row)
    pairs: list[Pair] = []
    rest = []
    for attempt in attempts:
        own_id = _own_id(attempt)
        candidates = waiting.get(own_id, []) if own_id is not None else []
        if not candidates:
            rest.append(attempt)
            continue
        same = [row for row in candidates if attempt.cost is not None and agrees(attempt.cost, row)]
        row = (same or candidates)[0]
        candidates.remove(row)
        pairs.append((attempt, row))
    used = {row.line for _, row in pairs}
    return pairs, rest, [row for row in rows if row.line not in used]


def _kinds(
    decimals: int,
) -> Sequence[tuple[Callable[[Attempt], Hashable | None], Callable[[StatementRow], Hashable | None]]]:
    """How an attempt and a row are alike, the best first; None: not comparable in this way."""

    def attempt_seconds(attempt: Attempt) -> Hashable | None:
        return None if attempt.audio_seconds is None else _seconds(attempt.audio_seconds, decimals)

    def row_seconds(row: StatementRow) -> Hashable | None:
        return None if row.audio_seconds is None else _seconds(row.audio_seconds, decimals)

    def attempt_both(attempt: Attempt) -> Hashable | None:
        seconds, cents = attempt_seconds(attempt), _attempt_cents(attempt)
        return None if seconds is None or cents is None else (seconds, cents)

    def row_both(row: StatementRow) -> Hashable | None:
        seconds = row_seconds(row)
        return None if seconds is None else (seconds, _row_cents(row))

    return (
        (attempt_both, row_both),
        (attempt_seconds, row_seconds),
        (_attempt_cents, _row_cents),
        (lambda attempt: True if attempt.cost is None and attempt.audio_seconds is None else None, lambda _: True),
    )


def _in_order(
    attempts: Sequence[Attempt],
    rows: Sequence[StatementRow],
    of_attempt: Callable[[Attempt], Hashable | None],
    of_row: Callable[[StatementRow], Hashable | None],
    window: timedelta,
) -> list[Pair]:
    kinds = _by_kind(rows, of_row)
    pairs: list[Pair] = []
    for kind, same in _by_kind(attempts, of_attempt).items():
        candidates = iter(kinds.get(kind, ()))
        row = next(candidates, None)
        for attempt in same:
            while row is not None and row.at is not None and row.at < attempt.at - window:
                row = next(candidates, None)
            if row is None:
                break
            if _fits(attempt, row, window):
                pairs.append((attempt, row))
                row = next(candidates, None)
    return pairs


def _by_kind(items: Sequence[T], kind_of: Callable[[T], Hashable | None]) -> dict[Hashable, list[T]]:
    kinds: dict[Hashable, list[T]] = defaultdict(list)
    for item in items:
        kind = kind_of(item)
        if kind is not None:
            kinds[kind].append(item)
    return kinds


def _own_id(attempt: Attempt) -> str | None:
    """The id of the request itself: a connection's is shared, and stands on no statement for one charge."""
    shared = attempt.request_id is not None and attempt.request_id.startswith(CONNECTION_PREFIX)
    return None if shared else attempt.request_id


def _fits(attempt: Attempt, row: StatementRow, window: timedelta) -> bool:
    if row.at is None or (_own_id(attempt) is not None and row.request_id is not None):
        return False
    if attempt.cost is None and attempt.reserved is not None and row.cents > attempt.reserved:
        return False
    ended = min(attempt.ended_at or attempt.at, attempt.at + _LONGEST_REQUEST)
    return attempt.at - window <= row.at <= ended + window


def _seconds(seconds: Decimal, decimals: int) -> Decimal:
    """Whole seconds in a statement are started seconds; decimals are rounded."""
    return seconds.quantize(Decimal(1), ROUND_CEILING, _WIDE) if not decimals else _rounded(seconds, decimals)


def _attempt_cents(attempt: Attempt) -> Hashable | None:
    return None if attempt.cost is None else _rounded(attempt.cost, 2)


def _row_cents(row: StatementRow) -> Hashable:
    return _rounded(row.cents, 2)


def _rounded(number: Decimal, decimals: int) -> Decimal:
    return number.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, _WIDE)


def _attempt_order(attempt: Attempt) -> tuple[datetime, str]:
    return attempt.at, attempt.id


def _row_order(row: StatementRow) -> tuple[bool, datetime, int]:
    return row.at is None, row.at or _NO_TIME, row.line
