"""Encodes chapters side by side: the encoders release the interpreter's lock, so threads use every core."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

import numpy as np
from numpy.typing import NDArray

from pipeline.assembly.encoding import ChapterFile, encode_chapter
from pipeline.assembly.keeping import kept
from pipeline.assembly.reading import OpenTake, chapter_pcm
from pipeline.assembly.side_by_side import ONE, Hands, many
from pipeline.assembly.sound import Sound
from pipeline.assembly.timeline import ChapterTimeline
from pipeline.errors import Interrupted
from pipeline.project.profiles import NONE, Profile


@dataclass(frozen=True, slots=True)
class ChapterJob:
    """A chapter, and the files to make of it in one pass over its takes."""

    timeline: ChapterTimeline
    files: tuple[ChapterFile, ...]


def encode_chapters(
    jobs: Sequence[ChapterJob],
    open_take: OpenTake,
    *,
    threads: int,
    on_done: Callable[[ChapterJob], None],
    stop: threading.Event | None = None,
    profile: Profile = NONE,
    on_file: Callable[[ChapterFile, Sound | None], None] = lambda file, sound: None,  # noqa: ARG005
    meanwhile: Callable[[], None] = lambda: None,
) -> dict[Path, Sound]:
    """Make the files of every chapter, the longest chapter first, ``threads`` at a time with one take each; where there
    are fewer chapters than threads, a chapter's files each in a thread of their own.

    Called in the calling thread: ``meanwhile`` once the first chapters have begun, ``on_file`` with each file in its
    place and what it sounds like, while others are still being made, and ``on_done`` once per chapter whose files are
    all in place. The first failure, Ctrl-C or a set ``stop`` ends the others within a second of audio; half-made files
    are removed, finished ones stay. Raises what failed first, or Interrupted when ``stop`` was set. Returns what the
    files sound like where a ``profile`` says how they should, else nothing.
    """
    halt = threading.Event()
    events: SimpleQueue[Future[dict[Path, Sound]] | tuple[ChapterFile, Sound | None]] = SimpleQueue()

    def told(file: ChapterFile, sound: Sound | None = None) -> None:
        events.put((file, sound))

    def make(job: ChapterJob, hands: Hands) -> dict[Path, Sound]:
        def audio() -> Iterator[NDArray[np.int16]]:
            return chapter_pcm(job.timeline, open_take)

        if profile.active:
            # Its filters take a while to load, which a book without a profile does not spend.
            from pipeline.assembly.mastering import master_chapter  # noqa: PLC0415

            with kept(audio, job.files[0].path.parent) as read:
                return master_chapter(job.timeline, lambda: _until(read(), halt, stop), job.files, profile, hands, told)
        encode_chapter(_until(audio(), halt, stop), job.files, hands.run, told)
        return {}

    sounds: dict[Path, Sound] = {}
    longest_first = sorted(jobs, key=lambda job: -job.timeline.samples)
    hands = many(len(jobs)) if len(jobs) < threads else ONE
    with ThreadPoolExecutor(max_workers=threads, thread_name_prefix="encode") as pool:
        made = {pool.submit(make, job, hands): job for job in longest_first}
        for future in made:
            future.add_done_callback(events.put)
        left = len(made)
        try:
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
            pool.shutdown(wait=True, cancel_futures=True)
    return sounds


def _until(
    blocks: Iterator[NDArray[np.int16]], halt: threading.Event, stop: threading.Event | None
) -> Iterator[NDArray[np.int16]]:
    """The blocks, until somebody says stop."""
    for block in blocks:
        if halt.is_set() or (stop is not None and stop.is_set()):
            raise Interrupted(
                "stopped while assembling; what was finished is kept", hint="run the same command to go on"
            )
        yield block
