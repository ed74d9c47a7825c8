"""Carry generations over pooled sockets: the thin shell around the conversation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from weakref import WeakKeyDictionary

from pipeline.kugelaudio.audio import AudioChunk, AudioResponse
from pipeline.kugelaudio.configuration import Configuration
from pipeline.kugelaudio.errors import ConnectionError as ServiceAway
from pipeline.kugelaudio.errors import IncompleteAudioError, KugelAudioError, ServerRestartingError
from pipeline.kugelaudio.mapping import RESTART_RETRY_S
from pipeline.kugelaudio.speech.conversation import Collector, Conversation, Event, Finished
from pipeline.kugelaudio.speech.pool import SocketPool
from pipeline.kugelaudio.speech.request import SpeechRequest
from pipeline.kugelaudio.speech.socket import Socket
from pipeline.kugelaudio.trace import CallTrace, Tracer


class Generator:
    """Speaks requests. Every event loop that uses it has sockets of its own."""

    def __init__(self, configuration: Configuration, tracer: Tracer | None = None) -> None:
        self._configuration = configuration
        self._tracer = tracer
        self._pools: WeakKeyDictionary[asyncio.AbstractEventLoop, SocketPool] = WeakKeyDictionary()

    def pool(self) -> SocketPool:
        """Return the sockets of the running loop."""
        loop = asyncio.get_running_loop()
        pool = self._pools.get(loop)
        if pool is None:
            pool = self._pools[loop] = SocketPool(self._configuration)
        return pool

    async def connect(self, model_id: str) -> None:
        """Open a socket ahead of the first request."""
        pool = self.pool()
        pool.release(await pool.acquire(model_id, CallTrace.begin(self._tracer, "connect")), reusable=True)

    def connected(self) -> bool:
        """Whether any loop holds an open socket that waits for work."""
        return any(pool.idle for pool in self._pools.values())

    async def close(self) -> None:
        """Close the sockets of the running loop."""
        pool = self._pools.pop(asyncio.get_running_loop(), None)
        if pool is not None:
            await pool.close()

    async def generate(self, request: SpeechRequest, tracer: Tracer | None = None) -> AudioResponse:
        """Speak a request and return all of it.

        A restart of the server is always survived, since nobody has heard anything yet.
        Raises IncompleteAudioError with what came as ``partial`` where some is missing.
        """
        trace = CallTrace.begin(tracer or self._tracer, "generate")
        for restarts in range(self._configuration.restarts + 1):
            conversation, collector = Conversation(request), Collector()
            try:
                return await self._collect(conversation, collector, trace)
            except ServerRestartingError as error:
                await self._wait_out(error, self._configuration.restarts - restarts, trace)
            except IncompleteAudioError as error:
                error.partial = collector.response(conversation.final, conversation.usage, conversation.connection_id)
                error.usage = conversation.usage
                self._tell(error, trace)
                raise
            except KugelAudioError as error:
                self._tell(error, trace)
                raise
        raise AssertionError  # the last restart was raised

    async def stream(self, request: SpeechRequest, tracer: Tracer | None = None) -> AsyncGenerator[Event, None]:
        """Speak a request and yield its events as they come; a restart is survived until audio was heard."""
        trace = CallTrace.begin(tracer or self._tracer, "stream")
        for restarts in range(self._configuration.restarts + 1):
            conversation = Conversation(request)
            try:
                async with aclosing(self._attempt(conversation, trace)) as events:
                    async for event in events:
                        yield event
                return
            except ServerRestartingError as error:
                if conversation.heard:
                    self._tell(error, trace)
                    raise
                await self._wait_out(error, self._configuration.restarts - restarts, trace)
            except KugelAudioError as error:
                self._tell(error, trace)
                raise

    async def _wait_out(self, error: ServerRestartingError, left: int, trace: CallTrace) -> None:
        if left <= 0:
            self._tell(error, trace)
            raise error
        wait_s = RESTART_RETRY_S if error.retry_after is None else error.retry_after
        trace.tell("restarted", wait_s=wait_s)
        await asyncio.sleep(wait_s)

    def _tell(self, error: KugelAudioError, trace: CallTrace) -> None:
        trace.failed(self._configuration.key.clean(error))

    async def _collect(self, conversation: Conversation, collector: Collector, trace: CallTrace) -> AudioResponse:
        async with self._asking(conversation, trace) as socket:
            while not conversation.over:
                for event in await self._next(socket, conversation, trace):
                    if not isinstance(event, Finished):
                        collector.add(event)
        response = collector.response(conversation.final, conversation.usage, conversation.connection_id)
        assert response is not None, "a conversation without audio does not finish"
        return response

    async def _attempt(self, conversation: Conversation, trace: CallTrace) -> AsyncGenerator[Event, None]:
        """One conversation, event by event."""
        async with self._asking(conversation, trace) as socket:
            while not conversation.over:
                for event in await self._next(socket, conversation, trace):
                    yield event

    @asynccontextmanager
    async def _asking(self, conversation: Conversation, trace: CallTrace) -> AsyncIterator[Socket]:
        """A socket on which the request was sent. It goes back only when the answer was read to its end."""
        pool = self.pool()
        socket = await self._asked(pool, conversation, trace)
        conversation.connection_id = socket.request_id
        try:
            yield socket
            trace.tell("finished", **_account(conversation))
        finally:
            if not conversation.over:
                trace.tell("abandoned")
            pool.release(socket, reusable=conversation.reusable)

    async def _asked(self, pool: SocketPool, conversation: Conversation, trace: CallTrace) -> Socket:
        """Send the request on a socket that takes it; one that turns out dead before that is replaced."""
        opening = conversation.opening()
        while True:
            socket = await pool.acquire(conversation.request.model_id, trace)
            sent = False
            try:
                await socket.send(opening, self._configuration.limits.silence_s)
                sent = True
            except ServiceAway as error:
                if not socket.used or isinstance(error, ServerRestartingError):
                    raise
            finally:
                if not sent:
                    pool.release(socket, reusable=False)
            if sent:
                trace.tell("sent", characters=len(conversation.request.text))
                return socket

    async def _next(self, socket: Socket, conversation: Conversation, trace: CallTrace) -> list[Event]:
        """What the next frame brings."""
        heard = conversation.heard
        limits = self._configuration.limits
        limit_s = limits.silence_s if heard else limits.first_audio_s
        try:
            data = await socket.receive(limit_s, "waiting for more audio" if heard else "waiting for the first audio")
        except KugelAudioError as error:
            conversation.failed(error)
        events = conversation.receive(data)
        for event in events:
            if isinstance(event, AudioChunk):
                if not heard:
                    heard = True
                    trace.tell("first_audio", samples=event.samples)
            elif isinstance(event, list):
                trace.tell("words", words=len(event))
        return events


def _account(conversation: Conversation) -> dict[str, float | str | None]:
    usage = conversation.usage
    if usage is None:
        return {}
    return {"audio_seconds": usage.audio_seconds, "cost_cents": usage.cost_cents, "model_id": usage.model_id}
