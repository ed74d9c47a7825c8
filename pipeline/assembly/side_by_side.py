"""Who does the work on the several files of a chapter: one thread in turn, or one for each of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Queue
from typing import Protocol, TypeAlias

Task: TypeAlias = Callable[[], None]

_AHEAD = 4
"""How many seconds of audio wait for the slower of a chapter's files at most."""


class Run(Protocol):
    """Runs tasks in as many lanes as a row has; None is no task."""

    def __call__(self, lanes: int, rows: Iterable[Sequence[Task | None]]) -> None:
        """Run the tasks of every lane in order. Returns when all have ended; raises what the first lane that failed
        raised, or what taking the rows did: then no further task is begun."""
        ...


def in_turn(lanes: int, rows: Iterable[Sequence[Task | None]]) -> None:  # noqa: ARG001 - one thread does them all
    """One after another: where every core has a chapter of its own."""
    for row in rows:
        for task in row:
            if task is not None:
                task()


def side_by_side(lanes: int, rows: Iterable[Sequence[Task | None]]) -> None:
    """Each lane in a thread that never waits for another lane's: where a chapter has several cores for itself, it takes
    as long as its slowest file. The rows are taken in the calling thread, a few ahead."""
    failed = threading.Event()
    queues: list[Queue[Task | None]] = [Queue(_AHEAD) for _ in range(lanes)]
    with ThreadPoolExecutor(lanes, thread_name_prefix="file") as pool:
        ended = [pool.submit(_work, queue, failed) for queue in queues]
        try:
            _hand_out(rows, queues, failed)
        finally:
            for queue in queues:
                queue.put(None)
    for lane in ended:
        lane.result()


def _hand_out(
    rows: Iterable[Sequence[Task | None]], queues: Sequence[Queue[Task | None]], failed: threading.Event
) -> None:
    whole = False
    try:
        for row in rows:
            if failed.is_set():
                break
            for queue, task in zip(queues, row, strict=True):
                if task is not None:
                    queue.put(task)
        whole = True
    finally:
        if not whole:
            failed.set()


def _work(queue: Queue[Task | None], failed: threading.Event) -> None:
    """The tasks of a lane, up to the None behind them; one that fails, here or elsewhere, is the last."""
    whole = False
    try:
        while (task := queue.get()) is not None:
            if not failed.is_set():
                task()
        whole = True
    finally:
        if not whole:
            failed.set()
            while queue.get() is not None:
                pass
