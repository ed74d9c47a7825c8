"""Ledger lines from many tasks: each is on disk when it was awaited, and many share one call to the disk."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from pipeline.store.ledger import Ledger, LedgerLine


async def finished(work: asyncio.Future[Any]) -> bool:
    """Wait until ``work`` is done, however often the task is cancelled meanwhile; whether it was."""
    cancelled = False
    while not work.done():
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError:
            cancelled = True
    return cancelled


@dataclass(slots=True)
class _Entry:
    """A line on its way to the disk, and the future on which its task waits."""

    line: LedgerLine
    written: asyncio.Future[None]
    over: bool = False
    error: BaseException | None = None


class Recorder:
    """Writes to ``ledger`` on a thread of its own; lines keep the order in which they were given.

    A place at the service stands empty while a ``started`` line is written: the way there and back takes as few turns
    of the event loop as it can.
    """

    def __init__(self, ledger: Ledger, *, durable: bool) -> None:
        self._ledger = ledger
        self._durable = durable
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        self._queue: list[_Entry] = []
        self._writing = False
        self._batch_over = asyncio.Event()

    @property
    def run(self) -> str:
        """The run's name."""
        return self._ledger.run

    async def append(self, line: LedgerLine) -> None:
        """Write a line. When this returns or is cancelled, the line is there. Raises StorageError."""
        loop = asyncio.get_running_loop()
        entry = _Entry(line, loop.create_future())
        self._queue.append(entry)
        if not self._writing:
            self._write(loop)
        cancelled = False
        while not entry.over:
            try:
                await entry.written
            except asyncio.CancelledError:
                cancelled = True
                entry.written = loop.create_future()
        if entry.error is not None:
            raise entry.error
        if cancelled:
            raise asyncio.CancelledError

    async def caught_up(self) -> None:
        """Wait until the lines given so far are on disk, or were refused."""
        for _ in range(self._writing + bool(self._queue)):
            await self._batch_over.wait()

    def append_now(self, line: LedgerLine) -> None:
        """Write a line at once, from a task that is being cancelled. Raises StorageError."""
        self._ledger.append(line, durable=self._durable)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()

    def _write(self, loop: asyncio.AbstractEventLoop) -> None:
        """Have all lines that wait written together, and those after them when that is done."""
        self._writing = True
        batch, self._queue = self._queue, []
        lines = [entry.line for entry in batch]
        work = self._thread.submit(self._ledger.append_all, lines, durable=self._durable)
        work.add_done_callback(lambda done: loop.call_soon_threadsafe(self._written, loop, batch, done.exception()))

    def _written(self, loop: asyncio.AbstractEventLoop, batch: list[_Entry], error: BaseException | None) -> None:
        self._writing = False
        if self._queue:
            self._write(loop)
        self._batch_over.set()
        self._batch_over = asyncio.Event()
        for entry in batch:
            entry.over, entry.error = True, error
            if not entry.written.done():
                entry.written.set_result(None)
