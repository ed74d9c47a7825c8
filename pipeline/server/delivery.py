"""Generated speech on its way out: chunks of audio cut into frames, each chunk with its words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from pipeline.server.audio_sources import AudioSource, Shortened, Silence
from pipeline.server.catalogue import NATIVE_RATE
from pipeline.server.chunks import Chunk, TimedWord

FRAME_SECONDS = 1
"""The length of a frame of audio."""


class Piece(NamedTuple):
    """What one frame of audio holds: output samples ``start`` to ``end``, and its number in its request."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one text became. ``native_samples`` counts 24 kHz before resampling and speed, as the API's final does."""

    text: str
    source: AudioSource
    chunks: tuple[Chunk, ...]
    native_samples: int

    @property
    def heard_samples(self) -> int:
        """The length that is heard and billed, in samples at 24 kHz: the same in every output format."""
        return self.chunks[-1].end_sample if self.chunks else 0

    def pieces(self, chunk: Chunk, first_number: int) -> list[Piece]:
        """The chunk's frames: whole seconds and a rest."""
        start, stop, step = self._range(chunk)
        starts = range(start, stop, step)
        return [Piece(number, at, min(at + step, stop)) for number, at in enumerate(starts, first_number)]

    def _range(self, chunk: Chunk) -> tuple[int, int, int]:
        """First sample, end and step of the chunk's frames, in output samples."""
        rate = self.source.format.sample_rate
        stop = self.source.samples if chunk is self.chunks[-1] else chunk.end_sample * rate // NATIVE_RATE
        return chunk.start_sample * rate // NATIVE_RATE, stop, rate * FRAME_SECONDS

    def shortened(self, keep: float) -> Delivery:
        """Only the first part of it, as if that were all (a fault)."""
        rate = self.source.format.sample_rate
        end = int(self.chunks[-1].end_sample * keep) if self.chunks else 0
        kept = tuple(
            replace(chunk, end_sample=min(chunk.end_sample, end), timing=partial(_until, chunk, end))
            for chunk in self.chunks
            if chunk.start_sample < end
        )
        source = Shortened(self.source, end * rate // NATIVE_RATE)
        return Delivery(self.text, source, kept, int(self.native_samples * keep))

    def silenced(self) -> Delivery:
        """Silence of the same length (a fault)."""
        return replace(self, source=Silence(self.source.format, self.source.samples))


def _until(chunk: Chunk, end: int) -> tuple[TimedWord, ...]:
    limit = (end - chunk.start_sample) * 1000 // NATIVE_RATE
    return tuple(word._replace(end_ms=min(word.end_ms, limit)) for word in chunk.words if word.start_ms < limit)
