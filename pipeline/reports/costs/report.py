"""The cost report: what was paid in real and in simulated money, what was wasted, what is unknown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.reports.costs.attempts import Money, Waste
from pipeline.reports.costs.charges import NOTHING, Charges, Tally, UnknownCharge
from pipeline.reports.costs.grouping import By, Grouper, View
from pipeline.reports.costs.judging import Judged, judge
from pipeline.reports.costs.lines import Reading
from pipeline.reports.costs.periods import Period
from pipeline.reports.costs.sources import Source


@dataclass(frozen=True, slots=True)
class Account:
    """Everything about one kind of money: totals, tables, waste, and the unknown charges by time."""

    money: Money
    total: Charges
    waste: Mapping[Waste, Charges]
    views: tuple[View, ...]
    unknown: tuple[UnknownCharge, ...]

    @property
    def wasted(self) -> Charges:
        """All waste."""
        return sum(self.waste.values(), NOTHING)


@dataclass(frozen=True, slots=True)
class CostReport:
    """What the ledgers of ``projects`` say about ``period``. ``free`` are the attempts of embedded voices."""

    projects: tuple[str, ...]
    period: Period
    real: Account
    simulated: Account
    free: Charges
    reading: Reading


@dataclass(slots=True)
class _Accountant:
    """Fills an account, one attempt at a time."""

    money: Money
    groupers: list[Grouper]
    total: Tally = field(default_factory=Tally)
    waste: dict[Waste, Tally] = field(default_factory=lambda: defaultdict(Tally))
    unknown: list[UnknownCharge] = field(default_factory=list)

    def add(self, judged: Judged) -> None:
        attempt, project, _, waste = judged
        self.total.add(attempt)
        if self.money is Money.FREE:
            return
        if waste is not None:
            self.waste[waste].add(attempt)
        if attempt.cost is None:
            self.unknown.append(UnknownCharge(project, attempt))
        for grouper in self.groupers:
            grouper.add(judged)

    def account(self) -> Account:
        unknown = sorted(self.unknown, key=lambda each: (each.attempt.at, each.attempt.id))
        waste = {kind: self.waste[kind].charges() for kind in Waste if kind in self.waste}
        views = tuple(each.view() for each in self.groupers)
        return Account(self.money, self.total.charges(), waste, views, tuple(unknown))


def cost_report(sources: Sequence[Source], views: Iterable[By], period: Period) -> CostReport:
    """Read and merge the ledgers and add everything up, each attempt once.

    Raises InputError for lines that cannot be right, UsageError for files that cannot be read, StorageError where
    the temporary database finds no room.
    """
    views = list(views)
    reading = Reading()
    accountants = judge(sources, reading, lambda found: _added_up(found, views, period))
    return CostReport(
        projects=tuple(dict.fromkeys(source.project for source in sources)),
        period=period,
        real=accountants[Money.REAL].account(),
        simulated=accountants[Money.SIMULATED].account(),
        free=accountants[Money.FREE].total.charges(),
        reading=reading,
    )


def _added_up(found: Iterable[Judged], views: Sequence[By], period: Period) -> dict[Money, _Accountant]:
    accountants = {kind: _Accountant(kind, [Grouper(by, period.zone) for by in views]) for kind in Money}
    accountants[Money.FREE].groupers.clear()
    for judged in found:
        if judged.attempt.at in period:
            accountants[judged.money].add(judged)
    return accountants
