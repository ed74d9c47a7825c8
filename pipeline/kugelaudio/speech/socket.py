"""One WebSocket to the service: opened, written, read, with the library's errors turned into ours."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from picows import WSCloseCode, WSError, WSHandshakeError, WSMsgType, WSTransport, ws_connect
from python_socks import ProxyError

from pipeline.kugelaudio.configuration import Configuration, is_loopback
from pipeline.kugelaudio.errors import KugelAudioError
from pipeline.kugelaudio.mapping import from_close, from_handshake, timed_out, unreachable
from pipeline.kugelaudio.redaction import RedactingLogger
from pipeline.kugelaudio.speech.inbox import Inbox

CLOSE_S: Final = 2.0
"""How long to wait for the other side's close frame."""
_PUNCTUAL_S: Final = 0.05
"""How late a timer is on a machine that has time."""
_LARGEST: Final = 1 << 30
"""Bytes of one frame. The service sends a second or so of audio at once; nothing tells how much it may be."""
_BUFFER: Final = 1 << 17
"""Bytes read at once: a frame with a second of audio has half as many."""

_log = logging.getLogger("pipeline.kugelaudio.wire")
_log.addHandler(logging.NullHandler())


class Socket:
    """An open WebSocket."""

    def __init__(self, transport: WSTransport, inbox: Inbox, ping_interval_s: float | None) -> None:
        self._transport = transport
        self._inbox = inbox
        self._ping_interval_s = ping_interval_s
        self.used = 0
        """Generations carried so far."""
        self.idle_since = time.monotonic()
        self._watch: asyncio.TimerHandle | None = None
        self._look_at = 0.0
        self._waiting: tuple[float, float, str] | None = None
        self._late: tuple[str, float] | None = None
        self._pinging: asyncio.TimerHandle | None = None
        self._keep_alive()

    @property
    def request_id(self) -> str | None:
        """The id that the server gave the connection when it was opened (``x-request-id``), if it gave one."""
        return self._transport.response.headers.get("x-request-id")

    @property
    def open(self) -> bool:
        """Whether neither side has begun to close."""
        return not self._inbox.ended and not self._transport.is_close_frame_sent

    async def send(self, text: str, limit_s: float) -> None:
        """Send a frame. Raises the error that a closed socket means."""
        if not self.open:
            raise self._closed()
        self._transport.send(WSMsgType.TEXT, text)
        if self._inbox.writable.is_set():
            return
        try:
            async with asyncio.timeout(limit_s):
                await self._inbox.writable.wait()
        except TimeoutError:
            raise timed_out("sending", limit_s) from None
        if self._inbox.ended:
            raise self._closed()

    async def receive(self, limit_s: float, doing: str) -> bytes:
        """Return the next frame. Raises the error that a close or the limit means; past the limit the socket is cut.

        One timer watches over many frames, since setting one for each costs as much as decoding it.
        """
        message = self.arrived()
        if message is not None:
            return message
        self._waiting = (time.monotonic() + limit_s, limit_s, doing)
        if self._watch is None:
            self._watch_for(limit_s)
        try:
            await self._inbox.arrival()
        finally:
            self._waiting = None
        message = self.arrived()
        assert message is not None, "an end raises"
        return message

    def rest(self) -> None:
        """Stop the watch: nothing is waited for until the next :meth:`receive`."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _watch_for(self, seconds: float) -> None:
        self._look_at = time.monotonic() + seconds
        self._watch = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        """Cut the socket when the frame that is waited for is late, else look again when it would be.

        Time in which this process did not run, on a machine that was busy, paused or asleep, is no silence of the
        service: the answer may be here already, unread and paid for.
        """
        self._watch = None
        if self._waiting is None or self._inbox.holding:
            return
        at, limit_s, doing = self._waiting
        now = time.monotonic()
        missed_s = now - self._look_at
        if missed_s > _PUNCTUAL_S:
            at = now + min(missed_s, limit_s)
            self._waiting = (at, limit_s, doing)
        if at <= now:
            self._late = (doing, limit_s)
            self.drop()
        else:
            self._watch_for(at - now)

    async def waiting(self, limit_s: float = 0.0) -> bytes | None:
        """Return a frame that is here already (or comes within the limit), None if there is none."""
        message = self.arrived()
        if message is not None:
            return message
        try:
            async with asyncio.timeout(limit_s):
                await self._inbox.arrival()
        except TimeoutError:
            return None
        return self.arrived()

    def arrived(self) -> bytes | None:
        """Return a frame that has arrived, None if none has. Raises the error that a closed socket means."""
        message = self._inbox.take()
        if message is None and self._inbox.ended:
            raise self._closed()
        return message

    async def answers(self, limit_s: float) -> bool:
        """Ping the other side and say whether it answers in time; a socket that is closed does not, at once."""
        if not self.open:
            return False
        self._transport.send_ping()
        try:
            async with asyncio.timeout(limit_s):
                await self._inbox.pong()
        except TimeoutError:
            return False
        return self.open

    async def close(self) -> None:
        """Say goodbye and wait a moment for the other side's."""
        self._stop_timers()
        if self._inbox.ended:
            return
        self._transport.send_close(WSCloseCode.OK)
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._inbox.over.wait()
        except TimeoutError:
            self.drop()

    def drop(self) -> None:
        """Cut the connection at once: what is still on its way is not wanted."""
        self._stop_timers()
        self._transport.disconnect(graceful=False)
        self._inbox.end()

    def _closed(self) -> KugelAudioError:
        if self._late is not None:
            return timed_out(*self._late)
        return from_close(*(self._inbox.closed or (None,)))

    def _stop_timers(self) -> None:
        self.rest()
        if self._pinging is not None:
            self._pinging.cancel()
            self._pinging = None

    def _keep_alive(self, *, ping: bool = False) -> None:
        if self._ping_interval_s is None or not self.open:
            return
        if ping:
            self._transport.send_ping()
        self._pinging = asyncio.get_running_loop().call_later(
            self._ping_interval_s, lambda: self._keep_alive(ping=True)
        )


