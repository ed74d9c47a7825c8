"""On which terms a run spends: the price, the budgets, and what every ledger line says besides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from pipeline.engines.protocol import Engine, MeteredEngine
from pipeline.errors import UsageError
from pipeline.project.models import Budget, Project
from pipeline.render.pacing import Pacing
from pipeline.render.purse import PROJECT_BUDGET, Cap, Purse
from pipeline.render.retrying import RetryPolicy
from pipeline.render.together import Together
from pipeline.store.ledger import LedgerLine, read_ledger

_NOTHING = Decimal(0)


@dataclass(slots=True)
class Terms:
    """What holds for a run. ``rate`` is the price in EUR cents a minute of audio, None where it is not known;
    ``model`` is the one it is of."""

    rate: Decimal | None = None
    purse: Purse = field(default_factory=Purse)
    account: str | None = None
    revision: str | None = None
    model: str = ""
    unknown_price_allowed: bool = False
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    pacing: Pacing | None = None
    """What earlier runs of the same command have left of the wallet's limits."""


def terms_of(
    project: Project,
    engine: Engine,
    ledgers: Path,
    *,
    revision: str | None = None,
    max_cost_cents: Decimal | None = None,
    allow_unknown_price: bool = False,
    spent_before: Decimal | None = None,
    together: Together | None = None,
) -> Terms:
    """The terms of a run. A free engine costs nothing and needs no budget.

    ``spent_before`` is what all other runs have come to, where a shared store knows better than the ledgers here.
    ``together`` is what the other projects of the command have come to. Raises StorageError where the ledger cannot be
    read.
    """
    if not engine.paid:
        return Terms(revision=revision)
    identity = engine.identity()
    rate = project.rates.get(identity["model"])
    if spent_before is None and project.budget.project_cents is not None:
        spent_before = earlier_cents(ledgers, identity["provider"])
    elsewhere = together.spent_cents if together is not None else _NOTHING
    unknown = _NOTHING
    if project.budget.project_cents is not None:
        unknown = unknown_cents(ledgers, identity["provider"])
    caps = budgets(project.budget, max_cost_cents, spent_before or _NOTHING, elsewhere, unknown)
    metered = engine if isinstance(engine, MeteredEngine) else None
    return Terms(
        rate=rate,
        purse=Purse(caps),
        account=metered.account if metered is not None else None,
        pacing=together.pacing(metered.account, metered.limits) if together is not None and metered else None,
        revision=revision,
        model=identity["model"],
        unknown_price_allowed=allow_unknown_price,
    )


def require_price(terms: Terms) -> None:
    """Raise UsageError where there is a budget and the model's price is not known, unless that is allowed."""
    if terms.purse.caps and terms.rate is None and not terms.unknown_price_allowed:
        raise UsageError(
            f"there is a budget, but the price of {terms.model} is not known",
            hint=f"set `rates: {{{terms.model}: …}}` in EUR cents a minute, or give --allow-unknown-price",
        )


def budgets(
    budget: Budget,
    max_cost_cents: Decimal | None,
    spent_before: Decimal,
    elsewhere: Decimal = _NOTHING,
    unknown_before: Decimal = _NOTHING,
) -> list[Cap]:
    """Every budget that holds: the manifest's for a run and for the project, and the command line's, against which
    counts what other projects of the command have come to (``elsewhere``)."""
    caps = []
    if max_cost_cents is not None:
        caps.append(Cap("--max-cost", max_cost_cents, elsewhere))
    if budget.run_cents is not None:
        caps.append(Cap("the run's budget", budget.run_cents))
    if budget.project_cents is not None:
        caps.append(Cap(PROJECT_BUDGET, budget.project_cents, spent_before, min(unknown_before, spent_before)))
    return caps


def earlier_cents(ledgers: Path, provider: str) -> Decimal:
    """What all runs of this ledger spent at ``provider``; a charge that is not known counts as it was reserved."""
    return sum(spent_by_run(ledgers, provider).values(), _NOTHING)


def spent_by_run(ledgers: Path, provider: str) -> dict[str, Decimal]:
    """The same, for each run."""
    spent: dict[str, Decimal] = {}
    for line in _told(ledgers, provider):
        spent[line.run] = spent.get(line.run, _NOTHING) + _charge(line)
    return spent


def unknown_cents(ledgers: Path, provider: str) -> Decimal:
    """What of :func:`earlier_cents` is set aside for charges that are not known."""
    return sum((_charge(line) for line in _told(ledgers, provider) if line.cost_cents is None), _NOTHING)


def _told(ledgers: Path, provider: str) -> Iterable[LedgerLine]:
    """The line that tells most of every attempt, in however many ledgers it stands; where copies contradict one
    another, a known charge counts before an unknown one, and the dearer of two."""
    lines: dict[str, LedgerLine] = {}
    for line in read_ledger(ledgers):
        if line.provider == provider:
            known = lines.get(line.attempt)
            lines[line.attempt] = line if known is None else max(known, line, key=_weight)
    return lines.values()


def _weight(line: LedgerLine) -> tuple[bool, bool, Decimal]:
    """An answer says more than that a request left, a known charge more than an unknown one, and a dearer one more."""
    return line.event == "ended", line.cost_cents is not None, _charge(line)


def _charge(line: LedgerLine) -> Decimal:
    if line.cost_cents is not None:
        return line.cost_cents
    return _NOTHING if line.outcome == "failed" else line.reserved_cents or _NOTHING
