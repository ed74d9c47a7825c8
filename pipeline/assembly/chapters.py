"""Makes chapters side by side: those of a long book in processes of their own, a few in threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from pipeline.assembly.encoding import ChapterFile
from pipeline.assembly.making import ChapterJob, make_chapter
from pipeline.assembly.making_apart import Maker, makers
from pipeline.assembly.side_by_side import ONE, many
from pipeline.assembly.sound import Sound
from pipeline.assembly.timeline import TIMELINE_RATE
from pipeline.engines.local.cores import usable_cores
from pipeline.project.profiles import NONE, Profile

WORTH_IT_SECONDS = 1800.0
"""Of audio for each process: what starting it takes is a fiftieth of what encoding that takes."""
_MOST_PROCESSES = 16
"""Each holds some 120 MB."""


def encode_chapters(
    jobs: Sequence[ChapterJob],
    *,
    threads: int,
    on_done: Callable[[ChapterJob], None],
    profile: Profile = NONE,
    on_file: Callable[[ChapterFile, Sound | None], None] = lambda file, sound: None,  # noqa: ARG005
    meanwhile: Callable[[], None] = lambda: None,
) -> dict[Path, Sound]:
    """Make the files of every chapter, the longest chapter first, ``threads`` at a time with one take each; where there
    are fewer chapters than threads, a chapter's files each in a thread of their own.

    Called in the calling thread: ``meanwhile`` once the first chapters have begun, ``on_file`` with each file in its
    place and what it sounds like, while others are still being made, and ``on_done`` once per chapter whose files are
    all in place. The first failure or Ctrl-C ends the others within a second of audio; half-made files are removed,
    finished ones stay. Raises what failed first. Returns what the files sound like where a ``profile`` says how they
    should, else nothing.
    """
    halt = threading.Event()
    events: SimpleQueue[Future[dict[Path, Sound]] | tuple[ChapterFile, Sound | None]] = SimpleQueue()
    idle: SimpleQueue[Maker] = SimpleQueue()
    sounds: dict[Path, Sound] = {}
    longest_first = sorted(jobs, key=lambda job: -job.timeline.samples)
    hands = many(len(jobs)) if len(jobs) < threads else ONE

    def told(file: ChapterFile, sound: Sound | None) -> None:
        events.put((file, sound))

    def make(job: ChapterJob) -> dict[Path, Sound]:
        return make_chapter(job, profile, hands, halt, told)

    def make_apart(job: ChapterJob) -> dict[Path, Sound]:
        maker = idle.get()
        try:
            return maker.make(job, told)
        finally:
            idle.put(maker)

    with makers(_processes(jobs, threads), profile) as started:
        for maker in started:
            idle.put(maker)
        with ThreadPoolExecutor(len(started) or threads, thread_name_prefix="encode") as pool:
            try:
                made = {pool.submit(make_apart if started else make, job): job for job in longest_first}
                for future in made:
                    future.add_done_callback(events.put)
                left = len(made)
                meanwhile()
                while left:
                    event = events.get()
                    if isinstance(event, Future):
                        left -= 1
                        sounds |= event.result()
                        on_done(made[event])
                    else:
                        on_file(*event)
            finally:
                halt.set()
                pool.shutdown(wait=False, cancel_futures=True)
                for maker in started:
                    maker.halt()
    return sounds


def _processes(jobs: Sequence[ChapterJob], threads: int) -> int:
    """How many processes are worth starting, no more than cores: none for one, for few chapters or for short ones."""
    most = min(threads, usable_cores(), _MOST_PROCESSES)
    seconds = sum(job.timeline.samples for job in jobs) / TIMELINE_RATE
    return most if 1 < most <= len(jobs) and seconds >= most * WORTH_IT_SECONDS else 0
