"""The run on one screen: load, read, script, plan, render, assemble, caption, report.

The library's entry point; the commands call nothing else. As far as the plan the road lies in ``planning``, so that
what makes nothing loads little.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.engines.local.cores import usable_cores
from pipeline.errors import DamagedTake, InputError, Interrupted, StorageError
from pipeline.planning import Prepared, check, plan, planned_project, prepare, scripted
from pipeline.project.loading import load_project
from pipeline.project.models import Project
from pipeline.project.outputs import Output
from pipeline.project.profiles import NONE
from pipeline.render.events import Noticed, Receiver
from pipeline.render.plan import Plan, make_plan
from pipeline.render.retaking import Booth, Choice, Retaken
from pipeline.render.revision import git_revision
from pipeline.render.selection import select_chapters
from pipeline.render.sharing import delivered, delivering, lacking, sharing
from pipeline.render.spending import Confirm, require_consent
from pipeline.render.store_wish import store_wish
from pipeline.render.terms import Terms, terms_of
from pipeline.render.together import Together
from pipeline.reports.outcome import Outcome
from pipeline.reports.run_record import read_run_record, write_run_record
from pipeline.reports.status import Status, project_status
from pipeline.reports.unchanged import inputs_digest
from pipeline.store.chosen_takes import read_chosen, write_chosen
from pipeline.store.cleaning import damaged_takes
from pipeline.store.files import remove_leftovers
from pipeline.store.layout import Layout
from pipeline.store.ledger import LedgerLine, new_run_id, utc_now
from pipeline.store.locking import project_lock
from pipeline.store.recovery import close_open_attempts
from pipeline.store.takes import damaged_again

if TYPE_CHECKING:
    from pipeline.render.running import Rendered
    from pipeline.reports.publishing import Published
    from pipeline.reports.quality.verifying import Verification
    from pipeline.store.shared.source import SharedTakes


__all__ = [
    "Prepared",
    "RenderOptions",
    "check",
    "choices",
    "layout",
    "plan",
    "planned_project",
    "prepare",
    "render",
    "retake",
    "scripted",
    "status",
    "verify",
]


_SHORT_WORK_SECONDS = 10.0
"""How long is waited for another command that holds the lock only to choose a take."""


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """What a run is asked for; ``chapters`` is a list such as ``1,3-4,the-end``, ``draft`` what to make in place of the
    manifest's outputs, without a delivery profile (None: what the manifest says)."""

    chapters: str | None = None
    jobs: int | None = None
    out: Path | None = None
    force: bool = False
    allow_partial: bool = False
    api_url: str | None = None
    max_cost_cents: Decimal | None = None
    allow_unknown_price: bool = False
    wait_for_lock_seconds: float = 0.0
    together: Together | None = None
    store: str | None = None
    shared: bool = False
    draft: tuple[Output, ...] | None = None


def retake(
    path: Path,
    names: Sequence[str],
    *,
    engine: str | None = None,
    api_url: str | None = None,
    offline: bool = False,
    choose: int | None = None,
    undo: bool = False,
    unheard: bool = False,
) -> tuple[list[Retaken], Plan]:
    """Choose other takes of the segments that ``names`` mean, and record it in ``takes.yaml``; nothing is rendered.

    Another take is asked for unless ``choose`` names an earlier one, or ``undo`` takes the last choice back. Returns
    what was chosen, and the plan as it is now. Raises InputError, UsageError, LockHeld, StorageError.
    """
    with project_lock(_state(path, engine), wait_seconds=_SHORT_WORK_SECONDS):
        prepared, planned = planned_project(path, engine, api_url, offline=offline)
        project, store = prepared.project, Layout.of(prepared.project).takes
        booth = Booth(planned, prepared.engine, store, read_chosen(project.folder))
        chosen, retaken = booth.choose(names, number=choose, undo=undo, unheard=unheard)
        write_chosen(project.folder, chosen)
        return retaken, make_plan(prepared.script, project, prepared.engine, store)


def choices(
    path: Path, *, engine: str | None = None, api_url: str | None = None, offline: bool = False
) -> list[Choice]:
    """What ``takes.yaml`` chooses, each with where it holds and which takes are stored. Raises InputError."""
    prepared, planned = planned_project(path, engine, api_url, offline=offline)
    store, chosen = Layout.of(prepared.project).takes, read_chosen(prepared.project.folder)
    return Booth(planned, prepared.engine, store, chosen).choices()


