"""The book as one MP3, Opus or FLAC file: encoded in one go from its chapters' lossless audio, with a mark for each."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from pipeline.assembly.book import BookChapter
from pipeline.assembly.encoding import ChapterFile, encode_chapter
from pipeline.assembly.marks import marks_of
from pipeline.assembly.tags import Tags
from pipeline.errors import Interrupted, StorageError
from pipeline.project.outputs import Output


def write_whole_book(
    path: Path, output: Output, chapters: Sequence[BookChapter], tags: Tags, stop: threading.Event | None = None
) -> None:
    """Encode chapters, each a FLAC file, into one file of ``output``'s format, with chapter marks.

    Frames of MP3 and Opus do not end where chapters do and lean on the ones before them, so that they are encoded
    anew where the M4B copies packets. Raises StorageError where a chapter's file is damaged or not as long as its
    timeline or the book cannot be written, Interrupted when ``stop`` is set.
    """
    marks = marks_of((chapter.title, chapter.samples) for chapter in chapters)
    encode_chapter(_audio(chapters, stop), [ChapterFile(path, output, tags, marks)])


def _audio(chapters: Sequence[BookChapter], stop: threading.Event | None) -> Iterator[NDArray[np.int16]]:
    for chapter in chapters:
        samples = 0
        for block in _decoded(chapter.audio):
            if stop is not None and stop.is_set():
                raise Interrupted("stopped while writing the book", hint="run the same command to go on")
            samples += len(block)
            yield block
        if samples != chapter.samples:
            message = f"{chapter.audio}: {samples} samples where the timeline asks for {chapter.samples}"
            raise StorageError(message, hint="remove the file and assemble again")


def _decoded(path: Path) -> Iterator[NDArray[np.int16]]:
    try:
        with av.open(str(path.absolute()), "r") as part:
            for frame in part.decode(audio=0):
                yield frame.to_ndarray().reshape(-1).astype(np.int16, copy=False)
    except av.FFmpegError as error:
        message = f"{path}: the chapter's audio cannot be read: {error.strerror}"
        raise StorageError(message, hint="remove the file and assemble again") from error
