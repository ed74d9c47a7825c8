"""What narrate asks of a place where a store lies: whole objects, one that is created only once, and a clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from pipeline.errors import StorageError


class StoreUnavailable(StorageError):
    """The store cannot be reached, or refuses. What was made is kept on this machine."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An object: its name in the store, its size, and when it was written by the store's clock (seconds since 1970)."""

    name: str
    size_bytes: int
    modified: float


class Remote(Protocol):
    """A place for objects, by names with slashes. Every method may be called from any thread.

    All raise StoreUnavailable, after having tried for a while.
    """

    @property
    def shown(self) -> str:
        """Its address, for messages; holds no secret."""
        ...

    def read(self, name: str) -> bytes | None:
        """The whole object; None: there is none."""
        ...

    def write(self, name: str, data: bytes) -> None:
        """Write the object, whether it was there or not. It is never seen in part."""
        ...

    def create(self, name: str, data: bytes) -> bool:
        """Write the object unless it is there; whether this call did.

        False may also follow an answer that was lost: who must know compares the object with ``data``.
        """
        ...

    def modified(self, name: str) -> float | None:
        """When the object was written, by the store's own clock, in seconds since 1970; None: there is none."""
        ...

    def entries(self, folder: str) -> list[Entry]:
        """Every object below ``folder``, with one listing."""
        ...

    def remove(self, names: Iterable[str]) -> None:
        """Remove objects; those that are gone already are no error."""
        ...
