"""Files that are either there whole or not at all.

Write order as DESIGN ("State") has it: temporary name in the same folder, fsync, rename, fsync of the folder.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Literal

from pipeline.errors import StorageError

_REASONS = {
    errno.ENOSPC: ("the disk is full", "free some space and run again; what was finished is kept"),
    errno.EDQUOT: ("the disk quota is used up", "free some space and run again; what was finished is kept"),
    errno.EROFS: ("the file system is read-only", "choose a folder that can be written, or remount it"),
    errno.EACCES: ("permission denied", "make the folder writable for this user"),
    errno.EPERM: ("operation not permitted", "make the folder writable for this user"),
    errno.EIO: ("the disk reports an input/output error", "check the disk before running again"),
}

_LARGE = 1 << 16
"""Bytes of a file that is audio: sidecars are smaller, and the next plan reads them."""
_HELD_FOR = (0.01, 0.03, 0.1, 0.3, 0.6)
"""Seconds between tries."""
_PROBE_BYTES = 65_536
"""About what a short take needs; less may still fit on a disk that is full."""


@contextlib.contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn what the operating system says about ``path`` into a StorageError with the next step."""
    try:
        yield
    except OSError as error:
        raise storage_error(path, error, "write") from error


def storage_error(path: Path, error: OSError, doing: Literal["read", "write"]) -> StorageError:
    """What the operating system says about ``path``, for the user."""
    reason, hint = _REASONS.get(error.errno or 0, (error.strerror or str(error), None))
    return StorageError(f"cannot {doing} {path}: {reason}", hint=hint)


def sync_folder(folder: Path) -> None:
    """Make renames in ``folder`` durable (a no-op on Windows, which has no such call)."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        sync_file(descriptor)
    finally:
        os.close(descriptor)


def sync_file(descriptor: int) -> None:
    """Have what was written on the disk when this returns.

    On macOS fsync leaves it in the drive's cache; F_FULLFSYNC does not, where the file system knows it (fsync(2)).
    """
    if sys.platform == "darwin":
        import fcntl  # noqa: PLC0415 - Windows has none

        with contextlib.suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            return
    os.fsync(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder where there is none, with those above it, so that a power cut takes none of them away again: a new
    name is durable once the folder that it stands in is synced."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; on success it is fsynced and takes the name, else it is removed.

    Raises StorageError for what the disk refuses.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    with storage_errors(path):
        make_folder(path.parent)
        try:
            yield temporary
            with temporary.open("rb+") as file:
                sync_file(file.fileno())
            _rename(temporary, path)
            sync_folder(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


def write_together(files: Sequence[tuple[Path, bytes]]) -> None:
    """Write files of one folder that belong together, the last of them as their commit mark; one call makes all
    names durable, so that after a crash the mark may only be there where every file's content is.

    Names that a crash left without their file are the reader's to notice: they were never reported. Raises
    StorageError.
    """
    folder, token = files[0][0].parent, secrets.token_hex(4)
    written: list[tuple[Path, Path]] = []
    try:
        for path, data in files:
            temporary = path.with_name(f".{path.name}.{token}.part")
            with storage_errors(path), _created(temporary) as file:
                written.append((temporary, path))
                file.write(data)
                file.flush()
                sync_file(file.fileno())
                if len(data) >= _LARGE:
                    _forget(file.fileno())
        with storage_errors(folder):
            for temporary, path in written:
                _rename(temporary, path)
            written.clear()
            sync_folder(folder)
    finally:
        for temporary, _ in written:
            temporary.unlink(missing_ok=True)


def _created(path: Path) -> BinaryIO:
    """A new file to write, and its folder where there is none yet: mostly there is, and a call to the system less is
    one after which a thread need not wait for the interpreter."""
    try:
        return path.open("xb")
    except FileNotFoundError:
        make_folder(path.parent)
        return path.open("xb")


def _rename(temporary: Path, path: Path) -> None:
    """Give a finished file its name. On Windows whoever looks into a new file (a virus scanner, an indexer) holds it
    for a moment: that is waited for, since what is in it may have been paid for."""
    for wait_seconds in _HELD_FOR if sys.platform == "win32" else ():
        try:
            temporary.replace(path)
        except PermissionError:
            time.sleep(wait_seconds)
        else:
            return
    temporary.replace(path)


def _forget(descriptor: int) -> None:
    """Let the system take back the memory that holds a file's content, where it takes such advice.

    A take's audio is not read again before the book is assembled, and a long run writes many times what there is of
    memory: pages that are free again are reused by the next take instead of new ones, which a virtual machine gets
    slowly.
    """
    if sys.platform == "linux":
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def require_writable(folder: Path) -> None:
    """Write something into ``folder``, so that a disk that refuses is known before anything is paid for.

    Raises StorageError.
    """
    path = folder / f".{secrets.token_hex(4)}.part"
    with storage_errors(folder):
        make_folder(folder)
        try:
            path.write_bytes(bytes(_PROBE_BYTES))
        finally:
            path.unlink(missing_ok=True)


def require_open(folders: Iterable[Path]) -> None:
    """Make sure that files can be made in each of ``folders`` that is there. Raises StorageError."""
    for folder in folders:
        if folder.exists() and not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
            raise storage_error(folder, PermissionError(errno.EACCES, os.strerror(errno.EACCES)), "write")


def room_bytes(folder: Path) -> int | None:
    """Free bytes where ``folder`` lies; None where its file system does not say."""
    usage = shutil.disk_usage(folder)
    return usage.free if usage.total else None


def remove_leftovers(*folders: Path) -> None:
    """Remove the temporary files of a killed run. Call it with the project's lock held. Raises StorageError."""
    for folder in folders:
        for path in folder.rglob(".*.part"):
            with storage_errors(path):
                path.unlink(missing_ok=True)


def write_atomically(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` so that a crash leaves the old file or the new one. Raises StorageError."""
    write_together([(path, data)])
