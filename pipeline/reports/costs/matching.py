"""Which row of a statement is which attempt: one to one, and the same in any order of rows and attempts."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_UP, Context, Decimal
from itertools import takewhile
from typing import TypeVar

from pipeline.engines.providers import CONNECTION_PREFIX
from pipeline.reports.costs.attempts import Attempt
from pipeline.reports.costs.exchanging import Pair, exchanged
from pipeline.reports.costs.statement import StatementRow

T = TypeVar("T")

_LONGEST_REQUEST = timedelta(minutes=15)
"""An attempt that a later run ended, after a crash, did not last until then."""
_NARROW_S = (0, 1, 5, 20, 60)
_NO_TIME = datetime.max.replace(tzinfo=UTC)
_WIDE = Context(prec=120)


def match(
    attempts: Iterable[Attempt], rows: Iterable[StatementRow], window: timedelta
) -> tuple[list[Pair], list[Attempt], list[StatementRow]]:
    """Pairs, and what has no partner.

    First by request id. What is left, and has not different request ids on both sides, by time: a row lies from
    ``window`` before the attempt started until ``window`` after it ended, and agrees in audio seconds and cents,
    else in audio seconds, else in cents; within one kind the earlier attempt gets the earlier row, nearest first. An
    attempt of which neither is known goes by time alone, last, and gets the largest amount that it may have cost.
    Where that leaves an attempt alone whose row another one took that has its choice, they are exchanged.
    """
    pairs, left, right = _by_request_id(sorted(attempts, key=_attempt_order), sorted(rows, key=_row_order))
    timed = [row for row in right if row.at is not None]
    told = [attempt for attempt in left if attempt.cost is not None or attempt.audio_seconds is not None]
    found = _by_time(told, timed, window)
    found = exchanged(found, told, timed, _may_be(timed, window))
    partners = {row.line for _, row in found}
    untold = [attempt for attempt in left if attempt.cost is None and attempt.audio_seconds is None]
    found += _in_order(untold, [row for row in timed if row.line not in partners], _anything, _anything, window)
    pairs += exchanged(found, untold, timed, _may_be(timed, window))
    taken, used = {attempt.id for attempt, _ in pairs}, {row.line for _, row in pairs}
    unmatched = [attempt for attempt in left if attempt.id not in taken]
    return pairs, unmatched, [row for row in right if row.line not in used]


def _by_time(attempts: Sequence[Attempt], rows: Sequence[StatementRow], window: timedelta) -> list[Pair]:
    pairs: list[Pair] = []
    decimals = _decimals(rows)
    narrow = [timedelta(seconds=seconds) for seconds in _NARROW_S if timedelta(seconds=seconds) < window]
    for of_attempt, of_row in _kinds(decimals):
        for within in (*narrow, window):
            found = _in_order(attempts, rows, of_attempt, of_row, within)
            pairs += found
            taken, used = {attempt.id for attempt, _ in found}, {row.line for _, row in found}
            attempts = [attempt for attempt in attempts if attempt.id not in taken]
            rows = [row for row in rows if row.line not in used]
    return pairs


def _may_be(rows: Sequence[StatementRow], window: timedelta) -> Callable[[Attempt], Iterator[StatementRow]]:
    """The rows that may be an attempt's without any difference, the earliest first."""
    decimals, times = _decimals(rows), [row.at or _NO_TIME for row in rows]

    def of(attempt: Attempt) -> Iterator[StatementRow]:
        first, end = bisect_left(times, attempt.at - window), bisect_right(times, _last(attempt) + window)
        for row in rows[first:end]:
            if _fits(attempt, row, window) and _same(attempt, row, decimals):
                yield row

    return of


def _same(attempt: Attempt, row: StatementRow, decimals: int) -> bool:
    if attempt.cost is not None and not agrees(attempt.cost, row):
        return False
    if attempt.audio_seconds is None or row.audio_seconds is None:
        return True
    return _seconds(attempt.audio_seconds, decimals) == _seconds(row.audio_seconds, decimals)


def _decimals(rows: Iterable[StatementRow]) -> int:
    return max((row.seconds_decimals for row in rows), default=0)


def _anything(_item: Attempt | StatementRow) -> Hashable:
    return True


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
        waits = waiting.get(own_id, []) if own_id is not None else []
        candidates = waits if attempt.cost is not None else [row for row in waits if row.cents >= 0]
        if not candidates:  # a refund is no charge
            rest.append(attempt)
            continue
        same = [row for row in candidates if attempt.cost is not None and agrees(attempt.cost, row)]
        row = (same or candidates)[0]
        waits.remove(row)
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
        candidates = deque(kinds.get(kind, ()))
        for attempt in same:
            while candidates and candidates[0].at is not None and candidates[0].at < attempt.at - window:
                candidates.popleft()
            row = _fitting(attempt, candidates, window)
            if row is not None:
                pairs.append((attempt, row))
                candidates.remove(row)
    return pairs


def _fitting(attempt: Attempt, rows: Iterable[StatementRow], window: timedelta) -> StatementRow | None:
    """The first row, in their order, that may be the attempt's; where nothing but its time is known, the dearest."""
    within = takewhile(lambda row: row.at is not None and row.at <= _last(attempt) + window, rows)
    fitting = (row for row in within if _fits(attempt, row, window))
    if attempt.cost is None and attempt.audio_seconds is None:
        return max(fitting, key=lambda row: row.cents, default=None)
    return next(fitting, None)


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
    if attempt.cost is None and (row.cents < 0 or (attempt.reserved is not None and row.cents > attempt.reserved)):
        return False  # a refund is no charge
    return attempt.at - window <= row.at <= _last(attempt) + window


def _last(attempt: Attempt) -> datetime:
    return min(attempt.ended_at or attempt.at, attempt.at + _LONGEST_REQUEST)


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
