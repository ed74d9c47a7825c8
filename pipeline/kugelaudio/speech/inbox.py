"""What one WebSocket brings: whole messages in the order in which they came, until it ends.

picows hands over frames straight from the buffer that the network was read into, which costs a fifth of the processor
time that websockets takes for frames of 64 KB; what a library of messages would add is here: fragments are joined (RFC
6455, section 5.4), a reader that is slow makes the network wait, and a close is answered (section 5.5.1).
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final, cast

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSProtocolError, WSTransport

_FULL: Final = 32
"""Messages waiting, after which nothing more is read from the network: 2 MB of audio by the second."""
_ROOM: Final = 8
"""Messages waiting, at which reading goes on."""
_NO_STATUS: Final = 1005
"""The code that stands for a close without one (RFC 6455, section 7.4.1)."""


class Inbox(WSListener):
    """Belongs to one connection and one event loop; one task at a time waits for a message, others for a pong."""

    def __init__(self) -> None:
        self.ended = False
        """Whether nothing more will come."""
        self.closed: tuple[int, str] | None = None
        """Code and reason of the other side's close, once it said so."""
        self.writable = asyncio.Event()
        self.writable.set()
        """Set while the network takes what is written."""
        self.over = asyncio.Event()
        """Set once nothing more will come."""
        self._messages: deque[bytes] = deque()
        self._pieces: list[bytes] = []
        self._transport: WSTransport | None = None
        self._paused = False
        self._message: asyncio.Future[None] | None = None
        self._pong: asyncio.Future[None] | None = None
        self._farewell: asyncio.Future[None] | None = None

    @property
    def holding(self) -> bool:
        """Whether a message is here."""
        return bool(self._messages)

    def take(self) -> bytes | None:
        """Return the next message that is here, None if there is none."""
        if not self._messages:
            return None
        message = self._messages.popleft()
        if self._paused and len(self._messages) <= _ROOM:
            self._read(True)
        return message

    async def arrival(self) -> None:
        """Wait until there is a message, or the end."""
        if self._messages or self.ended:
            return
        self._message = asyncio.get_running_loop().create_future()
        try:
            await self._message
        finally:
            self._message = None

    async def pong(self) -> None:
        """Wait for the answer to a ping, or the end."""
        self._pong = asyncio.get_running_loop().create_future()
        try:
            await self._pong
        finally:
            self._pong = None

    def end(self) -> None:
        """Nothing more is wanted, or nothing more comes: whoever waits is told."""
        self.ended = True
        self.over.set()
        self.writable.set()
        for waiting in (self._message, self._pong):
            _tell(waiting)

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Keep the transport, which reading is paused by."""
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Take a frame. Raises WSProtocolError where fragments do not fit together, which ends the connection."""
        kind = frame.msg_type
        if kind == WSMsgType.TEXT or kind == WSMsgType.BINARY:  # noqa: PLR1714 - the commonest case, asked by value
            if self._pieces:
                raise WSProtocolError(WSCloseCode.PROTOCOL_ERROR, "a message within the fragments of another")
            self._take_in(frame)
        elif kind == WSMsgType.CONTINUATION:
            if not self._pieces:
                raise WSProtocolError(WSCloseCode.PROTOCOL_ERROR, "a continuation of nothing")
            self._take_in(frame)
        elif kind == WSMsgType.PONG:
            _tell(self._pong)
        elif kind == WSMsgType.CLOSE:
            code = cast("int", frame.get_close_code())  # an integer, for codes that have no name too
            self.closed = (int(code) or _NO_STATUS, frame.get_close_reason() or "")
            transport.send_close(WSCloseCode.OK)
            transport.disconnect()
            self.end()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Tell whoever waits."""
        self.end()
        # a broken frame is told there too, and asyncio complains of an error that nobody fetched
        self._farewell = asyncio.ensure_future(transport.wait_disconnected())
        self._farewell.add_done_callback(lambda farewell: farewell.cancelled() or farewell.exception())

    def pause_writing(self) -> None:
        """The network takes no more for the moment."""
        self.writable.clear()

    def resume_writing(self) -> None:
        """The network takes more."""
        self.writable.set()

    def _take_in(self, frame: WSFrame) -> None:
        payload = frame.get_payload_as_bytes()
        if self._pieces or not frame.fin:
            self._pieces.append(payload)
            if not frame.fin:
                return
            payload = b"".join(self._pieces)
            self._pieces = []
        self._messages.append(payload)
        if len(self._messages) >= _FULL and not self._paused:
            self._read(False)
        _tell(self._message)

    def _read(self, on: bool) -> None:
        assert self._transport is not None
        self._paused = not on
        if on:
            self._transport.underlying_transport.resume_reading()
        else:
            self._transport.underlying_transport.pause_reading()


def _tell(waiting: asyncio.Future[None] | None) -> None:
    if waiting is not None and not waiting.done():
        waiting.set_result(None)
