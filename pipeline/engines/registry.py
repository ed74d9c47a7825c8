"""Which engine answers to which name; each is loaded when it is asked for."""

from __future__ import annotations

from typing import Protocol

from pipeline.engines.protocol import Engine
from pipeline.errors import UsageError
from pipeline.project.engines import EngineName
from pipeline.project.models import Project
from pipeline.project.registered import load


class Opening(Protocol):
    """What a line of registration names."""

    def __call__(self, project: Project, *, jobs: int | None, api_url: str | None) -> Engine:
        """Give the engine, cheaply; ``api_url`` is for one behind a service."""


def open_engine(name: EngineName, project: Project, *, jobs: int | None, api_url: str | None = None) -> Engine:
    """The engine called ``name``, with ``jobs`` requests at once (None: as many as it makes good use of).

    Cheap: no model is loaded before the first order. The paid engine looks up its model and voices, at ``api_url``
    where one is given. Raises UsageError where the engine is not to be had, and what :func:`open_kugelaudio` raises.
    """
    if jobs is not None and jobs < 1:
        raise UsageError(f"{jobs} jobs cannot do anything", hint="give --jobs a number from 1")
    opening: Opening = load(name.opened_by)
    return opening(project, jobs=jobs, api_url=api_url)
