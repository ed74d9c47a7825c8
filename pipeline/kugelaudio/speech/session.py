"""Streaming sessions: text goes in as it is written, audio comes out as it is spoken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from types import TracebackType
from typing import Any, Final, Self, Unpack

from pipeline.kugelaudio.audio import AudioChunk
from pipeline.kugelaudio.configuration import Configuration
from pipeline.kugelaudio.errors import KugelAudioError, ServerRestartingError
from pipeline.kugelaudio.mapping import RESTART_RETRY_S, timed_out
from pipeline.kugelaudio.models import SessionUsage, StreamConfig, WordTimestamp
from pipeline.kugelaudio.speech.frames import write_frame
from pipeline.kugelaudio.speech.parameters import SessionParameters, Settings
from pipeline.kugelaudio.speech.request import stream_config
from pipeline.kugelaudio.speech.session_conversation import (
    Interrupted,
    SessionConversation,
    SessionEvent,
    SettingsUpdated,
    TurnOver,
    settings_frame,
)
from pipeline.kugelaudio.speech.socket import Socket, open_socket
from pipeline.kugelaudio.trace import CallTrace, Tracer

PATH: Final = "/ws/tts/stream"
LINGER_S: Final = 1.0
"""How long to wait for the account of a turn (``session_closed``) once its audio is over."""

OnWords = Callable[[list[WordTimestamp]], None]


class StreamingSession:
    """One speaker, turn after turn, on one socket; for one task at a time.

    ``send`` hands over text and yields what is already spoken without waiting for more; ``flush``, ``drain`` or
    ``send(…, flush=True)`` wait until the turn is spoken to its end. A restart of the server is survived as long
    as nothing of the turn was heard. Sending after the end of a turn starts the next one.
    """

    def __init__(
        self,
        configuration: Configuration,
        config: StreamConfig,
        tracer: Tracer | None = None,
        on_word_timestamps: OnWords | None = None,
    ) -> None:
        self._configuration = configuration
        self._conversation = SessionConversation(config)
        self._trace = CallTrace.begin(tracer, "streaming_session")
        self._on_words = on_word_timestamps
        self._socket: Socket | None = None

    @property
    def last_usage(self) -> SessionUsage | None:
        """What the last turn that ended has cost; None before."""
        return self._conversation.usage

    @property
    def last_final(self) -> dict[str, Any] | None:
        """The frame that ended the audio of the last turn; None before."""
        return self._conversation.final

    @property
    def last_word_timestamps(self) -> list[WordTimestamp]:
        """The words of the turn so far, or of the last one: times count from the start of the turn's audio."""
        return list(self._conversation.turn.words)

    async def connect(self) -> None:
        """Open the socket, unless it is open."""
        if self._socket is None or not self._socket.open:
            self._socket = await open_socket(self._configuration, PATH, {})
            self._conversation.reconnected()
            self._trace.tell("connected")

    async def send(self, text: str, flush: bool = False) -> AsyncGenerator[AudioChunk, None]:
        """Add text to the turn and yield the audio that is there; with ``flush`` all of the turn's."""
        await self.connect()
        await self._put(self._conversation.text(text, flush=flush))
        async for chunk in self._spoken() if flush else self._arrived():
            yield chunk

    async def flush(self) -> AsyncGenerator[AudioChunk, None]:
        """Have everything spoken that was sent, and yield the audio; nothing when no turn is open."""
        if self._socket is None or not self._conversation.turn.open:
            return
        if not self._conversation.turn.flushed:
            await self._put(self._conversation.flush())
        async for chunk in self._spoken():
            yield chunk

    async def drain(self) -> AsyncGenerator[AudioChunk, None]:
        """End the turn and yield the rest of its audio, up to its account; nothing when no turn is open."""
        if self._socket is None or not self._conversation.turn.open:
            return
        if not self._conversation.turn.flushed or self._conversation.turn.audio_over:
            await self._put(self._conversation.close())
        async for chunk in self._spoken(accounted=True):
            yield chunk

    async def end_session(self) -> dict[str, Any]:
        """End the turn, dropping audio that was not fetched, and return its account; the socket stays open."""
        async for _ in self.drain():
            pass
        stats, self._conversation.stats = self._conversation.stats, {}
        return stats

    end = end_session

    async def cancel_current(self) -> None:
        """Stop speaking at once: what was sent and not spoken is dropped; the next ``send`` starts a new turn."""
        if self._socket is None:
            return
        socket, limit_s = self._socket, self._configuration.limits.silence_s
        await self._put(self._conversation.cancel())
        try:
            async with asyncio.timeout(limit_s):
                while self._socket is socket and not any(
                    isinstance(event, Interrupted) for event in await self._next(limit_s)
                ):
                    self._conversation.abandon()
        except TimeoutError:
            self._forget()
            raise timed_out("waiting for the interruption", limit_s) from None
        self._conversation.abandon()

    def update_config(self, config: StreamConfig | None = None, **fields: Unpack[SessionParameters]) -> None:
        """Use another configuration, or the same with other fields, from the next turn on."""
        base = config or self._conversation.config
        self._conversation.configure(stream_config({**base.model_dump(), **fields}) if fields else base)

    async def update_settings(self, **settings: Unpack[Settings]) -> dict[str, Any]:
        """Change settings from the next turn on and return those in force.

        Raises TypeError for a setting that is fixed, ValueError for none at all.
        """
        frame = settings_frame(settings)
        await self.connect()
        socket = None
        while True:
            if self._socket is not socket:
                socket = self._socket
                await self._put(frame)
            for event in await self._next(self._configuration.limits.silence_s):
                if isinstance(event, SettingsUpdated):
                    updated = {**self._conversation.config.model_dump(), **frame["update_settings"]}
                    self._conversation.config = stream_config(updated)
                    return event.settings

    async def close(self) -> dict[str, Any]:
        """End the turn and close the socket; return the account of the last turn."""
        try:
            return await self.end_session()
        finally:
            socket, self._socket = self._socket, None
            if socket is not None:
                await socket.close()

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            await self.close()
        else:
            self._forget()

    async def _arrived(self) -> AsyncGenerator[AudioChunk, None]:
        """Yield the audio that is here already."""
        await asyncio.sleep(0)
        while self._socket is not None:
            try:
                data = await self._socket.waiting()
            except KugelAudioError as error:
                await self._recover(error)
                return
            if data is None:
                return
            for event in self._receive(data):
                if isinstance(event, AudioChunk):
                    yield event

    async def _spoken(self, *, accounted: bool = False) -> AsyncGenerator[AudioChunk, None]:
        """Yield audio to the end of the turn. The account may be missing after a flush, not when asked for."""
        limits = self._configuration.limits
        while True:
            turn = self._conversation.turn
            lingering = turn.audio_over and not accounted
            if lingering:
                assert self._socket is not None
                try:
                    data = await self._socket.waiting(LINGER_S)
                except KugelAudioError:  # all audio is here: the next turn connects anew
                    self._forget()
                    return
                if data is None:
                    return
                events = self._receive(data)
            else:
                events = await self._next(limits.silence_s if turn.heard else limits.first_audio_s)
            for event in events:
                if isinstance(event, AudioChunk):
                    yield event
                elif isinstance(event, TurnOver):
                    return

    async def _next(self, limit_s: float) -> list[SessionEvent]:
        if self._socket is None:
            return [TurnOver({})]
        try:
            data = await self._socket.receive(limit_s, "waiting for the session")
        except KugelAudioError as error:
            await self._recover(error)
            return []
        return self._receive(data)

    def _receive(self, data: bytes) -> list[SessionEvent]:
        try:
            events = self._conversation.receive(data)
        except KugelAudioError as error:
            self._trace.failed(self._configuration.key.clean(error))
            self._conversation.abandon()
            if error.status_code is None:
                self._forget()
            raise
        for event in events:
            if isinstance(event, list) and self._on_words is not None:
                self._on_words(event)
        return events

    async def _put(self, frame: dict[str, Any]) -> None:
        assert self._socket is not None
        try:
            await self._socket.send(write_frame(frame), self._configuration.limits.silence_s)
        except KugelAudioError as error:
            await self._recover(error)

    async def _recover(self, error: KugelAudioError) -> None:
        """Start the turn again on a new socket after a restart while it is silent; raise everything else."""
        turn = self._conversation.turn
        self._forget_socket()
        if not isinstance(error, ServerRestartingError) or turn.heard or turn.replayed:
            self._forget()
            self._trace.failed(error)
            raise error
        wait_s = RESTART_RETRY_S if error.retry_after is None else error.retry_after
        self._trace.tell("restarted", wait_s=wait_s)
        await asyncio.sleep(wait_s)
        await self.connect()
        for frame in self._conversation.replay():
            await self._put(frame)

    def _forget(self) -> None:
        self._forget_socket()
        self._conversation.abandon()

    def _forget_socket(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            socket.drop()
