"""A store at an object service, through fsspec: S3, Google Cloud Storage, Azure, or this process's memory."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from tenacity import RetryError, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential, wait_random

from pipeline.errors import UsageError
from pipeline.store.shared.address import PROTOCOLS, Address
from pipeline.store.shared.remote import Entry, StoreUnavailable
from pipeline.store.shared.secrecy import without_secrets

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

_T = TypeVar("_T")
_FOREIGN_ERRORS = (
    ("botocore.exceptions", "BotoCoreError"),
    ("aiohttp", "ClientError"),
    ("google.auth.exceptions", "GoogleAuthError"),
    ("gcsfs.retry", "HttpError"),
    ("azure.core.exceptions", "AzureError"),
)
"""What the backends raise besides OSError."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a request is tried, and how long is waited first."""

    attempts: int = 4
    first_seconds: float = 0.3
    most_seconds: float = 8.0


class _Passing(Exception):
    """A failure that may pass."""


@dataclass(frozen=True, slots=True)
class ObjectRemote:
    """Objects below ``root`` of an fsspec file system that keeps no listings."""

    files: Any
    root: str
    shown: str
    patience: Patience = Patience()
    turn: AbstractContextManager[object] = field(default_factory=nullcontext)
    """Held during a request, for file systems that are not made for threads."""

    def read(self, name: str) -> bytes | None:
        """See :class:`Remote`."""

        def work() -> bytes | None:
            try:
                data: bytes = self.files.cat_file(self._path(name))
            except FileNotFoundError:
                return None
            return data

        return self._tried("read", name, work)

    def write(self, name: str, data: bytes) -> None:
        """See :class:`Remote`."""
        self._tried("write", name, lambda: self.files.pipe_file(self._path(name), data))

    def create(self, name: str, data: bytes) -> bool:
        """See :class:`Remote`. Any refusal counts as one by the condition where the object is there afterwards."""
        path = self._path(name)

        def work() -> bool:
            try:
                self.files.pipe_file(path, data, mode="create")
            except FileExistsError:
                return False
            except _errors():
                if self._modified(path) is not None:
                    return False
                raise
            return True

        return self._tried("write", name, work)

    def modified(self, name: str) -> float | None:
        """See :class:`Remote`."""
        return self._tried("look up", name, lambda: self._modified(self._path(name)))

    def entries(self, folder: str) -> list[Entry]:
        """See :class:`Remote`."""

        def work() -> list[Entry]:
            try:
                found = self.files.find(self._path(folder), detail=True)
            except FileNotFoundError:
                return []
            start = len(self.root.strip("/")) + 1
            return [
                Entry(path.strip("/")[start:], info["size"] or 0, self._written(path, info))
                for path, info in found.items()
                if info["type"] == "file"
            ]

        return self._tried("list", folder, work)

    def remove(self, names: Iterable[str]) -> None:
        """See :class:`Remote`."""

        def work(name: str) -> None:
            try:
                self.files.rm_file(self._path(name))
            except FileNotFoundError:
                return

        for name in names:
            self._tried("remove", name, lambda name=name: work(name))  # type: ignore[misc]

    def _path(self, name: str) -> str:
        return f"{self.root}/{name}"

    def _written(self, path: str, info: dict[str, Any]) -> float:
        for name in ("LastModified", "last_modified", "mtime", "updated"):
            if isinstance(info.get(name), datetime):
                return _seconds(info[name])
        return self._modified(path) or 0.0

    def _modified(self, path: str) -> float | None:
        try:
            return _seconds(self.files.modified(path))
        except FileNotFoundError:
            return None

    def _tried(self, doing: str, name: str, work: Callable[[], _T]) -> _T:
        def once() -> _T:
            try:
                with self.turn:
                    return work()
            except _permanent():
                raise
            except _errors() as error:
                raise _Passing from error

        policy = Retrying(
            stop=stop_after_attempt(self.patience.attempts),
            wait=wait_exponential(self.patience.first_seconds, self.patience.most_seconds) + wait_random(0, 0.2),
            retry=retry_if_exception_type(_Passing),
        )
        try:
            return policy(once)
        except RetryError as error:
            reason = error.last_attempt.exception()
            assert reason is not None
            raise self._unavailable(doing, name, reason.__cause__ or reason) from reason.__cause__
        except _permanent() as error:
            raise self._unavailable(doing, name, error) from error

    def _unavailable(self, doing: str, name: str, error: BaseException) -> StoreUnavailable:
        said = without_secrets(str(error)) or type(error).__name__
        return StoreUnavailable(
            f"the store {self.shown}: cannot {doing} {name}: {said}",
            hint="check the network, the store's name and the credentials for it; what was made is kept here",
        )


def open_object_remote(address: Address, patience: Patience = Patience()) -> ObjectRemote:
    """The file system of a URL, with credentials and endpoint from the environment. Raises UsageError without the
    extra that it needs, StoreUnavailable where its configuration is wrong."""
    fsspec = importlib.import_module("fsspec")
    options: dict[str, Any] = {"use_listings_cache": False, "skip_instance_cache": address.protocol != "memory"}
    if address.protocol == "s3":
        options["config_kwargs"] = {
            "connect_timeout": 10,
            "read_timeout": 60,
            "max_pool_connections": 32,
            "retries": {"max_attempts": 1},
        }
    try:
        files = fsspec.filesystem(address.protocol, **options)
    except ImportError as error:
        extra = PROTOCOLS[address.protocol]
        raise UsageError(
            f"a store at {address.protocol}:// needs the extra {extra}", hint=f"pip install 'narrate[{extra}]'"
        ) from error
    except _errors(ValueError) as error:
        raise StoreUnavailable(
            f"the store {address}: {without_secrets(str(error))}",
            hint="check its address and the variables that it takes its credentials from (docs/store.md)",
        ) from error
    root = address.path if address.protocol != "memory" else f"/{address.path}"
    turn = _MEMORY if address.protocol == "memory" else nullcontext()
    return ObjectRemote(files, root, str(address), patience, turn)


_MEMORY = threading.RLock()
"""fsspec's memory looks and then writes: one thread at a time."""


def _errors(*more: type[Exception]) -> tuple[type[Exception], ...]:
    """OSError, and what the backends that are loaded raise besides."""
    return (OSError, *more, *_loaded(_FOREIGN_ERRORS))


def _permanent() -> tuple[type[Exception], ...]:
    """What trying again does not mend."""
    return (PermissionError, *_loaded((("botocore.exceptions", "NoCredentialsError"),)))


def _loaded(names: Iterable[tuple[str, str]]) -> tuple[type[Exception], ...]:
    return tuple(getattr(sys.modules[module], name) for module, name in names if module in sys.modules)


def _seconds(when: datetime) -> float:
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
