"""The run on one screen: load, read, script, plan, render, assemble, caption, report.

The library's entry point; the commands call nothing else.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.engines.planning import planning_engine
from pipeline.engines.protocol import Engine
from pipeline.engines.registry import open_engine
from pipeline.errors import DamagedTake, UsageError
from pipeline.manuscript.model import Manuscript
from pipeline.manuscript.reading import read_manuscript
from pipeline.project.changed_settings import changed_settings
from pipeline.project.loading import is_project, load_project
from pipeline.project.models import Output, Project
from pipeline.project.profiles import NONE
from pipeline.project.revisions import problems_at, project_at
from pipeline.render.comparing import PlanComparison, compare_plans
from pipeline.render.events import Noticed, Receiver
from pipeline.render.plan import Plan, PlannedChapter, make_plan, planned_chapters
from pipeline.render.retaking import Booth, Choice, Retaken
from pipeline.render.revision import git_revision
from pipeline.render.selection import select_chapters
from pipeline.render.sharing import delivered, delivering, lacking, sharing, store_wish, stored_elsewhere
from pipeline.render.speakable import refuse_unspeakable, resolved_voices, speaks
from pipeline.render.spending import Confirm, require_consent, require_dictionary_project
from pipeline.render.terms import terms_of
from pipeline.render.together import Together
from pipeline.reports.outcome import Outcome
from pipeline.reports.run_record import write_run_record
from pipeline.reports.status import Status, project_status
from pipeline.reports.unchanged import inputs_digest
from pipeline.script.foreign import ForeignPassage, read_in_place
from pipeline.script.model import Script
from pipeline.script.scripting import write_script
from pipeline.store.chosen_takes import TAKES_NAME, read_chosen, write_chosen
from pipeline.store.cleaning import damaged_takes
from pipeline.store.files import remove_leftovers
from pipeline.store.layout import Layout
from pipeline.store.ledger import LedgerLine, new_run_id, utc_now
from pipeline.store.locking import project_lock
from pipeline.store.recovery import close_open_attempts
from pipeline.store.shared.collecting import Needed

if TYPE_CHECKING:
    from pipeline.reports.quality.verifying import Verification


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


@dataclass(frozen=True, slots=True)
class Prepared:
    """A project read, cast and cut, with the engine that will speak it."""

    project: Project
    manuscript: Manuscript
    script: Script
    engine: Engine
    foreign: tuple[ForeignPassage, ...]
    assumed: str = ""
    """What was taken for granted of an engine that was not asked (empty: nothing)."""


def prepare(path: Path, *, engine: str | None = None, jobs: int | None = None, api_url: str | None = None) -> Prepared:
    """Load the manifest, read the manuscript, write the script. Raises InputError.

    ``api_url`` points a paid engine elsewhere than at its provider; a manifest cannot, since the key goes there.
    """
    project = load_project(path, engine=engine)
    return _scripted(project, open_engine(project.engine, project, jobs=jobs, api_url=api_url))


def _scripted(project: Project, speaker: Engine) -> Prepared:
    manuscript, foreign = read_in_place(read_manuscript(project), project, partial(speaks, speaker))
    script = write_script(manuscript, project, limit=speaker.max_input_length)
    require_dictionary_project(script, project)
    return Prepared(project, manuscript, script, speaker, foreign)


def check(path: Path, *, engine: str | None = None, api_url: str | None = None, offline: bool = False) -> Prepared:
    """Everything that can be found wrong before rendering. Raises InputError with all problems.

    The paid engine is asked for its model and voices only where there is a key and not ``offline``.
    """
    project = load_project(path, engine=engine)
    speaker, assumed = planning_engine(project, api_url=api_url, offline=offline)
    prepared = replace(_scripted(project, speaker), assumed=assumed)
    resolved_voices(prepared.script, prepared.project, prepared.engine)
    refuse_unspeakable(prepared.script, prepared.engine)
    read_chosen(prepared.project.folder)
    return prepared


def plan(
    path: Path,
    *,
    engine: str | None = None,
    api_url: str | None = None,
    offline: bool = False,
    store: str | None = None,
) -> Plan:
    """What a render would make. Raises InputError, StorageError where a store cannot be reached.

    The paid engine is asked for its model and voices only where there is a key and not ``offline``; the estimate's
    basis says so. A shared store is asked for one listing, unless ``offline``.
    """
    return _planned(path, engine, api_url, offline=offline, store=store)[1]


def _planned(
    path: Path, engine: str | None, api_url: str | None, *, offline: bool, store: str | None = None
) -> tuple[Prepared, Plan]:
    project = load_project(path, engine=engine)
    speaker, assumed = planning_engine(project, api_url=api_url, offline=offline)
    prepared = _scripted(project, speaker)
    elsewhere = frozenset[str]() if offline else stored_elsewhere(store_wish(project, store))
    takes = Layout.of(project).takes
    return prepared, make_plan(prepared.script, project, speaker, takes, assumed=assumed, elsewhere=elsewhere)


def compare(
    path: Path,
    against: str,
    *,
    engine: str | None = None,
    api_url: str | None = None,
    offline: bool = False,
    store: str | None = None,
) -> PlanComparison:
    """The plan against another one: a git revision of the same project, a folder, or another manifest.

    A path that exists is that path, everything else a revision. Takes are not needed on either side. Raises
    InputError, also for what is wrong at the revision (``REV:FILE:LINE``), and UsageError where there is no such thing.
    """
    prepared, planned = _planned(path, engine, api_url, offline=offline, store=store)
    provider = planned.provider if prepared.engine.paid else None
    if is_project(Path(against)):
        before = _keyed(Path(against), engine, provider, shown=None)
        return compare_plans(
            planned, before[1], against=against, manifest=changed_settings(before[0], prepared.project)
        )
    with project_at(prepared.project.manifest, against, also=(TAKES_NAME,)) as revision:
        if revision.manifest is None:
            return compare_plans(planned, None, against=against, commit=revision.commit)
        before = _keyed(revision.manifest, engine, provider, shown=against)
        changes = changed_settings(before[0], prepared.project)
        return compare_plans(planned, before[1], against=against, commit=revision.commit, manifest=changes)


def _keyed(
    path: Path, engine: str | None, provider: str | None, *, shown: str | None
) -> tuple[Project, tuple[PlannedChapter, ...]]:
    """Another project with all its keys, and no look at any store; ``shown`` is the revision it stands at."""
    with problems_at(shown):
        project = load_project(path, engine=engine)
        speaker, _ = planning_engine(project, offline=True, provider=provider)
        script = _scripted(project, speaker).script
        voices = resolved_voices(script, project, speaker)
        return project, planned_chapters(script, voices, speaker, read_chosen(project.folder), None)


def needed(path: Path, keep: Sequence[str] = (), *, engine: str | None = None) -> tuple[Needed, set[str]]:
    """What the project needs of a store, and what each of ``keep`` needs: a git revision, a folder or a manifest.

    Returns it with the names of the projects that were read. Raises InputError, UsageError.
    """
    wanted, projects = Needed(), set[str]()
    manifest = load_project(path).manifest

    def add(manifest: Path, shown: str | None) -> None:
        project, chapters = _keyed(manifest, engine, None, shown=shown)
        projects.add(project.slug)
        for chapter in chapters:
            for planned in chapter.segments:
                wanted.add(planned.key, planned.inputs)

    add(path, None)
    for name in keep:
        if is_project(Path(name)):
            add(Path(name), None)
            continue
        with project_at(manifest, name, also=(TAKES_NAME,)) as revision:
            if revision.manifest is None:
                raise UsageError(f"there is no {manifest.name} at {name}", hint="keep what there is, or leave it out")
            add(revision.manifest, name)
    return wanted, projects


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
    what was chosen, and the plan as it is now. Raises InputError, UsageError, StorageError.
    """
    prepared, planned = _planned(path, engine, api_url, offline=offline)
    project, store = prepared.project, Layout.of(prepared.project).takes
    booth = Booth(planned, prepared.engine, store, read_chosen(project.folder))
    chosen, retaken = booth.choose(names, number=choose, undo=undo, unheard=unheard)
    write_chosen(project.folder, chosen)
    return retaken, make_plan(prepared.script, project, prepared.engine, store)


