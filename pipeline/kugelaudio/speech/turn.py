"""One turn of a session: text sent, audio and words that answer it, kept for a replay until something was heard."""

from __future__ import annotations

from typing import Any

from pipeline.kugelaudio.audio import AudioChunk
from pipeline.kugelaudio.errors import IncompleteAudioError
from pipeline.kugelaudio.g711 import Encoding
from pipeline.kugelaudio.models import WordTimestamp
from pipeline.kugelaudio.speech.alignment import WordClock
from pipeline.kugelaudio.speech.conversation import read_words
from pipeline.kugelaudio.speech.frames import read_audio
from pipeline.kugelaudio.speech.sequence import AudioSequence

Spoken = AudioChunk | list[WordTimestamp]


class Turn:
    """What was asked in a turn and how far the answer is. Word times count from the start of the turn's audio."""

    def __init__(self, encoding: Encoding, *, first: bool) -> None:
        """Start a turn; the audio of the ``first`` on a connection is numbered from 0, that of others may count on."""
        self._encoding = encoding
        self._audio = AudioSequence(anywhere=not first)
        self._clock = WordClock()
        self.frames: list[dict[str, Any]] = []
        """What was sent, to be sent again after a restart."""
        self.words: list[WordTimestamp] = []
        self.flushed = False
        self.started = False
        """Whether the server has begun to answer."""
        self.audio_over = False
        """Whether the server said that no more audio comes."""
        self.account_owed = False
        """Whether more was asked after all audio had come and before the account did."""
        self.replayed = False

    @property
    def open(self) -> bool:
        """Whether anything was asked."""
        return bool(self.frames)

    @property
    def heard(self) -> bool:
        """Whether audio was handed out."""
        return self._audio.frames > 0

    @property
    def says_something(self) -> bool:
        """Whether any text was asked to be spoken."""
        return any(frame.get("text", "").strip() for frame in self.frames)

    def ask(self, frame: dict[str, Any]) -> dict[str, Any]:
        """Note a frame that is sent; the first forgets the words that were left to be read of the turn before."""
        if not self.frames:
            self.words = []
        if self.audio_over:
            self.audio_over, self.started, self.account_owed = False, False, True
        self.frames.append(frame)
        self.flushed = bool(frame.get("flush"))
        return frame

    def take(self, frame: dict[str, Any]) -> list[Spoken]:
        """Take a frame of the answer; return the audio and words it brings. Nothing asked, nothing heard."""
        spoken: list[Spoken] = []
        if not self.open:
            return spoken
        if frame.get("generation_started"):
            self.started = True
            self._clock.chunk_started(frame.get("chunk_id"))
        if frame.get("audio"):
            self.started = True
            for chunk in self._audio.add(read_audio(frame, self._encoding)):
                spoken.append(chunk)
                self._say(spoken, self._clock.audio(chunk.samples, chunk.sample_rate))
        if frame.get("word_timestamps"):
            self._say(spoken, self._clock.words(read_words(frame["word_timestamps"]), frame.get("chunk_id")))
        if frame.get("final"):
            self.started = True
            self.audio_over = True
            self.check()
        return spoken

    def check(self) -> None:
        """Raise IncompleteAudioError where audio in the middle never came."""
        if not self._audio.complete:
            raise IncompleteAudioError(
                "Audio frames in the middle of the turn are missing", error_code="INCOMPLETE_AUDIO"
            )

    @property
    def delivered_s(self) -> float:
        """Seconds of audio in order so far."""
        return self._audio.delivered_ms / 1000

    def _say(self, spoken: list[Spoken], words: list[WordTimestamp]) -> None:
        if words:
            self.words += words
            spoken.append(words)
