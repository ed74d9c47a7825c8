"""The least that a client of the reference server can do, for the floor under ``paid_rendering.py``.

A socket for each place, read into one buffer, frames told apart by their headers alone (RFC 6455, section 5.2) and
looked at no further than to know the last of an answer. ``bare`` keeps nothing: what it takes is the server, the
loopback and the system. ``bare-disk`` decodes the audio and writes it to a file for each request, syncing nothing.
"""

from __future__ import annotations

import asyncio
import os
import struct
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import orjson
import pybase64

_BUFFER = 1 << 18
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10
_AUDIO = b'{"audio": "'


async def read_all(url: str, texts: Sequence[str], places: int, folder: Path | None) -> int:
    """Ask for every text, ``places`` at once, and read the answers to their ends; how many were refused.

    With a ``folder`` the audio is kept there.
    """
    queue = deque(enumerate(texts))
    refused = await asyncio.gather(*(_place(url, queue, folder) for _ in range(places)))
    return sum(refused)


async def _place(url: str, queue: deque[tuple[int, str]], folder: Path | None) -> int:
    address = urlsplit(url)
    loop = asyncio.get_running_loop()
    wire = _Wire()
    transport, _ = await loop.create_connection(lambda: wire, address.hostname or "", address.port or 80)
    refused = 0
    transport.write(
        f"GET /ws/tts?api_key=bench&model_id=kugel-3 HTTP/1.1\r\nHost: {address.netloc}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
    )
    await wire.asked(None)
    while queue:
        number, text = queue.popleft()
        request = {"text": text, "model_id": "kugel-3", "voice_id": 1071, "language": "en", "word_timestamps": True}
        with ExitStack() as stack:
            file = stack.enter_context((folder / f"{number}.pcm").open("wb")) if folder else None
            answer = wire.asked(file)
            transport.write(_masked(_TEXT, orjson.dumps(request)))
            refused += await answer
    transport.close()
    return refused


class _Wire(asyncio.BufferedProtocol):
    """Reads one connection; :meth:`asked` promises the end of the next answer: whether it was refused."""

    def __init__(self) -> None:
        self._buffer = bytearray(_BUFFER)
        self._held = 0
        self._upgraded = False
        self._file: BinaryIO | None = None
        self._answer: asyncio.Future[bool] | None = None
        self._transport: asyncio.Transport | None = None

    def asked(self, file: BinaryIO | None) -> asyncio.Future[bool]:
        self._file, self._answer = file, asyncio.get_running_loop().create_future()
        return self._answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionError("the server closed the connection"))

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        if self._held == len(self._buffer):
            self._buffer += bytes(len(self._buffer))
        return memoryview(self._buffer)[self._held :]

    def buffer_updated(self, nbytes: int) -> None:
        self._held += nbytes
        used = 0
        if not self._upgraded:
            used = self._buffer.find(b"\r\n\r\n", 0, self._held) + 4
            if used < 4:
                return
            assert self._buffer.startswith(b"HTTP/1.1 101"), bytes(self._buffer[:used])
            self._upgraded = True
            self._end(refused=False)
        for opcode, start, end in _frames(self._buffer, used, self._held):
            used = end
            self._frame(opcode, start, end)
        if used:
            self._buffer[: self._held - used] = self._buffer[used : self._held]
            self._held -= used

    def _frame(self, opcode: int, start: int, end: int) -> None:
        assert self._transport is not None
        if opcode == _PING:
            self._transport.write(_masked(_PONG, bytes(self._buffer[start:end])))
        elif opcode == _CLOSE:
            self._transport.close()
        elif self._buffer.startswith(b'{"final"', start) or self._buffer.startswith(b'{"error"', start):
            self._end(refused=self._buffer.startswith(b'{"error"', start))
        elif self._file is not None and self._buffer.startswith(_AUDIO, start):
            first = start + len(_AUDIO)
            audio = memoryview(self._buffer)[first : self._buffer.index(b'"', first)]
            self._file.write(pybase64.b64decode(audio, validate=True))

    def _end(self, *, refused: bool) -> None:
        assert self._answer is not None
        self._answer.set_result(refused)


def _frames(buffer: bytearray, at: int, held: int) -> Iterator[tuple[int, int, int]]:
    """Opcode, start and end of the payload of every whole frame. A server masks nothing; this one splits nothing."""
    while held - at >= 2:
        size, start = buffer[at + 1], at + 2
        if size >= 126:
            width = 2 if size == 126 else 8
            start += width
            if held < start:
                return
            size = int.from_bytes(buffer[at + 2 : start], "big")
        if held < start + size:
            return
        assert buffer[at] & 0x80, "a message in several frames"
        yield buffer[at] & 0x0F, start, start + size
        at = start + size


def _masked(opcode: int, payload: bytes) -> bytes:
    """A frame of a client, which must mask what it sends."""
    size = len(payload)
    lengths = struct.pack("!B", 0x80 | size) if size < 126 else struct.pack("!BH", 0xFE, size)
    mask = os.urandom(4)
    key = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
    body = (int.from_bytes(payload, "big") ^ key).to_bytes(size, "big")
    return struct.pack("!B", 0x80 | opcode) + lengths + mask + body
