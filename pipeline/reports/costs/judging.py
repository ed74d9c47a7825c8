"""Every attempt of some ledgers once, with what is known of it only beside the others: its project, and waste."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from pipeline.reports.costs.attempts import Attempt, Money, Waste, asks_for_another_take, paired_attempt
from pipeline.reports.costs.lines import Line, Reading, read_again, read_lines
from pipeline.reports.costs.merging import MergedLedger, merging
from pipeline.reports.costs.pairing import pairs
from pipeline.reports.costs.sources import Source
from pipeline.reports.costs.survey import Survey, Surveyor

_T = TypeVar("_T")


class Judged(NamedTuple):
    """An attempt with what reports need to know of it; ``project`` is the first that tells of it."""

    attempt: Attempt
    project: str
    money: Money
    waste: Waste | None


def judge(sources: Sequence[Source], reading: Reading, collect: Callable[[Iterable[Judged]], _T]) -> _T:
    """What ``collect`` makes of the attempts, in no order; ``reading`` is filled on the way.

    The ledgers are read once, in the belief that every attempt tells all of itself. Where they turn out to hold copies,
    or takes that were stored twice, ``collect`` is called anew with what belongs together merged. Raises InputError for
    lines that cannot be right, UsageError for files that cannot be read, StorageError where the temporary database
    finds no room.
    """
    surveyor = Surveyor()
    collected = collect(_at_first_sight(sources, reading, surveyor))
    survey = surveyor.survey()
    if survey.plain:
        return collected
    reading.duplicates = 0
    reading.conflicts.clear()
    return collect(_with_care(sources, reading, survey))


def _at_first_sight(sources: Sequence[Source], reading: Reading, surveyor: Surveyor) -> Iterator[Judged]:
    with merging() as ledger:
        for started, ended in pairs(surveyor.watched(read_lines(sources, reading)), ledger.add):
            attempt = _paired(started, ended)
            waste = attempt.waste(repeated=False, retake=asks_for_another_take(attempt.because))
            yield Judged(attempt, sources[attempt.source].project, attempt.money, waste)
        yield from _merged(ledger, sources, reading, surveyor.survey())


def _with_care(sources: Sequence[Source], reading: Reading, survey: Survey) -> Iterator[Judged]:
    with merging() as ledger:
        for started, ended in pairs(read_again(sources, reading), ledger.add, survey.apart):
            attempt = _paired(started, ended)
            waste = attempt.waste(repeated=False, retake=attempt.key in survey.retakes)
            yield Judged(attempt, sources[attempt.source].project, attempt.money, waste)
        yield from _merged(ledger, sources, reading, survey)


def _paired(started: Line, ended: Line) -> Attempt:
    return paired_attempt(started.fields, ended.fields, min(started.source, ended.source))


def _merged(ledger: MergedLedger, sources: Sequence[Source], reading: Reading, survey: Survey) -> Iterator[Judged]:
    projects = ["" if source.anybodys else source.project for source in sources]
    first = ledger.first_storings(projects)
    for attempt, duplicates, conflicts in ledger:
        reading.duplicates += duplicates
        reading.conflicts += conflicts
        repeated = first.get((projects[attempt.source], attempt.key), attempt.id) != attempt.id
        waste = attempt.waste(repeated=repeated, retake=attempt.key in survey.retakes)
        yield Judged(attempt, sources[attempt.source].project, attempt.money, waste)