def render(
    path: Path, *, engine: str | None, options: RenderOptions, receiver: Receiver, confirm: Confirm | None = None
) -> Outcome:
    """Make what is missing and publish what is whole. ``confirm`` (None: nobody is there) agrees to spend money.

    Raises UsageError where a paid run has neither budget nor consent, InputError, LockHeld, StorageError; whatever
    else ends a run badly is in the outcome.
    """
    from pipeline.reports.run_summary import cut_off_record, run_record  # noqa: PLC0415 - see _make

    started, clock = utc_now(), time.monotonic()
    with ExitStack() as within:
        # the lock first: a run that waits for another renders the manuscript as it is then
        within.enter_context(project_lock(_state(path, engine), wait_seconds=options.wait_for_lock_seconds))
        run, inputs = _begun(path, engine, options, receiver, confirm)
        project, out, takes = run.prepared.project, run.out, run.layout.takes
        if run.prepared.foreign:
            receiver(
                Noticed(f"{len(run.prepared.foreign)} passages in other languages are read as the text around them")
            )
        wish = store_wish(project, options.store, shared=options.shared)
        remove_leftovers(run.layout.state, out)
        shared = within.enter_context(sharing(wish, project, run.prepared.engine, run.layout, run.name, receiver))
        _tell_suspected(close_open_attempts(run.layout.ledgers, takes), receiver)
        terms = _terms(run, shared)
        if options.together is not None:
            within.callback(options.together.add, terms.purse)

        def lasted() -> float:
            return time.monotonic() - clock

        try:
            planned, rendered, published = _until_intact(run, shared, terms)
        except (Interrupted, StorageError, KeyboardInterrupt) as error:
            if run.plans:
                with suppress(StorageError):  # what ended the run is told, whether or not this can be written
                    cut = cut_off_record(
                        read_run_record(out), run.plans[-1], takes, terms.purse.standing, error,
                        run=run.name, started=started, seconds=lasted(),
                    )  # fmt: skip
                    write_run_record(out, cut)
            raise
        record = run_record(
            planned,
            rendered,
            published,
            run=run.name,
            started=started,
            seconds=lasted(),
            inputs="" if options.chapters else inputs,
        )
        write_run_record(out, record)
    return Outcome(project, out, record, not rendered.made and not published.written, rendered.error)


def _begun(
    path: Path, engine: str | None, options: RenderOptions, receiver: Receiver, confirm: Confirm | None
) -> tuple[_Run, str]:
    """Everything read for a run, and the digest of what is about to be read: an edit saved meanwhile is not in it, so
    that the next run looks again."""
    try:
        inputs = inputs_digest(_as_asked(load_project(path, engine=engine), options))
    except InputError:
        inputs = ""  # reading the manuscript tells it, with all else that is wrong
    prepared = prepare(path, engine=engine, jobs=options.jobs, api_url=options.api_url)
    project, kept = _as_asked(prepared.project, options), Layout.of(prepared.project)
    selected = select_chapters(options.chapters, [chapter.slug for chapter in prepared.script.chapters])
    out = options.out or kept.outputs
    return _Run(
        new_run_id(), replace(prepared, project=project), kept, out, selected, options, receiver, confirm
    ), inputs


def _state(path: Path, engine: str | None) -> Path:
    return Layout.of(load_project(path, engine=engine)).state


@dataclass(frozen=True, slots=True)
class _Run:
    """What every step of one render is given."""

    name: str
    prepared: Prepared
    layout: Layout
    out: Path
    selected: frozenset[str]
    options: RenderOptions
    receiver: Receiver
    confirm: Confirm | None
    plans: list[Plan] = field(default_factory=list)
    """The plans that it has made so far."""


def _terms(run: _Run, shared: SharedTakes | None) -> Terms:
    options, project = run.options, run.prepared.project
    return terms_of(
        project,
        run.prepared.engine,
        run.layout.ledgers,
        revision=git_revision(project.folder),
        max_cost_cents=options.max_cost_cents,
        allow_unknown_price=options.allow_unknown_price,
        together=options.together,
        spent_before=shared.budget.others() if shared is not None and shared.budget is not None else None,
    )


def _until_intact(run: _Run, shared: SharedTakes | None, terms: Terms) -> tuple[Plan, Rendered, Published]:
    """Plan, make and publish; again where a take turns out to be damaged when it is read.

    Raises DamagedTake for one that is as it was stored and cannot be read all the same, and for one that is damaged
    once more after it was made again: made a third time, it may be no other.
    """
    made_again: set[str] = set()
    while True:
        planned, rendered = _make(run, shared, terms)
        try:
            return planned, rendered, _publish(run, rendered)
        except DamagedTake as error:
            damaged = damaged_takes(run.layout.takes)
            if error.key not in damaged and run.layout.takes.stored(error.key) is not None:
                raise
            if not made_again.isdisjoint({error.key, *damaged}):
                raise damaged_again(error.key) from error
            made_again |= {error.key, *damaged}
            for key in damaged:
                run.receiver(Noticed(f"the take {key[:12]} is damaged; it is set aside and made again"))
                run.layout.takes.set_aside(key)


