"""uvicorn's WebSocket, with two things that ASGI has no words for: frames ready made, and a cut line."""

from __future__ import annotations

import os
from asyncio import BaseTransport
from collections.abc import Iterable, Sequence
from itertools import accumulate, chain, islice
from typing import Any, Protocol, TypeAlias

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

EXTENSION = "narrate.socket"
"""Where a WebSocket's ASGI scope holds its :class:`RawSocket`."""

_FRAMES_AT_ONCE = 32
"""In one call to the system, which takes 1,024 parts (IOV_MAX): half a minute of audio, 2 MB of it in memory."""

_READ_AHEAD = 4
"""Messages that may wait for the application before reading stops."""

FrameParts: TypeAlias = tuple[bytes, ...]
"""A frame ready made, in up to four pieces: audio is not copied to get its members around it."""


class RawSocket(Protocol):
    """The line under a WebSocket."""

    async def write(self, framed: bytes) -> None:
        """Send a frame ready made. Raises ClientDisconnected where nobody is there."""

    async def write_all(self, frames: Iterable[FrameParts]) -> None:
        """Send frames ready made with few calls to the system. Raises ClientDisconnected where nobody is there."""

    def abort(self) -> None:
        """Cut the line: no close frame, what is not sent yet is lost."""


class LocalWebSocket(WebSocketsSansIOProtocol):
    """uvicorn's protocol, also a :class:`RawSocket`. For plain sockets: frames pass by what would encrypt them."""

    def connection_made(self, transport: BaseTransport) -> None:
        """Let nothing more be written while something waits: then what is written goes straight to the system."""
        super().connection_made(transport)
        self.transport.set_write_buffer_limits(high=0)

    def handle_connect(self, event: Request) -> None:
        """Put ourselves within the application's reach."""
        super().handle_connect(event)
        if not self.handshake_complete:
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[EXTENSION] = self

    def send_receive_event_to_app(self) -> None:
        """Read on while few messages wait: uvicorn stops and starts reading, two calls to the system, for each."""
        if self.read_paused or self.queue.qsize() >= _READ_AHEAD:
            super().send_receive_event_to_app()
        else:
            self.read_paused = True
            super().send_receive_event_to_app()
            self.read_paused = False

    async def write(self, framed: bytes) -> None:
        """Send a frame ready made (see :class:`RawSocket`): no copies through strings and a frame's serialiser."""
        await self._ready()
        self.transport.write(framed)

    async def write_all(self, frames: Iterable[FrameParts]) -> None:
        """Send frames ready made (see :class:`RawSocket`): from where they lie, without copies on the way.

        Only whole frames are left for later, so that whoever else writes meanwhile writes between frames.
        """
        coming = iter(frames)
        while batch := list(islice(coming, _FRAMES_AT_ONCE)):
            while batch:
                await self._ready()
                batch = batch[self._write_some(batch) :]

    async def _ready(self) -> None:
        """Wait until nothing waits in the transport; who waited beside us may have written first."""
        while not self.writable.is_set():
            await self.writable.wait()
        if self.disconnected or self.close_sent or self.transport.is_closing():
            raise ClientDisconnected

    def _write_some(self, frames: Sequence[FrameParts]) -> int:
        """Write what the system takes, and leave the rest of that frame to the transport; returns how many frames.

        So is an error: the transport meets it again and ends the connection.
        """
        parts = list(chain.from_iterable(frames))
        try:
            taken = os.writev(self.transport.get_extra_info("socket").fileno(), parts)
        except OSError:
            taken = 0
        if taken == sum(map(len, parts)):
            return len(frames)
        ends = list(accumulate(sum(map(len, frame)) for frame in frames))
        number = next(number for number, end in enumerate(ends) if end > taken)
        self.transport.write(b"".join(frames[number])[taken - ends[number] :])
        return number + 1

    def abort(self) -> None:
        """Cut the line (see :class:`RawSocket`)."""
        self.stop_keepalive()
        self.transport.abort()


__all__ = ["EXTENSION", "ClientDisconnected", "FrameParts", "LocalWebSocket", "RawSocket"]
