"""uvicorn's WebSocket, with two things that ASGI has no words for: frames ready made, and a cut line."""

from __future__ import annotations

from typing import Any, Protocol

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

EXTENSION = "narrate.socket"
"""Where a WebSocket's ASGI scope holds its :class:`RawSocket`."""


class RawSocket(Protocol):
    """The line under a WebSocket."""

    async def write(self, framed: bytes) -> None:
        """Send frames ready made. Raises ClientDisconnected where nobody is there."""

    def abort(self) -> None:
        """Cut the line: no close frame, what is not sent yet is lost."""


class LocalWebSocket(WebSocketsSansIOProtocol):
    """uvicorn's protocol, also a :class:`RawSocket`."""

    def handle_connect(self, event: Request) -> None:
        """Put ourselves within the application's reach."""
        super().handle_connect(event)
        if not self.handshake_complete:
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[EXTENSION] = self

    async def write(self, framed: bytes) -> None:
        """Send frames ready made (see :class:`RawSocket`): no copies through strings and a frame's serialiser."""
        await self.writable.wait()
        if self.disconnected or self.close_sent or self.transport.is_closing():
            raise ClientDisconnected
        self.transport.write(framed)

    def abort(self) -> None:
        """Cut the line (see :class:`RawSocket`)."""
        self.stop_keepalive()
        self.transport.abort()


__all__ = ["EXTENSION", "ClientDisconnected", "LocalWebSocket", "RawSocket"]
