"""Encodes one chapter's PCM into one or several files, in one pass, through PyAV alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from io import BytesIO
from itertools import chain, zip_longest
from pathlib import Path
from typing import TypeAlias

import av
import numpy as np
from av.audio.stream import AudioStream
from av.codec.context import Flags as CodecFlags
from av.container.output import OutputContainer
from numpy.typing import NDArray

from pipeline.assembly.finishing import finish_file
from pipeline.assembly.formats import Recipe, recipe
from pipeline.assembly.marks import Mark
from pipeline.assembly.pictures import attach
from pipeline.assembly.side_by_side import Run, in_turn
from pipeline.assembly.tags import Tags, container_metadata, iso_639_2
from pipeline.assembly.timeline import TIMELINE_RATE
from pipeline.project.outputs import Output
from pipeline.store.files import replacing, storage_errors

_TICK = Fraction(1, TIMELINE_RATE)


@dataclass(frozen=True, slots=True)
class ChapterFile:
    """A file to make of a chapter, or of the whole book with its chapters' ``marks``."""

    path: Path
    output: Output
    tags: Tags
    marks: tuple[Mark, ...] = ()


OnPlaced: TypeAlias = Callable[[ChapterFile], None]


def encode_chapter(
    blocks: Iterable[NDArray[np.int16]],
    files: Iterable[ChapterFile],
    run: Run = in_turn,
    on_placed: OnPlaced | None = None,
) -> None:
    """Write a chapter's audio (mono, 24,000 Hz) to each of the files, which appear when the last block is written.

    The same blocks give the same bytes: neither clock nor version is written. Raises StorageError where a file
    cannot be written, and what reading the blocks raises; then none is left half-made.
    """
    encode_streams([(blocks, files)], run, on_placed)


def encode_streams(
    streams: Iterable[tuple[Iterable[NDArray[np.int16]], Iterable[ChapterFile]]],
    run: Run = in_turn,
    on_placed: OnPlaced | None = None,
) -> None:
    """The same for several versions of a chapter in step, each with its files.

    ``on_placed`` is given each file when it is whole and has its name, in the thread that wrote it.
    """
    with ExitStack() as stack:
        sources = [(blocks, [stack.enter_context(_writer(file)) for file in files]) for blocks, files in streams]
        written = (_row(parts, sources) for parts in zip_longest(*(blocks for blocks, _ in sources)))
        last = [partial(writer.finish, on_placed) for _, writers in sources for writer in writers]
        run(len(last), chain(written, [last]))


def _row(
    parts: tuple[NDArray[np.int16] | None, ...], sources: Sequence[tuple[object, list[_Writer]]]
) -> list[Callable[[], None] | None]:
    """What every file has to write of the next block of its stream; None for a stream that has ended."""
    return [
        None if block is None else partial(writer.write, block)
        for block, (_, writers) in zip(parts, sources, strict=True)
        for writer in writers
    ]


@dataclass(slots=True)
class _Writer:
    """A file that is being written, at a place of its own until it is whole."""

    file: ChapterFile
    temporary: Path
    container: OutputContainer
    stream: AudioStream
    placing: ExitStack
    """What gives the file its name when it is closed."""
    samples: int = 0

    def write(self, block: NDArray[np.int16]) -> None:
        with storage_errors(self.file.path):
            self.container.mux(self.stream.encode(_frame(block, self.samples)))
        self.samples += len(block)

    def finish(self, on_placed: OnPlaced | None) -> None:
        with storage_errors(self.file.path):
            self.container.mux(self.stream.encode(None))
            self.container.close()
            finish_file(self.temporary, self.file.output.format, self.file.tags, self.file.marks)
        self.placing.close()
        if on_placed is not None:
            on_placed(self.file)


@contextmanager
def _writer(file: ChapterFile) -> Iterator[_Writer]:
    made = recipe(file.output)
    with ExitStack() as placing:
        temporary = placing.enter_context(replacing(file.path))
        container = placing.enter_context(open_output(temporary, made))
        container.metadata.update(container_metadata(file.tags, file.output.format, file.marks))
        stream = _audio_stream(container, made)
        stream.metadata["language"] = iso_639_2(file.tags.language)
        if made.takes_cover and file.tags.cover is not None:
            container.mux(attach(container, file.tags.cover))
        yield _Writer(file, temporary, container, stream, placing)


def open_output(place: Path | BytesIO, made: Recipe) -> OutputContainer:
    """A container to write to, that puts neither clock nor version into the file."""
    options = {"fflags": "+bitexact", **made.container_options}
    file = str(place.absolute()) if isinstance(place, Path) else place
    return av.open(file, "w", format=made.container, container_options=options)


def _audio_stream(container: OutputContainer, made: Recipe) -> AudioStream:
    stream = container.add_stream(made.codec, rate=made.rate, options=dict(made.codec_options))
    assert isinstance(stream, AudioStream)
    stream.layout = "mono"
    if made.bitrate_kbps is not None:
        stream.bit_rate = made.bitrate_kbps * 1000
    stream.codec_context.flags |= CodecFlags.bitexact.value
    return stream


def _frame(block: NDArray[np.int16], at: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(block.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = TIMELINE_RATE
    frame.time_base = _TICK
    frame.pts = at
    return frame
