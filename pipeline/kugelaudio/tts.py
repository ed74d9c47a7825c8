"""``client.tts``: text in, speech out. The blocking form runs the awaiting one on a thread of its own."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Any, Unpack

from pipeline.kugelaudio.audio import AudioChunk, AudioResponse
from pipeline.kugelaudio.configuration import Configuration
from pipeline.kugelaudio.loop_thread import LoopThread
from pipeline.kugelaudio.models import DEFAULT_MODEL, WordTimestamp
from pipeline.kugelaudio.speech.conversation import Finished
from pipeline.kugelaudio.speech.generation import Generator
from pipeline.kugelaudio.speech.multi import MultiContextSession, OnContextWords
from pipeline.kugelaudio.speech.parameters import SessionOptions, SpeechOptions
from pipeline.kugelaudio.speech.request import speech_request, stream_config
from pipeline.kugelaudio.speech.session import OnWords, StreamingSession
from pipeline.kugelaudio.speech.session_sync import StreamingSessionSync
from pipeline.kugelaudio.trace import Tracer

StreamItem = AudioChunk | list[WordTimestamp] | dict[str, Any]
"""What a stream yields: audio, word timings on the clock of the request, and last the final frame."""


class AsyncTTS:
    """Speech, awaited. Concurrent calls are safe: each has a socket of its own while it runs."""

    def __init__(self, configuration: Configuration, tracer: Tracer | None = None) -> None:
        self._configuration = configuration
        self._tracer = tracer
        self._generator = Generator(configuration, tracer)

    async def generate(
        self,
        text: str,
        model_id: str = DEFAULT_MODEL,
        voice_id: int | str | None = None,
        *,
        trace: Tracer | None = None,
        **options: Unpack[SpeechOptions],
    ) -> AudioResponse:
        """Speak a text and return all of its audio.

        Raises IncompleteAudioError (with ``partial``) where the server was done and part of it is missing, and the
        other errors of :mod:`pipeline.kugelaudio.errors` as the service names them.
        """
        return await self._generator.generate(
            speech_request(text, {"model_id": model_id, "voice_id": voice_id, **options}), trace
        )

    async def stream(
        self,
        text: str,
        model_id: str = DEFAULT_MODEL,
        voice_id: int | str | None = None,
        *,
        trace: Tracer | None = None,
        **options: Unpack[SpeechOptions],
    ) -> AsyncGenerator[StreamItem, None]:
        """Speak a text and yield audio and word timings as they come, then the final frame. Raises as generate."""
        async with aclosing(
            self._generator.stream(speech_request(text, {"model_id": model_id, "voice_id": voice_id, **options}), trace)
        ) as events:
            async for event in events:
                yield dict(event.frame) if isinstance(event, Finished) else event

    def streaming_session(
        self,
        voice_id: int | str | None = None,
        model_id: str | None = None,
        *,
        on_word_timestamps: OnWords | None = None,
        **options: Unpack[SessionOptions],
    ) -> StreamingSession:
        """Return a session that takes text as it is written; connect it with ``async with``."""
        config = stream_config({"voice_id": voice_id, "model_id": model_id, **options})
        return StreamingSession(self._configuration, config, self._tracer, on_word_timestamps)

    def multi_context_session(
        self,
        default_voice_id: int | str | None = None,
        model_id: str | None = None,
        *,
        on_word_timestamps: OnContextWords | None = None,
        **options: Unpack[SessionOptions],
    ) -> MultiContextSession:
        """Return a session of many speakers on one socket; connect it with ``async with``."""
        config = stream_config({"voice_id": default_voice_id, "model_id": model_id, **options})
        return MultiContextSession(self._configuration, config, self._tracer, on_word_timestamps)

    async def connect(self, model: str = DEFAULT_MODEL) -> None:
        """Open a socket ahead of the first request, which then starts faster."""
        await self._generator.connect(model)

    def is_connected(self) -> bool:
        """Whether an open socket waits for work."""
        return self._generator.connected()

    async def close(self) -> None:
        """Close the sockets of the running event loop."""
        await self._generator.close()


class TTS:
    """Speech, blocking; the ``_async`` methods are the awaiting form on the caller's own event loop."""

    def __init__(self, awaiting: AsyncTTS, thread: LoopThread) -> None:
        self._awaiting = awaiting
        self._thread = thread
        self.generate_async = awaiting.generate
        self.stream_async = awaiting.stream
        self.streaming_session = awaiting.streaming_session
        self.multi_context_session = awaiting.multi_context_session
        self.connect_async = awaiting.connect
        self.close_async = awaiting.close
        self.is_connected = awaiting.is_connected

    def generate(
        self,
        text: str,
        model_id: str = DEFAULT_MODEL,
        voice_id: int | str | None = None,
        *,
        trace: Tracer | None = None,
        **options: Unpack[SpeechOptions],
    ) -> AudioResponse:
        """Speak a text and return all of its audio; see :meth:`AsyncTTS.generate`."""
        return self._thread.run(self._awaiting.generate(text, model_id, voice_id, trace=trace, **options))

    def stream(
        self,
        text: str,
        model_id: str = DEFAULT_MODEL,
        voice_id: int | str | None = None,
        *,
        trace: Tracer | None = None,
        **options: Unpack[SpeechOptions],
    ) -> Iterator[StreamItem]:
        """Speak a text and yield it as it comes; see :meth:`AsyncTTS.stream`."""
        return self._thread.iterate(self._awaiting.stream(text, model_id, voice_id, trace=trace, **options))

    def streaming_session_sync(
        self,
        voice_id: int | str | None = None,
        model_id: str | None = None,
        *,
        on_word_timestamps: OnWords | None = None,
        **options: Unpack[SessionOptions],
    ) -> StreamingSessionSync:
        """Return a session that takes text as it is written; connect it with ``with``."""
        session = self._awaiting.streaming_session(voice_id, model_id, on_word_timestamps=on_word_timestamps, **options)
        return StreamingSessionSync(session, self._thread)

    def connect(self, model: str = DEFAULT_MODEL) -> None:
        """Open a socket ahead of the first request, which then starts faster."""
        self._thread.run(self._awaiting.connect(model))

    def close(self) -> None:
        """Close the sockets of the blocking form."""
        if self._thread.running:
            self._thread.run(self._awaiting.close())
