"""The two lines of an attempt brought together while a ledger is read: the second comes soon after the first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from pipeline.reports.costs.lines import Line

Pair = tuple[Line, Line]
"""What started an attempt and what ended it."""

_MOST_OPEN = 10_000
"""Attempts under way at a time; where there are more, memory is spared and the lines are merged."""
_BATCH = 5_000


def pairs(
    lines: Iterable[Line], merge: Callable[[list[Line]], None], apart: Callable[[Line], bool] | None = None
) -> Iterator[Pair]:
    """The attempts of which two lines tell; ``merge`` is given every other line, and those that are not ``apart``
    (None: all are).
    """
    under_way: dict[str, Line] = {}
    others: list[Line] = []
    for line in lines:
        if apart is not None and not apart(line):
            others.append(line)
        elif line.fields["event"] == "started":
            under_way[line.fields["attempt"]] = line
            if len(under_way) > _MOST_OPEN:
                others += under_way.values()
                under_way.clear()
        else:
            start = under_way.pop(line.fields["attempt"], None)
            if start is not None:
                yield start, line
            else:
                others.append(line)
        if len(others) >= _BATCH:
            merge(others)
            others = []
    merge([*others, *under_way.values()])
