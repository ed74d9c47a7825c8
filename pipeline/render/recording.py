"""Ledger lines from many tasks: each is on disk when it was awaited, and many share one call to the disk."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
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


class Recorder:
    """Writes to ``ledger`` on a thread of its own; lines keep the order in which they were given."""

    def __init__(self, ledger: Ledger, *, durable: bool) -> None:
        self._ledger = ledger
        self._durable = durable
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        self._queue: list[tuple[LedgerLine, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    @property
    def run(self) -> str:
        """The run's name."""
        return self._ledger.run

    async def append(self, line: LedgerLine) -> None:
        """Write a line. When this returns or is cancelled, the line is there. Raises StorageError."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append((line, written))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        cancelled = await finished(written)
        written.result()
        if cancelled:
            raise asyncio.CancelledError

    def append_now(self, line: LedgerLine) -> None:
        """Write a line at once, from a task that is being cancelled. Raises StorageError."""
        self._ledger.append(line, durable=self._durable)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while self._queue:
            batch, self._queue = self._queue, []
            try:
                await loop.run_in_executor(self._thread, self._append, [line for line, _ in batch])
            except BaseException as error:  # handed to those who wait for the lines
                for _, written in batch:
                    if not written.done():
                        written.set_exception(error)
                        written.exception()
                if isinstance(error, asyncio.CancelledError):
                    raise
            else:
                for _, written in batch:
                    if not written.done():
                        written.set_result(None)
        self._writing = None

    def _append(self, lines: list[LedgerLine]) -> None:
        self._ledger.append_all(lines, durable=self._durable)
