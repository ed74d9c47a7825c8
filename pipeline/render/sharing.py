"""A run's part in a shared store: opened with the project's lock held, and left with everything sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.engines.protocol import Engine
from pipeline.errors import NarrateError, SegmentsFailed, StorageError, UsageError
from pipeline.project.loading import load_project
from pipeline.project.models import Project
from pipeline.render.events import Noticed, Receiver
from pipeline.render.plan import Plan
from pipeline.render.store_wish import StoreWish, store_wish
from pipeline.render.terms import Terms, spent_by_run
from pipeline.store.layout import Layout
from pipeline.store.ledger import new_run_id
from pipeline.store.locking import project_lock
from pipeline.store.shared.address import STORE_VARIABLE
from pipeline.store.shared.budgets import SharedBudget
from pipeline.store.shared.claims import Claims
from pipeline.store.shared.desk import Desk, at_desk
from pipeline.store.shared.opening import creates_only_once, open_remote, require_version
from pipeline.store.shared.runners import REQUEST_SECONDS, Runner
from pipeline.store.shared.shared_ledgers import pull_ledgers, push_ledger, push_ledgers
from pipeline.store.shared.source import SharedTakes
from pipeline.store.sidecars import Take

if TYPE_CHECKING:
    from pipeline.render.running import Rendered


@contextmanager
def sharing(
    wish: StoreWish, project: Project, engine: Engine, layout: Layout, run: str, receiver: Receiver
) -> Iterator[SharedTakes | None]:
    """The store as this run uses it (None: there is none), its ledgers brought here and its takes listed.

    Raises UsageError where it must keep runners apart and cannot, StorageError where it cannot be reached.
    """
    if wish.address is None:
        if wish.shared:
            raise UsageError("--shared needs a store to share", hint="name it with --store or NARRATE_STORE")
        yield None
        return
    remote = open_remote(wish.address)
    require_version(remote, begin=True)
    shared = SharedTakes(
        remote,
        layout.takes,
        Runner(remote, run, wish.lease_seconds),
        lambda message: receiver(Noticed(message)),
        paid=engine.paid,
        request_seconds=min(REQUEST_SECONDS, wish.lease_seconds / 3),
    )
    if (engine.paid or wish.shared) and _keeps_apart(shared, demanded=wish.shared):
        shared.claims = Claims(remote, shared.runner)
    try:
        pull_ledgers(remote, project.slug, layout.ledgers, but=shared.runner.living())
        shared.budget = _budget(shared, project, engine, layout.ledgers)
        shared.look()
        shared.meanwhile = lambda: push_ledger(remote, project.slug, layout.ledgers / f"{run}.jsonl")
        shared.keep_alive()
        yield shared
    finally:
        shared.close()


def _keeps_apart(shared: SharedTakes, *, demanded: bool) -> bool:
    if creates_only_once(shared.remote):
        return True
    message = f"the store {shared.remote.shown} writes over what is there, so it cannot keep two runners apart"
    if demanded:
        raise UsageError(
            message, hint="use a store with conditional writes (docs/store.md), or run one at a time without --shared"
        )
    shared.notice(f"{message}; see that only one runs at a time")
    return False


def _budget(shared: SharedTakes, project: Project, engine: Engine, ledgers: Path) -> SharedBudget | None:
    cents = project.budget.project_cents
    if not engine.paid or shared.claims is None or cents is None:
        return None
    provider = engine.identity()["provider"]
    spent = spent_by_run(ledgers, provider)
    return SharedBudget(shared.remote, project.slug, provider, shared.runner.run, cents, spent)


def delivered(
    shared: SharedTakes, rendered: Rendered, project: Project, layout: Layout, terms: Terms, receiver: Receiver
) -> Rendered:
    """Send what the store lacks, ledgers too. Where something does not arrive, the run has not ended well."""
    problem = deliver(shared, _takes(rendered.plan), project, layout, terms)
    if problem is None:
        return rendered
    if rendered.error is None or isinstance(rendered.error, SegmentsFailed):
        return replace(rendered, error=problem)
    receiver(Noticed(problem.message))
    return rendered


def deliver(
    shared: SharedTakes, takes: Sequence[Take], project: Project, layout: Layout, terms: Terms, *, rounds: int = 3
) -> NarrateError | None:
    """Send ``takes`` and the ledgers, and give back what is left of the budget; what went wrong, as an error."""
    problem = shared.deliver(takes, rounds=rounds)
    try:
        push_ledgers(shared.remote, project.slug, layout.ledgers)
        shared.settle(terms.purse.standing.at_most_cents)
    except StorageError as error:
        return problem or error
    return problem


def _takes(plan: Plan) -> list[Take]:
    return list({planned.key: planned.take for planned in plan.segments() if planned.take is not None}.values())


def lacking(plan: Plan, selected: frozenset[str]) -> list[str]:
    """The keys of the ``selected`` chapters that have no take here."""
    return [planned.key for planned in plan.to_make() if planned.segment.chapter in selected]


@contextmanager
def delivering(
    shared: SharedTakes | None, project: Project, layout: Layout, terms: Terms, plan: Plan
) -> Iterator[None]:
    """Where the making of takes ends with an error, send what was made all the same."""
    try:
        yield
    except NarrateError:
        if shared is not None:
            stored = [layout.takes.stored(planned.key) for planned in plan.to_make()]
            problem = deliver(shared, [take for take in stored if take], project, layout, terms, rounds=1)
            if problem is not None:
                shared.notice(problem.message)
        raise


@contextmanager
def open_desk(path: Path, flag: str | None, *, notice: Callable[[str], None]) -> Iterator[Desk]:
    """The store of a project for the commands that look after it, with the project's lock held.

    Raises InputError, UsageError where no store is named, LockHeld, StorageError.
    """
    project = load_project(path)
    wish, layout = store_wish(project, flag), Layout.of(project)
    if wish.address is None:
        raise UsageError(
            "no store is named", hint=f"name it with --store or {STORE_VARIABLE}, or a folder with `store:`"
        )
    remote = open_remote(wish.address)
    require_version(remote, begin=True)
    with (
        project_lock(layout.state),
        at_desk(remote, layout, project.slug, new_run_id(), wish.lease_seconds, notice) as desk,
    ):
        yield desk
