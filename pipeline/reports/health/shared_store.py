"""The store that machines share: is it there, and can it keep two runners apart."""

from __future__ import annotations

import os
from collections.abc import Iterator

from pipeline.errors import NarrateError
from pipeline.project.models import Project
from pipeline.reports.health.finding import Finding, fail, ok, warn
from pipeline.store.shared.address import STORE_VARIABLE, store_address
from pipeline.store.shared.opening import creates_only_once, open_remote, require_version

_AREA = "store"


def shared_store(project: Project, flag: str | None) -> Iterator[Finding]:
    """The store of ``--store``, of the environment or of the manifest, tried by an object that is removed again."""
    try:
        address = store_address(project, flag=flag, variable=os.environ.get(STORE_VARIABLE))
        if address is None:
            yield ok(
                _AREA, "address", "none: takes stay on this machine", "docs/store.md tells how machines share takes"
            )
            return
        remote = open_remote(address)
        begun = require_version(remote, begin=False)
        shown = remote.shown
        yield ok(_AREA, "address", f"{shown} answers" if begun else f"{shown} is empty; the next render begins it")
        if begun and not creates_only_once(remote):
            step = "render on one machine at a time; --shared refuses this store"
            yield warn(_AREA, "claims", "an object can be created twice, so two runners may buy the same take", step)
        elif begun:
            yield ok(_AREA, "claims", "objects are created only once: runners can be kept apart")
    except NarrateError as error:
        yield fail(_AREA, "address", error.message, error.hint or "check its address and your right to use it")
