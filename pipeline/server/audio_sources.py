"""Audio in its output format, handed out in pieces: what was spoken, a tone, silence."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
import pybase64
from numpy.typing import NDArray

from pipeline.server.audio_formats import AudioFormat, alaw, encoded, ulaw

_TONE_HZ = 220
_TONE_PEAK = 3_000


class AudioSource(Protocol):
    """Audio in its output format. ``samples`` counts what is delivered, after resampling and speed."""

    @property
    def format(self) -> AudioFormat:
        """The output format."""

    @property
    def samples(self) -> int:
        """Delivered samples."""

    def piece(self, start: int, end: int) -> bytes:
        """The bytes of samples ``start`` to ``end`` (half-open)."""

    def base64(self, start: int, end: int) -> bytes:
        """The same in Base64."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """Audio that was generated."""

    format: AudioFormat
    audio: bytes

    @classmethod
    def of(cls, pcm: NDArray[np.int16], wanted: AudioFormat) -> Spoken:
        """24 kHz PCM16 in the wanted format."""
        return cls(wanted, encoded(pcm, wanted))

    @property
    def samples(self) -> int:
        """Delivered samples."""
        return len(self.audio) // self.format.bytes_per_sample

    def piece(self, start: int, end: int) -> bytes:
        """A slice."""
        size = self.format.bytes_per_sample
        return self.audio[start * size : end * size]

    def base64(self, start: int, end: int) -> bytes:
        """A slice in Base64."""
        return pybase64.b64encode(self.piece(start, end))


@dataclass(frozen=True, slots=True)
class Tone:
    """A quiet tone that repeats every second: made once for each format, so that it costs nothing to hand out.

    Pieces start at any whole second's distance from each other; what matters is their length.
    """

    format: AudioFormat
    samples: int

    def piece(self, start: int, end: int) -> bytes:
        """So many samples of the tone; at most a second."""
        return _second(self.format)[: (end - start) * self.format.bytes_per_sample]

    def base64(self, start: int, end: int) -> bytes:
        """The same in Base64."""
        if end - start == self.format.sample_rate:
            return _second_base64(self.format.encoding, self.format.sample_rate)
        return pybase64.b64encode(self.piece(start, end))


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing to be heard."""

    format: AudioFormat
    samples: int

    def piece(self, start: int, end: int) -> bytes:
        """So many samples of silence."""
        zero = {"ulaw": b"\xff", "alaw": b"\xd5"}.get(self.format.encoding, b"\0\0")
        return zero * (end - start)

    def base64(self, start: int, end: int) -> bytes:
        """The same in Base64."""
        return pybase64.b64encode(self.piece(start, end))


@dataclass(frozen=True, slots=True)
class Shortened:
    """The beginning of a source."""

    whole: AudioSource
    samples: int

    @property
    def format(self) -> AudioFormat:
        """The output format."""
        return self.whole.format

    def piece(self, start: int, end: int) -> bytes:
        """As the whole has it."""
        return self.whole.piece(start, end)

    def base64(self, start: int, end: int) -> bytes:
        """As the whole has it."""
        return self.whole.base64(start, end)


@lru_cache(maxsize=16)
def _second(wanted: AudioFormat) -> bytes:
    at = np.arange(wanted.sample_rate) / wanted.sample_rate
    samples = np.rint(_TONE_PEAK * np.sin(2 * np.pi * _TONE_HZ * at)).astype(np.int16)
    if wanted.encoding == "ulaw":
        return ulaw(samples).tobytes()
    return alaw(samples).tobytes() if wanted.encoding == "alaw" else samples.astype("<i2").tobytes()


@lru_cache(maxsize=16)
def _second_base64(encoding: str, sample_rate: int) -> bytes:
    return pybase64.b64encode(_second(AudioFormat(encoding, sample_rate)))
