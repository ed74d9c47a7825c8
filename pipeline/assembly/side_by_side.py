"""Who does the work on the several files of a chapter: one thread in turn, or one for each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Protocol, TypeVar

_T = TypeVar("_T")


class Run(Protocol):
    """Runs tasks and returns what they return, in order, when all have ended; raises what the first of them raised."""

    def __call__(self, tasks: Sequence[Callable[[], _T]]) -> list[_T]:
        """Run the tasks."""
        ...


def in_turn(tasks: Sequence[Callable[[], _T]]) -> list[_T]:
    """One after another: where every core has a chapter of its own."""
    return [task() for task in tasks]


@contextmanager
def side_by_side() -> Iterator[Run]:
    """Each in a thread: where a chapter has several cores for itself, it takes as long as its slowest file."""
    with ThreadPoolExecutor(thread_name_prefix="file") as pool:

        def run(tasks: Sequence[Callable[[], _T]]) -> list[_T]:
            futures = [pool.submit(task) for task in tasks]
            # None may still be at work on a file that the others' failure removes.
            wait(futures)
            return [future.result() for future in futures]

        yield run
