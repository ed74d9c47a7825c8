"""The book in one file: chapters' AAC packets copied behind one another, with marks, tags and cover.

An AAC packet holds a window over two frames, and an encoder's first packet holds only the silence before the
first sample. Joined as they are, each chapter would start 1,024 samples later than the last. So every following
chapter's first packet is dropped; the windows that then no longer match lie in the frames of silence that each
chapter begins and ends with (``placing.FRAME_SAMPLES``), and every joint is exact to the sample.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import av
from av.audio.stream import AudioStream
from av.container.input import InputContainer
from av.packet import Packet

from pipeline.assembly.encoding import open_output
from pipeline.assembly.finishing import finish_file
from pipeline.assembly.formats import recipe
from pipeline.assembly.marks import container_chapters, marks_of
from pipeline.assembly.placing import FRAME_SAMPLES
from pipeline.assembly.tags import Tags, iso_639_2
from pipeline.assembly.timeline import TIMELINE_RATE
from pipeline.errors import Interrupted, StorageError
from pipeline.project.formats import OutputFormat
from pipeline.project.outputs import Output
from pipeline.store.files import replacing


@dataclass(frozen=True, slots=True)
class BookChapter:
    """A chapter of the book: its mark, its length at 24,000 Hz, and its AAC in an m4a file of its own."""

    title: str
    samples: int
    audio: Path


Join: TypeAlias = Callable[[Path, Sequence[BookChapter], Tags], None]
"""Writes the chapters' packets, marks and tags to a path that is not yet the book's name."""


def write_m4b(
    path: Path,
    chapters: Sequence[BookChapter],
    tags: Tags,
    stop: threading.Event | None = None,
    joining: Join | None = None,
) -> None:
    """Write the M4B from chapters encoded with one bitrate; nothing is encoded again.

    Chapter marks stand in both stores: QuickTime's text track, which holds all of them, and Nero's list, which ends at
    255 chapters and cuts titles at 255 bytes (:func:`pipeline.assembly.marks.nero_shortfalls` says so).
    ``joining`` does it in place of :func:`join`.

    Raises StorageError where a chapter's file is damaged or not as long as its timeline or the book cannot be written,
    Interrupted when ``stop`` is set, ValueError without chapters.
    """
    if not chapters:
        raise ValueError("a book needs a chapter")
    with replacing(path) as temporary:
        if joining is not None:
            joining(temporary, chapters, tags)
        else:
            join(temporary, chapters, tags, stop)


def join(path: Path, chapters: Sequence[BookChapter], tags: Tags, stop: threading.Event | None = None) -> None:
    """Write the M4B to ``path``, which is not yet its name. Raises as :func:`write_m4b` does, and OSError."""
    marks = marks_of((chapter.title, chapter.samples) for chapter in chapters)
    with open_output(path, recipe(Output(format=OutputFormat.M4B))) as container:
        container.set_chapters(container_chapters(marks))
        with _opened(chapters[0]) as first:
            stream = container.add_stream_from_template(first.streams.audio[0])
        stream.metadata["language"] = iso_639_2(tags.language)
        for packet in _timed(chapters, stop):
            packet.stream = stream
            container.mux(packet)
    finish_file(path, OutputFormat.M4B, tags, marks)


def _timed(chapters: Sequence[BookChapter], stop: threading.Event | None) -> Iterator[Packet[AudioStream]]:
    """All packets on the book's clock; the first lies before zero and is skipped by the edit list."""
    frame = -1
    for index, chapter in enumerate(chapters):
        if stop is not None and stop.is_set():
            raise Interrupted("stopped while writing the book", hint="run the same command to go on")
        for packet in _packets(chapter, with_first=index == 0):
            packet.pts = packet.dts = frame * FRAME_SAMPLES
            frame += 1
            yield packet


@contextmanager
def _opened(chapter: BookChapter) -> Iterator[InputContainer]:
    try:
        with av.open(str(chapter.audio.absolute()), "r") as part:
            yield part
    except av.FFmpegError as error:
        message = f"{chapter.audio}: the chapter's audio cannot be read: {error.strerror}"
        raise StorageError(message, hint="remove the file and assemble again") from error


def _packets(chapter: BookChapter, *, with_first: bool) -> Iterator[Packet[AudioStream]]:
    """A chapter's packets, whose number has to be what its length on the timeline says.

    MP4 counts an audio track in samples, so that they come with the time base and duration that the book needs.
    """
    count = 0
    with _opened(chapter) as part:
        stream = part.streams.audio[0]
        for packet in part.demux(stream):
            if not packet.size:
                continue
            count += 1
            if with_first or count > 1:
                yield packet
        expected = chapter.samples * stream.rate // TIMELINE_RATE // FRAME_SAMPLES + 1
    if count != expected:
        message = f"{chapter.audio}: {count} AAC packets where the timeline asks for {expected}"
        raise StorageError(message, hint="remove the file and assemble again")
