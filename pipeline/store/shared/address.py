"""Where the shared store is, and who may say so.

Takes and ledgers leave the machine for a store, and whoever edits the manifest must not be able to send them elsewhere:
a manifest names a folder inside the project, everything else comes from ``--store`` or the environment (DESIGN,
"Decisions").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.errors import UsageError
from pipeline.project.models import Project

STORE_VARIABLE = "NARRATE_STORE"
FOLDER = "file"
PROTOCOLS = {"s3": "s3", "gs": "gcs", "gcs": "gcs", "az": "azure", "abfs": "azure", "memory": ""}
"""URL schemes, and the extra that each needs (empty: none)."""
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_FORMS = "a folder, s3://BUCKET/PATH, gs://BUCKET/PATH or az://CONTAINER/PATH"


@dataclass(frozen=True, slots=True)
class Address:
    """A store's place: a folder (``protocol`` "file"), or the path that fsspec's ``protocol`` has. Holds no secret."""

    protocol: str
    path: str

    def __str__(self) -> str:
        return self.path if self.protocol == FOLDER else f"{self.protocol}://{self.path}"


def store_address(project: Project, *, flag: str | None, variable: str | None) -> Address | None:
    """The store of a run: ``--store``, else ``NARRATE_STORE``, else the manifest's folder; None: no store.

    Raises UsageError for what is no address, and for a manifest's folder that a link leads out of the project.
    """
    if flag is not None:
        return read_address(flag, "--store")
    if variable is not None and variable.strip():
        return read_address(variable.strip(), STORE_VARIABLE)
    if project.store is None:
        return None
    folder = project.folder / project.store
    if not folder.resolve().is_relative_to(project.folder.resolve()):
        raise UsageError(
            f"{project.manifest.name}: store: the folder {project.store} leads out of the project",
            hint=f"a store outside the project is named by --store or {STORE_VARIABLE}",
        )
    return Address(FOLDER, str(folder))


def read_address(text: str, origin: str) -> Address:
    """Read a folder or URL that ``origin`` (a flag, a variable) gives. Raises UsageError, which repeats no secret."""
    match = _SCHEME.fullmatch(text)
    if match is None:
        if not text.strip():
            raise UsageError(f"{origin} is empty", hint=f"name {_FORMS}")
        return Address(FOLDER, str(Path(text).expanduser().absolute()))
    protocol = match[1].lower()
    parts = urlsplit(f"{protocol}://{match[2]}")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise UsageError(
            f"{origin}: the store's URL carries credentials or parameters, which would end up in logs",
            hint="leave them out; give them to the store's own variables, such as AWS_ACCESS_KEY_ID (docs/store.md)",
        )
    if protocol == FOLDER:
        return Address(FOLDER, str(Path(parts.path).absolute()))
    if protocol not in PROTOCOLS:
        raise UsageError(f"{origin}: narrate knows no store at {protocol}://", hint=f"name {_FORMS}")
    path = f"{parts.netloc}{parts.path}".strip("/")
    if not path or ".." in path.split("/"):
        raise UsageError(f"{origin}: {protocol}:// names no bucket", hint=f"name {_FORMS}")
    return Address(protocol, path)
