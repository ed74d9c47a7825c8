"""The engine that a plan is made with: it needs no key, since nothing is spoken."""

from __future__ import annotations

import os

from pipeline.engines.protocol import Engine
from pipeline.engines.registry import open_engine
from pipeline.kugelaudio.configuration import KEY_VARIABLE
from pipeline.project.engines import EngineName
from pipeline.project.models import Project


def planning_engine(
    project: Project, *, api_url: str | None = None, offline: bool = False, provider: str | None = None
) -> tuple[Engine, str]:
    """The project's engine, and what had to be assumed of it (empty: nothing).

    The paid engine is asked for its model and voices only where there is a key and not ``offline``. Raises what
    :func:`open_engine` raises.
    """
    keyless = not os.environ.get(KEY_VARIABLE, "").strip()
    if project.engine is not EngineName.KUGELAUDIO or not (offline or keyless):
        return open_engine(project.engine, project, jobs=None, api_url=api_url), ""
    from pipeline.engines.kugelaudio.offline import assumptions, open_offline  # noqa: PLC0415 - loaded when asked for

    engine = open_offline(project, api_url=api_url, provider=provider)
    return engine, assumptions(engine, "no API key" if keyless else "offline")
