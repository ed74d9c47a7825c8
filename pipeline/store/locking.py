"""One run at a time on one project's state."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import LockHeld
from pipeline.store.files import make_folder, storage_errors
from pipeline.store.ledger import utc_now


@contextlib.contextmanager
def project_lock(state_folder: Path, *, wait_seconds: float = 0.0) -> Iterator[None]:
    """Hold the project's lock for a run.

    Raises LockHeld, naming the holder, where another run still has it after ``wait_seconds``.
    """
    import filelock  # noqa: PLC0415 - it loads asyncio, and a plan takes no lock

    with storage_errors(state_folder / "lock"):
        make_folder(state_folder)
    holder = state_folder / "lock.holder"
    lock = filelock.FileLock(state_folder / "lock", timeout=wait_seconds)
    with storage_errors(state_folder / "lock"):
        try:
            lock.acquire()
        except filelock.Timeout as error:
            raise LockHeld(
                f"another run is at work in {state_folder.parent}{_named(holder)}",
                hint="wait until it ends (render: --wait-lock SECONDS), or stop it; its finished takes are kept",
            ) from error
    try:
        with storage_errors(holder):
            holder.write_text(f"process {os.getpid()} on {socket.gethostname()} since {utc_now()}", encoding="utf-8")
        yield
    finally:
        with contextlib.suppress(OSError):  # what ended the run says more than a name that stays behind
            holder.unlink(missing_ok=True)
        lock.release()


def _named(holder: Path) -> str:
    try:
        return f": {holder.read_text(encoding='utf-8')}"
    except OSError:  # gone by now, or nothing that can be read
        return ""
