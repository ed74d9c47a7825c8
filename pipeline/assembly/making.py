"""One chapter: its audio read from its takes, brought to level where a profile asks for one, encoded into its files."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipeline.assembly.encoding import ChapterFile, encode_chapter
from pipeline.assembly.keeping import kept
from pipeline.assembly.reading import OpenTake, chapter_pcm
from pipeline.assembly.side_by_side import Hands
from pipeline.assembly.sound import Sound
from pipeline.assembly.timeline import ChapterTimeline
from pipeline.errors import Interrupted
from pipeline.project.profiles import Profile


def nothing() -> None:
    """What is done of a chapter that is made when there is nothing to do."""


@dataclass(frozen=True, slots=True)
class ChapterJob:
    """A chapter, where its takes come from, and the files to make of it in one pass over them.

    ``finish`` is called when all files are in place, where they were made; that may be another process, so that both
    functions can be pickled where a book is long.
    """

    timeline: ChapterTimeline
    files: tuple[ChapterFile, ...]
    open_take: OpenTake
    finish: Callable[[], None] = nothing


Told: TypeAlias = Callable[[ChapterFile, Sound | None], None]
"""Is given each file when it is in its place, and what it sounds like where a profile says how it should."""


def make_chapter(
    job: ChapterJob, profile: Profile, hands: Hands, halt: threading.Event, told: Told
) -> dict[Path, Sound]:
    """Make a chapter's files; return what they sound like where ``profile`` says how they should, else nothing.

    Raises Interrupted within a second of audio after ``halt`` is set, what reading takes raises, and StorageError where
    a file cannot be written; half-made files are removed.
    """

    def audio() -> Iterator[NDArray[np.int16]]:
        return chapter_pcm(job.timeline, job.open_take)

    sounds: dict[Path, Sound] = {}
    if profile.active:
        # Its filters take a while to load, which a book without a profile does not spend.
        from pipeline.assembly.mastering import master_chapter  # noqa: PLC0415

        with kept(audio, job.files[0].path.parent) as read:
            sounds = master_chapter(job.timeline, lambda: _until(read(), halt), job.files, profile, hands, told)
    else:
        encode_chapter(_until(audio(), halt), job.files, hands.run, lambda file: told(file, None))
    job.finish()
    return sounds


def _until(blocks: Iterator[NDArray[np.int16]], halt: threading.Event) -> Iterator[NDArray[np.int16]]:
    """The blocks, until somebody says stop."""
    for block in blocks:
        if halt.is_set():
            raise Interrupted(
                "stopped while assembling; what was finished is kept", hint="run the same command to go on"
            )
        yield block