def _make(run: _Run, shared: SharedTakes | None, terms: Terms) -> tuple[Plan, Rendered]:
    """Plan, fetch what a shared store has, and make what is missing; the plan as it was, and what came of it."""
    # what makes takes and files is loaded where it is used: plans, checks and comparisons start without it
    from pipeline.render.running import render_missing  # noqa: PLC0415

    project, engine, takes = run.prepared.project, run.prepared.engine, run.layout.takes
    planned = make_plan(run.prepared.script, project, engine, takes)
    if shared is not None and shared.bring(lacking(planned, run.selected)):
        planned = make_plan(run.prepared.script, project, engine, takes)
    limit = run.options.max_cost_cents
    require_consent(planned, run.selected, project.budget, paid=engine.paid, confirm=run.confirm, max_cost_cents=limit)
    run.plans.append(planned)
    with delivering(shared, project, run.layout, terms, planned):
        rendered = render_missing(
            planned,
            engine,
            run.layout,
            run=run.name,
            selected=run.selected,
            receiver=run.receiver,
            terms=terms,
            source=shared,
        )
    if shared is not None:
        rendered = delivered(shared, rendered, project, run.layout, terms, run.receiver)
    return planned, rendered


def _publish(run: _Run, rendered: Rendered) -> Published:
    from pipeline.reports.publishing import publish  # noqa: PLC0415 - see _make

    options = run.options
    return publish(
        run.prepared.project,
        rendered.plan,
        run.layout,
        run.out,
        selected=run.selected if options.chapters else None,
        force=options.force,
        partial=options.allow_partial,
        threads=options.jobs or usable_cores(),
        receiver=run.receiver,
    )


def verify(
    path: Path,
    *,
    engine: str | None = None,
    api_url: str | None = None,
    offline: bool = False,
    chapters: str | None = None,
    out: Path | None = None,
    jobs: int | None = None,
    transcribe: bool = False,
) -> Verification:
    """Listen to the takes and the finished files, and say what is wrong with them; ``transcribe`` has a recogniser
    write down the takes as well. Raises InputError, UsageError where there is nothing to listen to or no recogniser,
    StorageError where a take is damaged."""
    from pipeline.reports.quality.recognising import recogniser  # noqa: PLC0415 - see below
    from pipeline.reports.quality.verifying import verify_project  # noqa: PLC0415 - plans load no codec and no filters

    prepared, planned = planned_project(path, engine, api_url, offline=offline)
    layout = Layout.of(prepared.project)
    slugs = [chapter.slug for chapter in prepared.script.chapters]
    return verify_project(
        prepared.project,
        planned,
        layout,
        out or layout.outputs,
        selected=select_chapters(chapters, slugs) if chapters else None,
        threads=jobs or usable_cores(),
        transcript=recogniser() if transcribe else None,
    )


def _as_asked(project: Project, options: RenderOptions) -> Project:
    if options.draft is None:
        return project
    return project.model_copy(update={"outputs": options.draft, "profile": NONE})


def _tell_suspected(suspected: Sequence[LedgerLine], receiver: Receiver) -> None:
    """Say how many requests of runs that were cut off may have been charged, and how much that is at most."""
    priced = [line.reserved_cents for line in suspected if line.reserved_cents]
    if priced:
        attempts = "1 request" if len(priced) == 1 else f"{len(priced)} requests"
        receiver(
            Noticed(
                f"suspected: {attempts} of earlier runs may have been charged without an answer, at most "
                f"{sum(priced)} cents in all (`narrate costs` lists them)"
            )
        )


def status(path: Path, *, engine: str | None = None, out: Path | None = None, api_url: str | None = None) -> Status:
    """What is stored, missing and stale. Raises InputError."""
    prepared = prepare(path, engine=engine, api_url=api_url)
    layout = Layout.of(prepared.project)
    planned = make_plan(prepared.script, prepared.project, prepared.engine, layout.takes)
    return project_status(prepared.project, planned, layout, out or layout.outputs)


def layout(path: Path) -> Layout:
    """Where the project keeps takes, ledgers and outputs. Raises InputError."""
    return Layout.of(load_project(path))
