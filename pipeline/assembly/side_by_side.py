"""Who does the work on a chapter and its several files: one thread, or as many as there is work for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from queue import Queue
from typing import Protocol, TypeAlias, TypeVar

Task: TypeAlias = Callable[[], None]
_T = TypeVar("_T")

_WAITING = 1200
"""How many blocks of at most a second, 48 kB each, wait at most for the slower files of all chapters under way: what is
made of the faster one, as the book is of the AAC, need not wait for it too."""
_AHEAD = 4
"""How many wait at least, and how many to be measured."""


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


def side_by_side(lanes: int, rows: Iterable[Sequence[Task | None]], *, waiting: int = _WAITING) -> None:
    """Each lane in a thread that never waits for another lane's: where a chapter has several cores for itself, it takes
    as long as its slowest file. The rows are taken in the calling thread, at most ``waiting`` ahead of a lane."""
    failed = threading.Event()
    queues: list[Queue[Task | None]] = [Queue(waiting) for _ in range(lanes)]
    with ThreadPoolExecutor(lanes, thread_name_prefix="file") as pool:
        ended = [pool.submit(_work, queue, failed) for queue in queues]
        try:
            _hand_out(rows, queues, failed)
        finally:
            for queue in queues:
                queue.put(None)
    for lane in ended:
        lane.result()


def ahead(items: Iterable[_T]) -> Iterator[_T]:
    """The items, taken in a thread of their own a few before they are asked for. Raises what taking them raised."""
    queue: Queue[tuple[_T] | None] = Queue(_AHEAD)
    unwanted = threading.Event()

    def take() -> None:
        try:
            for item in items:
                if unwanted.is_set():
                    break
                queue.put((item,))
        finally:
            queue.put(None)

    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as pool:
        taken, more = pool.submit(take), True
        try:
            while (got := queue.get()) is not None:
                yield got[0]
            more = False
        finally:
            unwanted.set()
            while more:
                more = queue.get() is not None
    taken.result()


class Ahead(Protocol):
    """Gives items as they are, taken when they are asked for or before that."""

    def __call__(self, items: Iterable[_T], /) -> Iterator[_T]:
        """Raises what taking them raises."""
        ...


@dataclass(frozen=True, slots=True)
class Hands:
    """How a chapter is made: ``run`` does the work on its files, ``ahead`` brings what is measured."""

    run: Run
    ahead: Ahead


ONE = Hands(in_turn, iter)
"""Where every core has a chapter of its own."""


def many(chapters: int) -> Hands:
    """Where each of so few ``chapters`` has several cores for itself; together they hold no more audio than one."""
    return Hands(partial(side_by_side, waiting=max(_AHEAD, _WAITING // max(1, chapters))), ahead)


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
