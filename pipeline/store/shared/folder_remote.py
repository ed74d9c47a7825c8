"""A store in a folder: a disk that several machines mount, or a folder that CI caches."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import StorageError
from pipeline.store.files import make_folder, sync_file, sync_folder, write_atomically
from pipeline.store.shared.remote import Entry, StoreUnavailable

_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


@dataclass(frozen=True, slots=True)
class FolderRemote:
    """Objects as files below ``root``. Its clock is that of the machine which keeps the folder."""

    root: Path

    @property
    def shown(self) -> str:
        """The folder."""
        return str(self.root)

    def read(self, name: str) -> bytes | None:
        """See :class:`Remote`."""
        with self._reached("read", name):
            try:
                return (self.root / name).read_bytes()
            except FileNotFoundError:
                return None

    def write(self, name: str, data: bytes) -> None:
        """See :class:`Remote`."""
        try:
            write_atomically(self.root / name, data)
        except StoreUnavailable:
            raise
        except StorageError as error:
            raise StoreUnavailable(error.message, hint=error.hint) from error

    def create(self, name: str, data: bytes) -> bool:
        """See :class:`Remote`. The name appears with a hard link, so that the file is never seen in part."""
        path = self.root / name
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        with self._reached("write", name):
            make_folder(path.parent)
            try:
                with temporary.open("xb") as file:
                    file.write(data)
                    file.flush()
                    sync_file(file.fileno())
                return _link(temporary, path, data)
            finally:
                temporary.unlink(missing_ok=True)

    def modified(self, name: str) -> float | None:
        """See :class:`Remote`."""
        with self._reached("read", name):
            try:
                return (self.root / name).stat().st_mtime
            except FileNotFoundError:
                return None

    def entries(self, folder: str) -> list[Entry]:
        """See :class:`Remote`."""
        with self._reached("list", folder):
            return list(_files(self.root / folder, folder))

    def remove(self, names: Iterable[str]) -> None:
        """See :class:`Remote`."""
        for name in names:
            with self._reached("remove", name):
                (self.root / name).unlink(missing_ok=True)

    @contextmanager
    def _reached(self, doing: str, name: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreUnavailable(
                f"the store {self.shown}: cannot {doing} {name}: {error.strerror or error}",
                hint="look whether the folder is mounted and can be written; what was made is kept here",
            ) from error


def _link(temporary: Path, path: Path, data: bytes) -> bool:
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        try:
            with path.open("xb") as file:
                file.write(data)
                file.flush()
                sync_file(file.fileno())
        except FileExistsError:
            return False
    sync_folder(path.parent)
    return True


def _files(folder: Path, name: str) -> Iterator[Entry]:
    try:
        found = list(os.scandir(folder))
    except FileNotFoundError:
        return
    for entry in found:
        below = f"{name}/{entry.name}"
        if entry.is_dir():
            yield from _files(Path(entry.path), below)
        elif not entry.name.startswith("."):
            try:
                stat = entry.stat()
            except FileNotFoundError:
                continue  # removed since it was listed
            yield Entry(below, stat.st_size, stat.st_mtime)
