"""Opening a store: its version, and whether it can keep two runners apart."""

from __future__ import annotations

import secrets
from pathlib import Path

import orjson

from pipeline.errors import StorageError
from pipeline.store.shared.address import FOLDER, Address
from pipeline.store.shared.folder_remote import FolderRemote
from pipeline.store.shared.names import MARKER, PROBES, STORE_SCHEMA
from pipeline.store.shared.remote import Remote


def open_remote(address: Address) -> Remote:
    """The place at ``address``; nothing is asked of it yet. Raises UsageError, StoreUnavailable."""
    if address.protocol == FOLDER:
        return FolderRemote(Path(address.path))
    from pipeline.store.shared.object_remote import open_object_remote  # noqa: PLC0415 - a folder needs no fsspec

    return open_object_remote(address)


def require_version(remote: Remote, *, begin: bool) -> bool:
    """Whether there is a store of a version that this narrate reads; with ``begin`` one is begun where there is none.

    Raises StorageError for a later version, and for a marker that cannot be read.
    """
    data = remote.read(MARKER)
    if data is None and begin:
        remote.write(MARKER, orjson.dumps({"schema": STORE_SCHEMA}, option=orjson.OPT_APPEND_NEWLINE))
        return True
    if data is None:
        return False
    try:
        schema = orjson.loads(data)["schema"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise StorageError(
            f"the store {remote.shown}: {MARKER} cannot be read", hint="is this a store of narrate?"
        ) from error
    if not isinstance(schema, int) or schema > STORE_SCHEMA:
        raise StorageError(
            f"the store {remote.shown} is of version {schema}; this narrate reads up to {STORE_SCHEMA}",
            hint="use the version of narrate that wrote it, or a later one",
        )
    return True


def creates_only_once(remote: Remote) -> bool:
    """Whether the store refuses to create an object that is there, found out by trying. Raises StoreUnavailable."""
    name = f"{PROBES}/{secrets.token_hex(12)}"
    try:
        first = remote.create(name, b"first")
        return first and not remote.create(name, b"second") and remote.read(name) == b"first"
    finally:
        remote.remove([name])
