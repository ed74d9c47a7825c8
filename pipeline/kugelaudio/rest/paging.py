"""Walk lists that come in pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")
Page = tuple[Sequence[T], int]
"""The items of a page, and how many there are in all."""


def next_offset(offset: int, items: int, total: int) -> int | None:
    """Return where the next page starts; None after the last, or when a page comes empty."""
    following = offset + items
    return following if items and following < total else None


def walk(fetch: Callable[[int], R], read: Callable[[R], Page[T]]) -> Iterator[T]:
    """Yield the items of every page; ``fetch`` takes an offset, ``read`` finds the items and total in its answer."""
    offset: int | None = 0
    while offset is not None:
        items, total = read(fetch(offset))
        yield from items
        offset = next_offset(offset, len(items), total)


async def walk_async(fetch: Callable[[int], Awaitable[R]], read: Callable[[R], Page[T]]) -> AsyncIterator[T]:
    """The same where ``fetch`` is to be awaited."""
    offset: int | None = 0
    while offset is not None:
        items, total = read(await fetch(offset))
        for item in items:
            yield item
        offset = next_offset(offset, len(items), total)
