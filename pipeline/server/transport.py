"""uvicorn's WebSocket, with two things that ASGI has no words for: frames ready made, and a cut line."""

from __future__ import annotations

from typing import Any, Protocol

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

EXTENSION = "narrate.socket"
"""Where a WebSocket's ASGI scope holds its :class:`RawSocket`."""

_TEXT = b"\x81"


class RawSocket(Protocol):
    """The line under a WebSocket."""

    async def write_text(self, payload: bytes) -> None:
        """Send a text frame whose UTF-8 is given. Raises ClientDisconnected where nobody is there."""

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

    async def write_text(self, payload: bytes) -> None:
        """Send a text frame (see :class:`RawSocket`): one copy less than through strings and a frame's serialiser."""
        await self.writable.wait()
        if self.disconnected or self.close_sent or self.transport.is_closing():
            raise ClientDisconnected
        if len(payload) < 65_536:
            self.transport.write(text_header(len(payload)) + payload)
        else:
            self.transport.write(text_header(len(payload)))
            self.transport.write(payload)

    def abort(self) -> None:
        """Cut the line (see :class:`RawSocket`)."""
        self.stop_keepalive()
        self.transport.abort()


def text_header(length: int) -> bytes:
    """The header of an unmasked text frame (RFC 6455, 5.2)."""
    if length < 126:
        return _TEXT + bytes([length])
    if length < 65_536:
        return _TEXT + b"\x7e" + length.to_bytes(2, "big")
    return _TEXT + b"\x7f" + length.to_bytes(8, "big")


__all__ = ["EXTENSION", "ClientDisconnected", "LocalWebSocket", "RawSocket"]
