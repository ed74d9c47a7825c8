"""Put audio frames in order by their index: drop repeats, hold what came early, notice what never came."""

from __future__ import annotations

from pipeline.kugelaudio.audio import AudioChunk
from pipeline.kugelaudio.speech.frames import malformed

_SAMPLED_BYTES = 256
_STEP = 251
"""Odd, so that high and low bytes of samples are looked at in turn."""


class AudioSequence:
    """The audio of one answer. Indices count from 0; they may start again when the server starts a new chunk.

    With ``anywhere`` they count on from the first that comes: sessions may number the audio of all their turns. What
    counts on over turns does not start again within one.
    """

    def __init__(self, *, anywhere: bool = False) -> None:
        self._base: int | None = None if anywhere else 0
        self._accepted: list[int] = []
        self._held: dict[int, AudioChunk] = {}
        self.frames = 0
        self.samples = 0
        self.sample_rate = 0

    @property
    def complete(self) -> bool:
        """Whether no frame is held back for a missing one."""
        return not self._held

    @property
    def delivered_ms(self) -> float:
        """Milliseconds of audio in order so far."""
        return 1000.0 * self.samples / self.sample_rate if self.sample_rate else 0.0

    def add(self, chunk: AudioChunk) -> list[AudioChunk]:
        """Take a frame; return the frames that are now in order. Raises KugelAudioError for a contradiction."""
        if self.sample_rate and chunk.sample_rate != self.sample_rate:
            raise malformed(f"audio at {chunk.sample_rate} Hz after audio at {self.sample_rate} Hz")
        if self._base is None:
            self._base = chunk.index
        place = chunk.index - self._base
        if place < len(self._accepted):
            if place >= 0 and self._accepted[place] == _fingerprint(chunk):
                return []
            if chunk.index or self._base:
                raise malformed(f"two different audio frames with index {chunk.index}")
            self.restart()
        elif place > len(self._accepted):
            if self._held.setdefault(place, chunk).audio != chunk.audio:
                raise malformed(f"two different audio frames with index {chunk.index}")
            return []
        return self._accept(chunk)

    def restart(self) -> None:
        """Expect indices from 0 again. Raises KugelAudioError while frames are missing."""
        if self._held:
            raise malformed(f"no audio frame {len(self._accepted)} before starting again from 0")
        self._accepted, self._base = [], 0

    def _accept(self, chunk: AudioChunk) -> list[AudioChunk]:
        ready = [chunk]
        self._accepted.append(_fingerprint(chunk))
        self.samples += chunk.samples
        while self._held and (following := self._held.pop(len(self._accepted), None)) is not None:
            ready.append(following)
            self._accepted.append(_fingerprint(following))
            self.samples += following.samples
        self.sample_rate = chunk.sample_rate
        self.frames += len(ready)
        return ready


def _fingerprint(chunk: AudioChunk) -> int:
    """Tell a repeated frame from another cheaply: by its ends and by bytes in between, since ends may be silent."""
    audio = chunk.audio
    return hash((len(audio), audio[:_SAMPLED_BYTES], audio[-_SAMPLED_BYTES:], audio[::_STEP]))
