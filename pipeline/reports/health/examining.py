"""The whole examination, in the order in which things depend on each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import InputError, NarrateError
from pipeline.project.loading import is_project, load_project
from pipeline.project.models import Project
from pipeline.reports.estimates import counted
from pipeline.reports.health.finding import Finding, fail, ok
from pipeline.reports.health.machine import engines, environment
from pipeline.reports.health.provider import paid_engine
from pipeline.reports.health.shared_store import shared_store
from pipeline.reports.health.state import project_state


def examine(
    path: Path,
    *,
    engine: str | None = None,
    api_url: str | None = None,
    store: str | None = None,
    online: bool = False,
) -> Iterator[Finding]:
    """Look at everything, and give each finding as soon as it is made.

    A folder without a manifest is no fault: then only the machine is looked at. The provider is asked with
    ``online``, or where the project's engine is the paid one; nothing that costs money is asked.
    """
    yield from environment()
    project, found = _project(path, engine)
    yield from engines(project.engine if project is not None else None)
    yield from paid_engine(project, api_url=api_url, online=online)
    yield found
    if project is not None:
        yield from project_state(project)
        yield from shared_store(project, store)


def _project(path: Path, engine: str | None) -> tuple[Project | None, Finding]:
    if path.is_dir() and not is_project(path):
        return None, ok("project", "manifest", f"no project.yaml in {path.resolve()}", "`narrate init` writes one")
    try:
        project = load_project(path, engine=engine)
    except InputError as error:
        more = f" (and {len(error.problems) - 1} more)" if len(error.problems) > 1 else ""
        return None, fail("project", "manifest", f"{error.problems[0]}{more}", "`narrate check` lists every problem")
    except NarrateError as error:
        return None, fail("project", "manifest", error.message, error.hint or "`narrate check` says more")
    shown = (
        f"{project.manifest.name}: “{project.title}”, engine {project.engine}, {counted(len(project.voices), 'voice')}"
    )
    return project, ok("project", "manifest", shown)