def choices(
    path: Path, *, engine: str | None = None, api_url: str | None = None, offline: bool = False
) -> list[Choice]:
    """What ``takes.yaml`` chooses, each with where it holds and which takes are stored. Raises InputError."""
    prepared, planned = _planned(path, engine, api_url, offline=offline)
    store, chosen = Layout.of(prepared.project).takes, read_chosen(prepared.project.folder)
    return Booth(planned, prepared.engine, store, chosen).choices()


def render(
    path: Path, *, engine: str | None, options: RenderOptions, receiver: Receiver, confirm: Confirm | None = None
) -> Outcome:
    """Make what is missing and publish what is whole. ``confirm`` (None: nobody is there) agrees to spend money.

    Raises UsageError where a paid run has neither budget nor consent, InputError, LockHeld, StorageError; whatever
    else ends a run badly is in the outcome.
    """
    # what makes takes and files is loaded where it is used: plans, checks and comparisons start without it
    from pipeline.render.running import render_missing  # noqa: PLC0415
    from pipeline.reports.publishing import publish  # noqa: PLC0415
    from pipeline.reports.run_summary import run_record  # noqa: PLC0415

    run, started, clock = new_run_id(), utc_now(), time.monotonic()
    prepared = prepare(path, engine=engine, jobs=options.jobs, api_url=options.api_url)
    project, layout = _as_asked(prepared.project, options), Layout.of(prepared.project)
    out, inputs = options.out or layout.outputs, inputs_digest(project)
    if prepared.foreign:
        receiver(Noticed(f"{len(prepared.foreign)} passages in other languages are read as the text around them"))
    wish = store_wish(project, options.store, shared=options.shared)
    selected = select_chapters(options.chapters, [chapter.slug for chapter in prepared.script.chapters])
    with ExitStack() as within:
        within.enter_context(project_lock(layout.state, wait_seconds=options.wait_for_lock_seconds))
        remove_leftovers(layout.state, out)
        shared = within.enter_context(sharing(wish, project, prepared.engine, layout, run, receiver))
        _tell_suspected(close_open_attempts(layout.ledgers, layout.takes), receiver)
        terms = terms_of(
            project,
            prepared.engine,
            layout.ledgers,
            revision=git_revision(project.folder),
            max_cost_cents=options.max_cost_cents,
            allow_unknown_price=options.allow_unknown_price,
            together=options.together,
            spent_before=shared.budget.others() if shared is not None and shared.budget is not None else None,
        )
        if options.together is not None:
            within.callback(options.together.add, terms.purse)
        while True:
            planned = make_plan(prepared.script, project, prepared.engine, layout.takes)
            if shared is not None and shared.bring(lacking(planned, selected)):
                planned = make_plan(prepared.script, project, prepared.engine, layout.takes)
            require_consent(
                planned,
                selected,
                project.budget,
                paid=prepared.engine.paid,
                confirm=confirm,
                max_cost_cents=options.max_cost_cents,
            )
            with delivering(shared, project, layout, terms, planned):
                rendered = render_missing(
                    planned,
                    prepared.engine,
                    layout,
                    run=run,
                    selected=selected,
                    receiver=receiver,
                    terms=terms,
                    source=shared,
                )
            if shared is not None:
                rendered = delivered(shared, rendered, project, layout, terms, receiver)
            try:
                published = publish(
                    project,
                    rendered.plan,
                    layout,
                    out,
                    selected=selected if options.chapters else None,
                    force=options.force,
                    partial=options.allow_partial,
                    threads=options.jobs or os.cpu_count() or 1,
                    receiver=receiver,
                )
                break
            except DamagedTake:
                for key in damaged_takes(layout.takes):
                    receiver(Noticed(f"the take {key[:12]} is damaged; it is set aside and made again"))
                    layout.takes.set_aside(key)
        record = run_record(
            planned,
            rendered,
            published,
            run=run,
            started=started,
            seconds=time.monotonic() - clock,
            inputs="" if options.chapters else inputs,
        )
        write_run_record(out, record)
    return Outcome(project, out, record, not rendered.made and not published.written, rendered.error)


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

    prepared, planned = _planned(path, engine, api_url, offline=offline)
    layout = Layout.of(prepared.project)
    slugs = [chapter.slug for chapter in prepared.script.chapters]
    return verify_project(
        prepared.project,
        planned,
        layout,
        out or layout.outputs,
        selected=select_chapters(chapters, slugs) if chapters else None,
        threads=jobs or os.cpu_count() or 1,
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
