"""Watching the files that a project is made of, by looking at them now and then: it works on every file system."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from pipeline.errors import NarrateError
from pipeline.project.loading import load_project
from pipeline.project.models import Project
from pipeline.project.sources import matching_files
from pipeline.store.chosen_takes import TAKES_NAME

State: TypeAlias = tuple[Mapping[Path, tuple[int, int] | None], str]
"""Size and time of every file (None where there is none), and what is wrong with the manifest."""


def look(project: Project, *, troubled: bool) -> State:
    """How the files of a project stand that was loaded once, with those that its globs find by now.

    While it is ``troubled`` the manifest is read as well: what it names may have come to be since.
    """
    return _state_of(_project_files(project)), _wrong_with(project.manifest) if troubled else ""


def next_state(known: State, looked: Callable[[], State], wait: Callable[[], None]) -> State:
    """Wait until the files stand otherwise than ``known`` and change no more: editors write in several steps."""
    while True:
        wait()
        state = looked()
        while state != known:
            wait()
            if (again := looked()) == state:
                return state
            state = again


def _project_files(project: Project) -> set[Path]:
    """All files that decide what is heard: manifest, sources, dictionaries, chosen takes, cover."""
    sources = {path for entry in project.chapters for path in matching_files(project.folder, entry.source)}
    cover = {project.cover} if project.cover else set()
    return {project.manifest, project.folder / TAKES_NAME, *sources, *project.dictionaries, *cover}


def _wrong_with(manifest: Path) -> str:
    try:
        load_project(manifest)
    except NarrateError as error:
        return error.message
    return ""


def _state_of(files: Iterable[Path]) -> Mapping[Path, tuple[int, int] | None]:
    return {path: _stat(path) for path in files}


def _stat(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
