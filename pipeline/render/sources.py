"""Where takes may come from besides this machine, and whose turn it is to make them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from decimal import Decimal
from typing import Protocol

from pipeline.store.sidecars import Take


class TakeSource(Protocol):
    """A store that machines share, as the making of takes sees it (:class:`SharedTakes`), or nobody (:class:`Alone`).

    Every method may raise StorageError where the store cannot be reached.
    """

    def turn(self, key: str, *, wait: Callable[[], Awaitable[None]] | None) -> AbstractAsyncContextManager[Take | None]:
        """The take, where another runner has made it; None: it is ours to make, until the context ends.

        What is stored by then is sent. Where another runner is at it, ``wait`` is awaited before each further look;
        without, MadeElsewhere is raised.
        """
        ...

    async def still_ours(self, key: str) -> bool:
        """Whether a request may leave now: our turn outlives it."""
        ...

    async def may_spend(self, at_most_cents: Decimal) -> bool:
        """Whether the project's budget has so much for this run in all, beside what other runners hold."""
        ...

    async def finish(self) -> None:
        """Wait until what is being sent has been sent, or could not be."""
        ...


class Alone:
    """No other machine."""

    @asynccontextmanager
    async def turn(self, key: str, *, wait: Callable[[], Awaitable[None]] | None) -> AsyncIterator[Take | None]:  # noqa: ARG002
        """Always ours."""
        yield None

    async def still_ours(self, key: str) -> bool:  # noqa: ARG002
        """Always."""
        return True

    async def may_spend(self, at_most_cents: Decimal) -> bool:  # noqa: ARG002
        """The purse alone decides."""
        return True

    async def finish(self) -> None:
        """Nothing is sent."""
