"""Grouping: the sums of a report by chapter, voice, day and so on. The groups of a view add up to its total."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from types import MappingProxyType

from pipeline.errors import UsageError
from pipeline.project.wording import did_you_mean
from pipeline.reports.costs.charges import Charges, Tally, sum_of
from pipeline.reports.costs.judging import Judged

Value = str | None

DIMENSIONS: Mapping[str, Callable[[Judged, tzinfo], Value]] = MappingProxyType(
    {
        "project": lambda judged, _: judged.project,
        "chapter": lambda judged, _: judged.attempt.chapter,
        "voice": lambda judged, _: judged.attempt.voice,
        "model": lambda judged, _: judged.attempt.model,
        "day": lambda judged, zone: judged.attempt.at.astimezone(zone).isoformat()[:10],
        "month": lambda judged, zone: judged.attempt.at.astimezone(zone).isoformat()[:7],
        "run": lambda judged, _: judged.attempt.run,
        "outcome": lambda judged, _: judged.attempt.outcome,
        "revision": lambda judged, _: judged.attempt.revision,
        "engine": lambda judged, _: judged.attempt.engine,
        "provider": lambda judged, _: judged.attempt.provider,
    }
)
"""What attempts can be grouped by. To add one: its name and how to read it from an attempt."""

By = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One group: the values of its dimensions, what it came to, and how much of that was wasted."""

    values: tuple[Value, ...]
    charges: Charges
    wasted: Charges


@dataclass(frozen=True, slots=True)
class View:
    """A table of groups, in natural order."""

    by: By
    rows: tuple[Row, ...]

    def total(self) -> Charges:
        """The sum of all groups."""
        return sum_of(row.charges for row in self.rows)


@dataclass(slots=True)
class Grouper:
    """Adds attempts up, one at a time, by ``by``."""

    by: By
    zone: tzinfo
    _sums: dict[tuple[Value, ...], tuple[Tally, Tally]] = field(default_factory=dict)
    _reads: list[Callable[[Judged, tzinfo], Value]] = field(init=False)

    def __post_init__(self) -> None:
        self._reads = [DIMENSIONS[name] for name in self.by]

    def add(self, judged: Judged) -> None:
        """Count the attempt in its group."""
        values = tuple([read(judged, self.zone) for read in self._reads])
        sums = self._sums.get(values)
        if sums is None:
            sums = self._sums[values] = (Tally(), Tally())
        sums[0].add(judged.attempt)
        if judged.waste is not None:
            sums[1].add(judged.attempt)

    def view(self) -> View:
        """The groups so far."""
        rows = [Row(values, each.charges(), wasted.charges()) for values, (each, wasted) in self._sums.items()]
        return View(self.by, tuple(sorted(rows, key=lambda row: natural_order(row.values))))


def read_by(options: Iterable[str]) -> list[By]:
    """``--by``: each option is a table, the commas in one combine. Raises UsageError for what nothing goes by."""
    views = []
    for option in options:
        names = tuple(dict.fromkeys(name.strip() for name in option.split(",") if name.strip()))
        for name in names:
            if name not in DIMENSIONS:
                hint = did_you_mean(name, DIMENSIONS) or f"choose among {', '.join(DIMENSIONS)}"
                raise UsageError(f"nothing is reported by '{name}'", hint=hint)
        if not names:
            raise UsageError("--by names nothing", hint=f"choose among {', '.join(DIMENSIONS)}")
        views.append(names)
    return list(dict.fromkeys(views))


def natural_order(values: Sequence[Value]) -> list[tuple[bool, list[tuple[bool, int, str]], str]]:
    """A sort key that puts 2 before 10, and what is not known last."""
    return [(value is None, _parts(value or ""), value or "") for value in values]


def _parts(text: str) -> list[tuple[bool, int, str]]:
    return [
        (False, int(part), "") if part.isdecimal() and part.isascii() else (True, 0, part.casefold())
        for part in re.split(r"([0-9]{1,18})", text)
        if part
    ]
