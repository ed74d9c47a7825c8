"""Every attempt of some ledgers once, with what is known of it only beside the others: its project, and waste."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.reports.costs.attempts import Attempt, Money, Waste
from pipeline.reports.costs.lines import Reading, read_lines
from pipeline.reports.costs.merging import merge
from pipeline.reports.costs.sources import Source


@dataclass(frozen=True, slots=True)
class Judged:
    """An attempt with what reports need to know of it; ``project`` is the first that tells of it."""

    attempt: Attempt
    project: str
    money: Money
    waste: Waste | None


def judge(sources: Sequence[Source], reading: Reading) -> Iterator[Judged]:
    """Read and merge the ledgers; ``reading`` is filled on the way.

    Raises InputError for lines that cannot be right, UsageError for files that cannot be read, StorageError where
    the temporary database finds no room.
    """
    with merge(read_lines(sources, reading)) as ledger:
        first, retakes = ledger.first_storings(), ledger.retakes()
        for attempt, duplicates, conflicts in ledger:
            reading.duplicates += duplicates
            reading.conflicts += conflicts
            repeated = first.get(attempt.key, attempt.id) != attempt.id
            waste = attempt.waste(repeated=repeated, retake=attempt.key in retakes)
            yield Judged(attempt, sources[attempt.source].project, attempt.money, waste)
