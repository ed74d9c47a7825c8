"""The book in one file: chapters' AAC packets copied behind one another, with marks, tags and cover.

An AAC packet holds a window over two frames, and an encoder's first packet holds only the silence before the
first sample. Joined as they are, each chapter would start 1,024 samples later than the last. So every following
chapter's first packet is dropped; the windows that then no longer match lie in the frames of silence that each
chapter begins and ends with (``placing.FRAME_SAMPLES``), and every joint is exact to the sample.

FFmpeg's muxer makes a book of the same length and marks with one packet a chapter; its tables are then replaced by
those of all packets, whose bytes are copied as they lie.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import av
import numpy as np
from av.packet import Packet

from pipeline.assembly.encoding import open_output
from pipeline.assembly.formats import recipe
from pipeline.assembly.marks import Mark, container_chapters, marks_of
from pipeline.assembly.mp4_sound import Sound, head_for_sound, sound_of
from pipeline.assembly.mp4_tags import user_data
from pipeline.assembly.placing import FRAME_SAMPLES
from pipeline.assembly.tags import Tags, iso_639_2
from pipeline.assembly.timeline import TIMELINE_RATE
from pipeline.errors import Interrupted, StorageError
from pipeline.project.formats import OutputFormat
from pipeline.project.outputs import Output
from pipeline.store.files import replacing

_BLOCK = 1 << 20
_FRAMES_APART = 1 << 20
"""FFmpeg's muxer takes packets 2^31 samples apart, 12 hours at 48 kHz, for an error."""
_HINT = "remove the file and assemble again"


@dataclass(frozen=True, slots=True)
class BookChapter:
    """A chapter of the book: its mark, its length at 24,000 Hz, and its AAC in an m4a file of its own."""

    title: str
    samples: int
    audio: Path


def write_m4b(path: Path, chapters: Sequence[BookChapter], tags: Tags, stop: threading.Event | None = None) -> None:
    """Write the M4B from chapters encoded with one bitrate; nothing is encoded again.

    Chapter marks stand in both stores: QuickTime's text track, which holds all of them, and Nero's list, which ends at
    255 chapters and cuts titles at 255 bytes (:func:`pipeline.assembly.marks.nero_shortfalls` says so).

    Raises StorageError where a chapter's file is damaged or not as long as its timeline or the book cannot be written,
    Interrupted when ``stop`` is set, ValueError without chapters.
    """
    if not chapters:
        raise ValueError("a book needs a chapter")
    with replacing(path) as temporary, temporary.open("wb") as book:
        for part in _parts(chapters, tags):
            if stop is not None and stop.is_set():
                raise Interrupted("stopped while writing the book", hint="run the same command to go on")
            book.write(part)


def _parts(chapters: Sequence[BookChapter], tags: Tags) -> Iterator[bytes]:
    """The book from its first byte to its last: what it is, its index, then its sound."""
    marks = marks_of((chapter.title, chapter.samples) for chapter in chapters)
    sounds = [_without_silence(_sound(chapter)) if index else _sound(chapter) for index, chapter in enumerate(chapters)]
    model = _model(chapters[0], list(accumulate(len(sound.sizes) for sound in sounds)), tags, marks)
    sizes = np.concatenate([sound.sizes for sound in sounds])
    yield head_for_sound(model, sizes, FRAME_SAMPLES, user_data(tags, marks))
    for chapter, sound in zip(chapters, sounds, strict=True):
        yield from _bytes(chapter, sound)


def _sound(chapter: BookChapter) -> Sound:
    """A chapter's packets, whose number has to be what its length on the timeline says."""
    with _readable(chapter), chapter.audio.open("rb") as file:
        sound = sound_of(file)
    expected = chapter.samples * sound.rate // TIMELINE_RATE // FRAME_SAMPLES + 1
    if len(sound.sizes) != expected:
        message = f"{chapter.audio}: {len(sound.sizes)} AAC packets where the timeline asks for {expected}"
        raise StorageError(message, hint=_HINT)
    return sound


def _without_silence(sound: Sound) -> Sound:
    """All packets but the first."""
    return Sound(sound.sizes[1:], sound.start + int(sound.sizes[0]), sound.rate)


def _bytes(chapter: BookChapter, sound: Sound) -> Iterator[bytes]:
    left = int(sound.sizes.sum())
    with _readable(chapter):
        file = chapter.audio.open("rb")
        file.seek(sound.start)
    with file:
        while left:
            with _readable(chapter):
                block = file.read(min(left, _BLOCK))
                if not block:
                    raise ValueError("it ends too early")
            left -= len(block)
            yield block


def _model(first: BookChapter, ends: Sequence[int], tags: Tags, marks: Sequence[Mark]) -> bytes:
    """The book as FFmpeg's muxer makes it of few of its packets, the first and the chapters' last among them: lengths,
    marks and what a decoder is told are the whole book's.

    ``ends``: of chapters, in packets. The first packet lies before zero and is skipped by the edit list.
    """
    made = io.BytesIO()
    with open_output(made, recipe(Output(format=OutputFormat.M4B))) as container:
        container.set_chapters(container_chapters(marks))
        with _readable(first), av.open(str(first.audio.absolute()), "r") as part:
            stream = container.add_stream_from_template(part.streams.audio[0])
        stream.metadata["language"] = iso_639_2(tags.language)
        for frame in sorted({*(end - 2 for end in ends), *range(-1, ends[-1] - 1, _FRAMES_APART)}):
            packet = Packet(b"\0")
            packet.stream = stream
            packet.time_base = Fraction(1, stream.rate)
            packet.pts = packet.dts = frame * FRAME_SAMPLES
            packet.duration = FRAME_SAMPLES
            container.mux(packet)
    return made.getvalue()


@contextmanager
def _readable(chapter: BookChapter) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, av.FFmpegError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StorageError(f"{chapter.audio}: the chapter's audio cannot be read: {reason}", hint=_HINT) from error
