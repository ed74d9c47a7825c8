"""Which engine answers to which name; each is loaded when it is asked for."""

from __future__ import annotations

from pipeline.engines.protocol import Engine
from pipeline.errors import UsageError
from pipeline.project.models import EngineName, Project


def open_engine(name: EngineName, project: Project, *, jobs: int | None, api_url: str | None = None) -> Engine:
    """The engine called ``name``, with ``jobs`` requests at once (None: as many as it makes good use of).

    Cheap: no model is loaded before the first order. The paid engine looks up its model and voices, at ``api_url``
    where one is given. Raises UsageError where the engine is not to be had, and what :func:`open_kugelaudio` raises.
    """
    if jobs is not None and jobs < 1:
        raise UsageError(f"{jobs} jobs cannot do anything", hint="give --jobs a number from 1")
    if name is EngineName.HIBARI:
        from pipeline.engines.hibari import HibariEngine  # noqa: PLC0415 - loaded when asked for

        return HibariEngine(jobs)
    if name is EngineName.ESPEAK:
        from pipeline.engines.espeak import EspeakEngine  # noqa: PLC0415

        return EspeakEngine(jobs)
    from pipeline.engines.kugelaudio import open_kugelaudio  # noqa: PLC0415

    return open_kugelaudio(project, jobs=jobs, api_url=api_url)
