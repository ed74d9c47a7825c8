"""A project beside another state of itself: what differs, and what a shared store must keep for either."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.engines.planning import planning_engine
from pipeline.errors import UsageError
from pipeline.planning import planned_project, scripted
from pipeline.project.changed_settings import changed_settings
from pipeline.project.loading import is_project, load_project
from pipeline.project.models import Project
from pipeline.project.revisions import problems_at, project_at
from pipeline.render.comparing import PlanComparison, compare_plans
from pipeline.render.plan import PlannedChapter, planned_chapters
from pipeline.render.speakable import resolved_voices
from pipeline.store.chosen_takes import TAKES_NAME, read_chosen
from pipeline.store.shared.collecting import Needed


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
    prepared, planned = planned_project(path, engine, api_url, offline=offline, store=store)
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
        script = scripted(project, speaker).script
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
