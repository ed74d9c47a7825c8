"""One WebSocket to the service: opened, written, read, with the library's errors turned into ours.

websockets' own ``connect`` follows redirects and would send the key along; here a redirect is a refusal.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.protocol import State

from pipeline.kugelaudio.configuration import Configuration, is_loopback
from pipeline.kugelaudio.errors import KugelAudioError
from pipeline.kugelaudio.mapping import from_close, from_handshake, timed_out, unreachable
from pipeline.kugelaudio.redaction import RedactingLogger

CLOSE_S: Final = 2.0
"""How long to wait for the other side's close frame."""

_log = logging.getLogger("pipeline.kugelaudio.wire")


class _Connect(connect):
    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class Socket:
    """An open WebSocket."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self.used = 0
        """Generations carried so far."""
        self.idle_since = time.monotonic()
        self._watch: asyncio.TimerHandle | None = None
        self._waiting: tuple[float, float, str] | None = None
        self._late: tuple[str, float] | None = None

    @property
    def request_id(self) -> str | None:
        """The id that the server gave the connection when it was opened (``x-request-id``), if it gave one."""
        answer = self._connection.response
        return None if answer is None else answer.headers.get("x-request-id")

    @property
    def open(self) -> bool:
        """Whether neither side has begun to close."""
        return self._connection.state is State.OPEN

    async def send(self, text: str, limit_s: float) -> None:
        """Send a frame. Raises the error that a closed socket means."""
        try:
            async with asyncio.timeout(limit_s):
                await self._connection.send(text)
        except ConnectionClosed as closed:
            raise _closed(closed) from None
        except TimeoutError:
            raise timed_out("sending", limit_s) from None

    async def receive(self, limit_s: float, doing: str) -> bytes:
        """Return the next frame. Raises the error that a close or the limit means; past the limit the socket is cut.

        One timer watches over many frames, since setting one for each costs as much as decoding it.
        """
        self._waiting = (time.monotonic() + limit_s, limit_s, doing)
        if self._watch is None:
            self._watch = asyncio.get_running_loop().call_later(limit_s, self._look)
        try:
            return await self._connection.recv(decode=False)
        except ConnectionClosed as closed:
            if self._late is not None:
                raise timed_out(*self._late) from None
            raise _closed(closed) from None
        finally:
            self._waiting = None

    def rest(self) -> None:
        """Stop the watch: nothing is waited for until the next :meth:`receive`."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _look(self) -> None:
        """Cut the socket when the frame that is waited for is late, else look again when it would be."""
        self._watch = None
        if self._waiting is None:
            return
        at, limit_s, doing = self._waiting
        left_s = at - time.monotonic()
        if left_s <= 0:
            self._late = (doing, limit_s)
            self.drop()
        else:
            self._watch = asyncio.get_running_loop().call_later(left_s, self._look)

    async def waiting(self, limit_s: float = 0.0) -> bytes | None:
        """Return a frame that is here already (or comes within the limit), None if there is none."""
        try:
            async with asyncio.timeout(limit_s):
                return await self._connection.recv(decode=False)
        except TimeoutError:
            return None
        except ConnectionClosed as closed:
            raise _closed(closed) from None

    def arrived(self) -> bytes | None:
        """Return a frame that has arrived, None if none has. Raises the error that a closed socket means.

        Receiving is begun and cancelled at once, which loses nothing: :meth:`waiting` would take two turns of the event
        loop before every request.
        """
        receiving = self._connection.recv(decode=False)
        try:
            receiving.send(None)
            receiving.throw(asyncio.CancelledError)
        except StopIteration as received:
            data: bytes = received.value
            return data
        except asyncio.CancelledError:
            return None
        except ConnectionClosed as closed:
            raise _closed(closed) from None
        raise AssertionError  # a cancelled receive waits for nothing more

    async def answers(self, limit_s: float) -> bool:
        """Ping the other side and say whether it answers in time."""
        try:
            async with asyncio.timeout(limit_s):
                await (await self._connection.ping())
        except (TimeoutError, ConnectionClosed):
            return False
        return True

    async def close(self) -> None:
        """Say goodbye and wait a moment for the other side's."""
        self.rest()
        await self._connection.close()

    def drop(self) -> None:
        """Cut the connection at once: what is still on its way is not wanted."""
        self.rest()
        self._connection.transport.abort()


async def open_socket(configuration: Configuration, path: str, query: Mapping[str, str]) -> Socket:
    """Connect and shake hands. Raises the error that a refusal, the network or the limit means."""
    limit_s = configuration.limits.connect_s
    try:
        async with asyncio.timeout(limit_s):
            return Socket(await _Connect(**_options(configuration, path, query)))
    except TimeoutError:
        raise timed_out("connecting", limit_s) from None
    except InvalidStatus as refused:
        answer = refused.response
        raise from_handshake(answer.status_code, answer.headers, bytes(answer.body or b"")) from None
    except (OSError, WebSocketException) as error:
        raise unreachable("connecting", error) from None


def _options(configuration: Configuration, path: str, query: Mapping[str, str]) -> dict[str, Any]:
    key = configuration.key
    authenticated = {**query, "api_key": key.reveal()} if configuration.key_in_query else query
    return {
        "uri": configuration.socket_url(path, authenticated),
        "additional_headers": None if configuration.key_in_query else key.headers(),
        "compression": None,
        "max_size": None,
        "open_timeout": None,
        "close_timeout": CLOSE_S,
        "ping_interval": configuration.ping_interval_s,
        # a slow reader holds back pongs too: silence is judged by the limits, idle sockets by a ping before use
        "ping_timeout": None,
        "proxy": None if is_loopback(configuration.tts_url) else True,
        "logger": RedactingLogger(_log, key),
    }


def _closed(closed: ConnectionClosed) -> KugelAudioError:
    frame = closed.rcvd
    return from_close(frame.code, frame.reason) if frame is not None else from_close(None)
