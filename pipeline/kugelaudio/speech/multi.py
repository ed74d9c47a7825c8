"""Many speakers on one socket: up to 20 contexts, each with its own voice, text and audio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from types import TracebackType
from typing import Any, Final, Self, Unpack

from pipeline.kugelaudio.audio import AudioChunk
from pipeline.kugelaudio.configuration import Configuration
from pipeline.kugelaudio.errors import ConnectionError as ServiceAway
from pipeline.kugelaudio.errors import KugelAudioError, ServerRestartingError
from pipeline.kugelaudio.mapping import RESTART_RETRY_S, timed_out
from pipeline.kugelaudio.models import SessionUsage, StreamConfig, WordTimestamp
from pipeline.kugelaudio.speech.frames import write_frame
from pipeline.kugelaudio.speech.multi_conversation import (
    AudioOver,
    ContextClosed,
    ContextCreated,
    ContextEvent,
    MultiConversation,
    SettingsInForce,
    SocketClosing,
)
from pipeline.kugelaudio.speech.parameters import Settings
from pipeline.kugelaudio.speech.session_conversation import settings_frame
from pipeline.kugelaudio.speech.socket import Socket, open_socket
from pipeline.kugelaudio.trace import CallTrace, Tracer

PATH: Final = "/ws/tts/multi"
FOREVER_S: Final = 24 * 3600.0
"""The reader's limit: nobody waits on it, each context has its own."""

OnContextWords = Callable[[str, list[WordTimestamp]], None]
_Inbox = asyncio.Queue[ContextEvent]


