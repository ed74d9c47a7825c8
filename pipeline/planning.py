"""From the manifest to the plan: the part of the road on which nothing is made, and little is loaded."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from pipeline.engines.planning import planning_engine
from pipeline.engines.protocol import Engine
from pipeline.engines.registry import open_engine
from pipeline.manuscript.model import Manuscript
from pipeline.manuscript.reading import read_manuscript
from pipeline.project.loading import load_project
from pipeline.project.models import Project
from pipeline.render.plan import Plan, make_plan
from pipeline.render.speakable import refuse_unspeakable, resolved_voices, speaks
from pipeline.render.spending import require_dictionary_project
from pipeline.render.store_wish import store_wish, stored_elsewhere
from pipeline.script.foreign import ForeignPassage, read_in_place
from pipeline.script.model import Script
from pipeline.script.scripting import write_script
from pipeline.store.chosen_takes import read_chosen
from pipeline.store.layout import Layout
from pipeline.store.ledger import read_ledger


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


@contextmanager
def uncollected() -> Iterator[None]:
    """Make what is here to stay without looking again and again for garbage in it.

    Blocks, segments and keys refer to one another in one direction, so that none of them is ever found by the
    collector of cycles, which would still walk over all of them each time their number has grown by a quarter.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def prepare(path: Path, *, engine: str | None = None, jobs: int | None = None, api_url: str | None = None) -> Prepared:
    """Load the manifest, read the manuscript, write the script. Raises InputError.

    ``api_url`` points a paid engine elsewhere than at its provider; a manifest cannot, since the key goes there.
    """
    project = load_project(path, engine=engine)
    return scripted(project, open_engine(project.engine, project, jobs=jobs, api_url=api_url))


@uncollected()
def scripted(project: Project, speaker: Engine) -> Prepared:
    """Read the manuscript of a project and write its script for the engine. Raises InputError."""
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
    prepared = replace(scripted(project, speaker), assumed=assumed)
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
    return planned_project(path, engine, api_url, offline=offline, store=store)[1]


@uncollected()
def planned_project(
    path: Path, engine: str | None, api_url: str | None, *, offline: bool, store: str | None = None
) -> tuple[Prepared, Plan]:
    """A project with its plan (see :func:`plan`)."""
    project = load_project(path, engine=engine)
    speaker, assumed = planning_engine(project, api_url=api_url, offline=offline)
    prepared = scripted(project, speaker)
    elsewhere = frozenset[str]() if offline else stored_elsewhere(store_wish(project, store))
    layout = Layout.of(project)
    planned = make_plan(
        prepared.script,
        project,
        speaker,
        layout.takes,
        assumed=assumed,
        elsewhere=elsewhere,
        ledger=read_ledger(layout.ledgers),
    )
    return prepared, planned