async def open_socket(configuration: Configuration, path: str, query: Mapping[str, str]) -> Socket:
    """Connect and shake hands. Raises the error that a refusal, the network or the limit means."""
    limit_s = configuration.limits.connect_s
    try:
        async with asyncio.timeout(limit_s):
            transport, inbox = await ws_connect(Inbox, **_options(configuration, path, query))
    except TimeoutError:
        raise timed_out("connecting", limit_s) from None
    except WSHandshakeError as refused:
        raise _refused(refused) from None
    except (OSError, WSError, ProxyError) as error:
        raise unreachable("connecting", error) from None
    if not isinstance(inbox, Inbox):  # cut before any answer
        raise from_close(None)
    return Socket(transport, inbox, configuration.ping_interval_s)


def _options(configuration: Configuration, path: str, query: Mapping[str, str]) -> dict[str, Any]:
    key = configuration.key
    authenticated = {**query, "api_key": key.reveal()} if configuration.key_in_query else query
    return {
        "url": configuration.socket_url(path, authenticated),
        "extra_headers": None if configuration.key_in_query else key.headers(),
        # a redirect would take the key along: it is a refusal
        "max_redirects": 0,
        "max_frame_size": _LARGEST,
        "read_buffer_init_size": _BUFFER,
        "websocket_handshake_timeout": configuration.limits.connect_s,
        "proxy": proxy_for(configuration.socket_url(path)),
        # asyncio's own transports, which TLS and proxies are tried with everywhere
        "use_aiofastnet": False,
        "logger_name": RedactingLogger(_log, key),
    }


def proxy_for(url: str) -> str | None:
    """The proxy that the environment names for a WebSocket URL (RFC 6455, section 4.1); never one to this machine."""
    parts = urlsplit(url)
    secure = parts.scheme == "wss"
    if is_loopback(url) or proxy_bypass(f"{parts.hostname}:{parts.port or (443 if secure else 80)}"):
        return None
    named = getproxies()
    for scheme in ("wss", "socks", "https", "all") if secure else ("ws", "socks", "https", "http", "all"):
        if proxy := named.get(scheme):
            # systems name their SOCKS proxies as http://; names are then resolved there
            return f"socks5://{proxy[7:]}" if scheme == "socks" and proxy.startswith("http://") else proxy
    return None


def _refused(refused: WSHandshakeError) -> KugelAudioError:
    """What the service said instead of shaking hands; of its body, what came with the head."""
    headers = {} if refused.response is None else refused.response.headers
    status = (refused.raw_header or b"").split(b"\r\n", 1)[0].split(b" ")[1:2]
    if not status or not status[0].isdigit() or status[0] == b"101":
        return unreachable("connecting", refused)
    return from_handshake(int(status[0]), headers, refused.raw_body or b"")