class MultiContextSession:
    """Contexts on one socket; tasks may use different contexts at once.

    A reader sorts what comes into one inbox per context, so that no context loses audio to another.
    """

    def __init__(
        self,
        configuration: Configuration,
        config: StreamConfig,
        tracer: Tracer | None = None,
        on_word_timestamps: OnContextWords | None = None,
    ) -> None:
        self._configuration = configuration
        self._conversation = MultiConversation(config)
        self._trace = CallTrace.begin(tracer, "multi_context_session")
        self._on_words = on_word_timestamps
        self._words: dict[str, list[WordTimestamp]] = {}
        self._inboxes: dict[str | None, _Inbox] = {None: asyncio.Queue()}
        self._connecting = asyncio.Lock()
        self._socket: Socket | None = None
        self._reader: asyncio.Task[None] | None = None

    @property
    def is_alive(self) -> bool:
        """Whether the socket is open."""
        return self._socket is not None and self._socket.open

    @property
    def active_contexts(self) -> set[str]:
        """The contexts that are open."""
        return set(self._conversation.voices)

    @property
    def context_usage(self) -> dict[str, SessionUsage]:
        """The accounts of all contexts that were closed."""
        return dict(self._conversation.usage)

    def usage_for(self, context_id: str) -> SessionUsage | None:
        """Return the account of a closed context; None before."""
        return self._conversation.usage.get(context_id)

    def get_word_timestamps(self, context_id: str) -> list[WordTimestamp]:
        """Return the words of the context's turn so far; times count from the start of the turn's audio."""
        return list(self._words.get(context_id, ()))

    async def connect(self) -> None:
        """Open the socket, unless it is open."""
        async with self._connecting:
            if self.is_alive:
                return
            self._socket = await open_socket(self._configuration, PATH, {})
            self._inboxes[None] = asyncio.Queue()
            self._trace.tell("connected")
            for frame in self._conversation.restart():
                await self._write(frame)
            self._reader = asyncio.create_task(self._read())

    async def create_context(self, context_id: str, voice_id: int | str | None = None) -> None:
        """Create a context, with a voice of its own if one is given; one that exists stays as it is."""
        await self.connect()
        if context_id in self._conversation.voices:
            return
        self._inboxes[context_id] = asyncio.Queue()
        await self._write(self._conversation.create(context_id, voice_id))
        try:
            await self._until(context_id, ContextCreated)
        except KugelAudioError:
            self._conversation.forget(context_id)
            raise

    async def send(self, context_id: str, text: str, flush: bool = False) -> AsyncGenerator[AudioChunk, None]:
        """Add text to a context and yield its audio that is there; with ``flush`` all of the turn's."""
        await self.create_context(context_id)
        turn = self._conversation.turns[context_id]
        if not turn.open:
            self._words[context_id] = []
        await self._write(self._conversation.text(context_id, text, flush=flush))
        async for chunk in self._spoken(context_id, AudioOver) if flush else self._arrived(context_id):
            yield chunk

    async def flush(self, context_id: str) -> AsyncGenerator[AudioChunk, None]:
        """Have everything of a context spoken and yield it; nothing when no text is open."""
        turn = self._conversation.turns.get(context_id)
        if turn is None or not turn.open:
            return
        if not turn.flushed:
            await self._write(self._conversation.flush(context_id))
        async for chunk in self._spoken(context_id, AudioOver):
            yield chunk

    async def close_context(self, context_id: str, immediate: bool = False) -> AsyncGenerator[AudioChunk, None]:
        """Close a context and yield the rest of its audio; ``immediate`` drops what is not spoken yet."""
        if context_id not in self._conversation.voices:
            return
        frame: dict[str, Any] = {"close_context": True, "context_id": context_id}
        await self._write({**frame, "immediate": True} if immediate else frame)
        async for chunk in self._spoken(context_id, ContextClosed):
            yield chunk

    async def keep_alive(self, context_id: str) -> None:
        """Keep an idle context from being closed, which happens after 20 s."""
        if context_id in self._conversation.voices:
            await self._write({"text": "", "context_id": context_id})

    async def update_settings(self, **settings: Unpack[Settings]) -> dict[str, Any]:
        """Change settings for contexts that start later and return those in force; see StreamingSession."""
        frame = settings_frame(settings)
        await self.connect()
        await self._write(frame)
        event = await self._until(None, SettingsInForce)
        assert isinstance(event, SettingsInForce)
        return event.settings

    async def close(self) -> dict[str, Any]:
        """Close all contexts and the socket; return the server's account of the connection."""
        stats: dict[str, Any] = {}
        if self.is_alive:
            await self._write({"close_socket": True})
            try:
                event = await self._until(None, SocketClosing)
            except ServiceAway:  # the server closed without a word: nothing is owed any more
                event = SocketClosing({})
            assert isinstance(event, SocketClosing)
            stats = event.stats
        await self._end()
        return stats

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            await self.close()
        else:
            await self._end()

    async def _end(self) -> None:
        socket, self._socket = self._socket, None
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
        if socket is not None:
            await socket.close()

    async def _arrived(self, context_id: str) -> AsyncGenerator[AudioChunk, None]:
        await asyncio.sleep(0)
        inbox = self._inboxes[context_id]
        while not inbox.empty():
            event = _raised(inbox.get_nowait())
            if isinstance(event, AudioChunk):
                yield event

    async def _spoken(self, context_id: str, end: type[AudioOver | ContextClosed]) -> AsyncGenerator[AudioChunk, None]:
        """Yield a context's audio up to an event that ends it."""
        limits = self._configuration.limits
        limit_s = limits.first_audio_s
        while True:
            event = await self._take(context_id, limit_s)
            if isinstance(event, AudioChunk):
                limit_s = limits.silence_s
                yield event
            elif isinstance(event, (end, ContextClosed)):
                return

    async def _until(self, context_id: str | None, kind: type[ContextEvent]) -> ContextEvent:
        while not isinstance(event := await self._take(context_id, self._configuration.limits.silence_s), kind):
            pass
        return event

    async def _take(self, context_id: str | None, limit_s: float) -> ContextEvent:
        try:
            async with asyncio.timeout(limit_s):
                return _raised(await self._inboxes[context_id].get())
        except TimeoutError:
            raise timed_out(f"waiting for context {context_id!r}" if context_id else "waiting", limit_s) from None

    async def _write(self, frame: dict[str, Any]) -> None:
        if self._socket is None:
            raise ServiceAway("The session is closed; connect again")
        try:
            await self._socket.send(write_frame(frame), self._configuration.limits.silence_s)
        except ServerRestartingError:
            pass  # the reader sees the same close and restores contexts and turns, this frame among them
        except KugelAudioError as error:
            self._trace.failed(error)
            raise

    async def _read(self) -> None:
        """Sort frames into the inboxes until the socket ends, over restarts while they can be survived."""
        while self._socket is not None:
            try:
                context_id, events = self._conversation.receive(await self._socket.receive(FOREVER_S, "listening"))
            except ServerRestartingError as error:
                if not await self._restarted(error):
                    return
            except KugelAudioError as error:
                self._give_up(error)
                return
            else:
                self._sort(context_id, events)

    def _sort(self, context_id: str | None, events: list[ContextEvent]) -> None:
        for event in events:
            if isinstance(event, KugelAudioError):
                self._configuration.key.clean(event)
                self._trace.failed(event)
            if isinstance(event, list) and context_id is not None:
                self._words.setdefault(context_id, []).extend(event)
                if self._on_words is not None:
                    self._on_words(context_id, event)
            elif context_id is None and isinstance(event, KugelAudioError):
                for inbox in self._inboxes.values():
                    inbox.put_nowait(event)
            else:
                self._inboxes[context_id].put_nowait(event)

    async def _restarted(self, error: ServerRestartingError) -> bool:
        """Restore everything on a new socket. Turns that were partly heard end in the error; so does a second try."""
        turns = self._conversation.turns
        for context_id, turn in turns.items():
            if turn.open and (turn.heard or turn.replayed):
                self._inboxes[context_id].put_nowait(error)
        if any(turn.replayed for turn in turns.values()):
            self._give_up(error)
            return False
        wait_s = RESTART_RETRY_S if error.retry_after is None else error.retry_after
        self._trace.tell("restarted", wait_s=wait_s)
        await asyncio.sleep(wait_s)
        try:
            self._socket = await open_socket(self._configuration, PATH, {})
            for frame in self._conversation.restart():
                await self._write(frame)
        except KugelAudioError as failed:
            self._give_up(failed)
            return False
        return True

    def _give_up(self, error: KugelAudioError) -> None:
        """The socket is lost: everybody who waits hears why; the next use connects again, with no contexts."""
        self._trace.failed(self._configuration.key.clean(error))
        socket, self._socket = self._socket, None
        if socket is not None:
            socket.drop()
        for context_id in list(self._conversation.voices):
            self._conversation.forget(context_id)
        for inbox in self._inboxes.values():
            inbox.put_nowait(error)


def _raised(event: ContextEvent) -> ContextEvent:
    if isinstance(event, KugelAudioError):
        raise event
    return event
