"""Audio as it comes: pieces of a stream, and the whole of a generation."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from pipeline.kugelaudio import g711
from pipeline.kugelaudio.fields import ApiModel
from pipeline.kugelaudio.models import SessionUsage, WordTimestamp
from pipeline.kugelaudio.wav import wav_header


class AudioChunk(ApiModel):
    """A piece of a stream: mono, in ``encoding`` (16-bit little-endian PCM unless G.711 was asked for)."""

    audio: bytes
    index: int
    sample_rate: int
    samples: int
    encoding: g711.Encoding = "pcm_s16le"

    @property
    def duration_seconds(self) -> float:
        """Duration of this piece in seconds."""
        return self.samples / self.sample_rate

    def to_float32(self) -> list[float]:
        """Return the samples in [-1, 1]; G.711 is decoded."""
        return g711.to_float32(self.audio, self.encoding)


class AudioResponse(ApiModel):
    """A whole generation. ``samples`` and ``duration_ms`` count the audio that was delivered."""

    audio: bytes
    sample_rate: int
    samples: int
    duration_ms: float
    generation_ms: float
    rtf: float
    word_timestamps: list[WordTimestamp] = Field(default_factory=list)
    usage: SessionUsage | None = None
    encoding: g711.Encoding = "pcm_s16le"
    request_id: str | None = None
    """To quote to the provider: the final frame's where it has one, else that of the connection's handshake.

    The protocol gives ids to error frames and to handshakes, none to a generation that succeeds; the connection's is
    shared by all that it carried.
    """
    connection_id: str | None = None
    """The connection's, whether or not the final frame has one of its own."""

    @property
    def duration_seconds(self) -> float:
        """Duration in seconds."""
        return self.samples / self.sample_rate

    def to_float32(self) -> list[float]:
        """Return the samples in [-1, 1]; G.711 is decoded."""
        return g711.to_float32(self.audio, self.encoding)

    def save(self, path: str | Path, format: Literal["wav", "raw"] = "wav") -> None:  # noqa: A002 - published name
        """Write a WAV file, or the bare bytes as ``raw``. Raises ValueError for another format."""
        if format not in {"wav", "raw"}:
            msg = f"format {format!r} is not known; use 'wav' or 'raw'"
            raise ValueError(msg)
        with Path(path).open("wb") as file:
            if format == "wav":
                file.write(wav_header(len(self.audio), self.sample_rate, self.encoding))
            file.write(self.audio)
            if format == "wav" and len(self.audio) % 2:
                file.write(b"\0")

    def to_wav_bytes(self) -> bytes:
        """Return the audio as a WAV file in memory; G.711 stays G.711."""
        padding = b"\0" * (len(self.audio) % 2)
        return b"".join((wav_header(len(self.audio), self.sample_rate, self.encoding), self.audio, padding))
