"""One generation on ``/ws/tts`` as a state machine: frames go in, events come out, no socket in sight.

::

    asked ──audio, words──▶ speaking ──final, nothing missing──▶ finished
      │                        │
      └── error frame, malformed frame, close, time limit, something missing ──▶ failed (the error is raised)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import partial
from math import isfinite
from typing import Any, NoReturn

from pydantic import ValidationError as SchemaMismatch

from pipeline.kugelaudio.audio import AudioChunk, AudioResponse
from pipeline.kugelaudio.errors import IncompleteAudioError, KugelAudioError
from pipeline.kugelaudio.g711 import encoding_named
from pipeline.kugelaudio.mapping import from_close
from pipeline.kugelaudio.models import WORDS, SessionUsage, WordTimestamp
from pipeline.kugelaudio.speech.alignment import WordClock
from pipeline.kugelaudio.speech.completeness import missing_audio, missing_words
from pipeline.kugelaudio.speech.frames import malformed, read_audio, read_frame, write_frame
from pipeline.kugelaudio.speech.request import SpeechRequest
from pipeline.kugelaudio.speech.sequence import AudioSequence

_LEFT_OPEN = frozenset({400, 404, 413, 422, 429})
"""Errors after which a socket carries the next request. After others the service closes it (KugelAudio API, "WS close
codes"), perhaps only once the next request is on its way: that would count as sent, and its answer as lost."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a generation with everything there: the server's final frame, and the usage in it."""

    frame: Mapping[str, Any]
    usage: SessionUsage | None


Event = AudioChunk | list[WordTimestamp] | Finished


class State(Enum):
    """Where a conversation stands."""

    ASKED = "asked"
    SPEAKING = "speaking"
    FINISHED = "finished"
    FAILED = "failed"


class Conversation:
    """One request and its answer. After an error it stays failed and raises the same error again."""

    def __init__(self, request: SpeechRequest) -> None:
        self.request = request
        self.state = State.ASKED
        self.reusable = False
        """Whether the socket may carry another generation."""
        self._encoding = encoding_named(request.output_format) or "pcm_s16le"
        self._audio = AudioSequence()
        self._clock = WordClock(request.text)
        self._words: list[WordTimestamp] = []
        self._words_fault: KugelAudioError | None = None
        self._error: KugelAudioError | None = None
        self.final: Mapping[str, Any] = {}
        """The final frame, once it came."""
        self.usage: SessionUsage | None = None
        self.connection_id: str | None = None
        """The id of the connection that carries it, if known."""

    @property
    def heard(self) -> bool:
        """Whether any audio has been handed out."""
        return self._audio.frames > 0

    @property
    def over(self) -> bool:
        """Whether nothing more is to come."""
        return self.state is State.FINISHED or self.state is State.FAILED

    def opening(self) -> str:
        """Return the frame that asks."""
        return write_frame(self.request.to_wire())

    def receive(self, data: bytes | str) -> list[Event]:
        """Take a frame, return what it brings. Raises the error it stands for or lays bare."""
        if self._error is not None:
            raise self._error
        if self.state is State.FINISHED:
            return []
        try:
            return self._events(read_frame(data))
        except KugelAudioError as error:
            # an error frame before any audio ends the request cleanly; after that nobody knows what is still to come
            self.reusable = self.state is State.ASKED and error.status_code in _LEFT_OPEN
            self._fail(error)

    def closed(self, code: int | None, reason: str = "") -> NoReturn:
        """The socket closed: raise what that means."""
        self._fail(self._error or from_close(code, reason))

    def failed(self, error: KugelAudioError) -> NoReturn:
        """Something outside the conversation ended it (a time limit, the network): raise it."""
        self._fail(self._error or error)

    def _fail(self, error: KugelAudioError) -> NoReturn:
        self._error = error
        self.state = State.FAILED
        raise error

    def _events(self, frame: dict[str, Any]) -> list[Event]:
        events: list[Event] = []
        if frame.get("audio"):
            self.state = State.SPEAKING
            for chunk in self._audio.add(read_audio(frame, self._encoding)):
                events.append(chunk)
                self._say(events, partial(self._clock.audio, chunk.samples, chunk.sample_rate))
        if frame.get("word_timestamps"):
            self.state = State.SPEAKING
            self._say(events, partial(self._placed, frame["word_timestamps"], frame.get("chunk_id")))
        if frame.get("final"):
            events.append(self._finish(frame))
        return events

    def _placed(self, told: Any, chunk_id: object) -> list[WordTimestamp]:
        return self._clock.words(read_words(told), chunk_id)

    def _say(self, events: list[Event], placed: Callable[[], list[WordTimestamp]]) -> None:
        """Hand out words. What is wrong with them is said when the answer is over: the audio is good and paid for."""
        if self._words_fault is not None:
            return
        try:
            words = placed()
        except KugelAudioError as fault:
            self._words_fault = fault
            return
        if words:
            self._words += words
            events.append(words)

    def _finish(self, frame: Mapping[str, Any]) -> Finished:
        self.final = frame
        self.usage = read_usage(frame)
        short = missing_audio(frame, self._audio, self.request)
        if short is not None:
            code = "EMPTY_AUDIO" if not self._audio.samples else "INCOMPLETE_AUDIO"
            raise IncompleteAudioError(f"The answer is incomplete: {short}", error_code=code)
        if self._words_fault is not None and self.request.word_timestamps:
            raise IncompleteAudioError(
                f"The word timestamps are of no use: {self._words_fault.message}", error_code="INCOMPLETE_TIMESTAMPS"
            ) from self._words_fault
        if self.request.word_timestamps:
            unspoken = None if self._clock.settled else "timestamps lie beyond the audio"
            unspoken = unspoken or missing_words(self.request.text, self._words)
            if unspoken is not None:
                raise IncompleteAudioError(f"The answer is incomplete: {unspoken}", error_code="INCOMPLETE_TIMESTAMPS")
        self.state = State.FINISHED
        self.reusable = True
        return Finished(frame, self.usage)


class Collector:
    """Gathers the events of one conversation into a response."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._words: list[WordTimestamp] = []
        self._samples = 0
        self._like: AudioChunk | None = None

    def add(self, event: AudioChunk | list[WordTimestamp]) -> None:
        """Take an event."""
        if isinstance(event, list):
            self._words += event
            return
        self._pieces.append(event.audio)
        self._samples += event.samples
        self._like = self._like or event

    def response(
        self, final: Mapping[str, Any], usage: SessionUsage | None, connection_id: str | None = None
    ) -> AudioResponse | None:
        """Return all that came, counted as delivered (a final frame counts before resampling); None without audio."""
        if self._like is None:
            return None
        rate = self._like.sample_rate
        response = AudioResponse(
            audio=b"".join(self._pieces),
            sample_rate=rate,
            samples=self._samples,
            duration_ms=1000.0 * self._samples / rate,
            generation_ms=_number(final.get("gen_ms")),
            rtf=_number(final.get("rtf")),
            word_timestamps=self._words,
            usage=usage,
            encoding=self._like.encoding,
            request_id=own if isinstance(own := final.get("request_id"), str) else connection_id,
            connection_id=connection_id,
        )
        self._pieces = []
        return response


def read_words(value: Any) -> list[WordTimestamp]:
    """Read the words of a frame; 12.0 or 12.5 mean the nearest millisecond, null the default."""
    try:
        return WORDS.validate_python(value)
    except SchemaMismatch:
        pass
    try:
        return WORDS.validate_python([_in_whole_ms(each) for each in value] if isinstance(value, list) else value)
    except SchemaMismatch:
        raise malformed("word timestamps with missing or wrong fields") from None


def _in_whole_ms(word: Any) -> Any:
    if not isinstance(word, dict):
        return word
    times = {name: word.get(name) for name in ("start_ms", "end_ms")}
    rounded = {name: round(time) for name, time in times.items() if isinstance(time, float) and isfinite(time)}
    return {name: value for name, value in {**word, **rounded}.items() if value is not None}


def read_usage(final: Mapping[str, Any]) -> SessionUsage | None:
    """Read the usage of a final or closing frame."""
    try:
        return SessionUsage.from_frame(final)
    except SchemaMismatch:
        raise IncompleteAudioError("The final frame has no usable usage", error_code="MALFORMED_USAGE") from None


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
