"""A client for load tests that costs little: every frame is received whole and counted, few bytes are looked into.

It speaks the real protocol (RFC 6455, no extensions) on ``/ws/tts``. Of each frame it reads the header and the first
``_KEPT`` bytes, which hold all members of an audio frame but the audio itself; the audio's length follows from the
frame's. A generation counts only where its frames agree with each other and with the ``final`` frame.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from base64 import b64encode
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

_KEPT = 1024
_RECEIVED_AT_ONCE = 1 << 18
_AUDIO = re.compile(rb'\{"enc":"pcm_s16le","idx":(\d+),"sr":24000,"samples":(\d+),"audio":"')
_AUDIO_TAIL = len(b'"}')
_TEXT, _CLOSE, _PING, _PONG = 0x1, 0x8, 0x9, 0xA


class Disagreement(Exception):
    """What arrived is not what a generation is made of."""


@dataclass(slots=True)
class Received:
    """What one client counted. ``payload_bytes`` is the frames' payload, ``processor_seconds`` the client's own."""

    generations: int = 0
    frames: int = 0
    payload_bytes: int = 0
    samples: int = 0
    processor_seconds: float = 0.0


class FrameReader:
    """Splits the stream into frames and hands on each one's opcode, payload length and first bytes, once all came."""

    def __init__(self, taken: Callable[[int, int, bytes], None]) -> None:
        self._taken = taken
        self._opening = b""
        self._rest = 0
        self._frame = (0, 0, b"")

    def feed(self, data: memoryview) -> None:
        """Read on. Raises Disagreement for a frame that a server may not send."""
        at = 0
        while at < len(data):
            if not self._rest:
                at = self._open(data, at)
            passed = min(self._rest, len(data) - at)
            at += passed
            self._rest -= passed
            if not self._rest and not self._opening:
                self._taken(*self._frame)

    def _open(self, data: memoryview, at: int) -> int:
        """Read a frame's header and first bytes; what is not enough for that waits for more."""
        known = len(self._opening)
        opening = self._opening + bytes(data[at : at + _KEPT + 10 - known])
        header, length = _sizes(opening)
        wanted = header + min(length, _KEPT)
        if not header or len(opening) < wanted:
            self._opening = opening
            return len(data)
        self._opening = b""
        self._frame = (opening[0] & 0x0F, length, opening[header:wanted])
        self._rest = length - (wanted - header)
        return at + wanted - known


def _sizes(opening: bytes) -> tuple[int, int]:
    """The lengths of a frame's header and payload; (0, 0) where too little of it is there."""
    if len(opening) < 2:
        return 0, 0
    if opening[0] & 0xF0 != 0x80 or opening[1] > 127:
        raise Disagreement(f"a frame that is fragmented, compressed or masked: {opening[:2]!r}")
    extended = {126: 2, 127: 8}.get(opening[1], 0)
    if len(opening) < 2 + extended:
        return 0, 0
    return 2 + extended, int.from_bytes(opening[2 : 2 + extended]) if extended else opening[1]


class LoadSocket(asyncio.BufferedProtocol):
    """One socket: asks for one text after the other until none is left. ``done`` tells the end, or what went wrong."""

    def __init__(self, url: str, key: str, texts: deque[str], received: Received, buffer: bytearray) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._url = urlsplit(url)
        self._key = key
        self._texts = texts
        self._received = received
        self._buffer = buffer
        self._greeting: bytes | None = b""
        self._reader = FrameReader(self._take)
        self._frames = 0
        self._samples = 0
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Shake hands."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        nonce = b64encode(os.urandom(16)).decode()
        lines = (
            f"GET /ws/tts?api_key={self._key} HTTP/1.1",
            f"Host: {self._url.netloc}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {nonce}",
            "Sec-WebSocket-Version: 13",
        )
        transport.write("\r\n".join([*lines, "", ""]).encode())

    def get_buffer(self, sizehint: int) -> bytearray:  # noqa: ARG002 - asyncio's name
        """All sockets share one buffer: it stays in the processor's cache."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Read what came."""
        try:
            data = memoryview(self._buffer)[:nbytes]
            self._reader.feed(data if self._greeting is None else self._greeted(data))
        except (Disagreement, ValueError, KeyError) as error:
            self._end(error)

    def connection_lost(self, exc: Exception | None) -> None:
        """An end before the last generation is an error."""
        self._end(exc or Disagreement("the server closed the connection"))

    def _greeted(self, data: memoryview) -> memoryview:
        assert self._greeting is not None
        head, found, rest = (self._greeting + bytes(data)).partition(b"\r\n\r\n")
        if not found:
            self._greeting = head
            return memoryview(b"")
        if not head.startswith(b"HTTP/1.1 101 ") or b"sec-websocket-extensions" in head.lower():
            raise Disagreement(f"not the handshake that was asked for: {head!r}")
        self._greeting = None
        self._ask()
        return memoryview(rest)

    def _ask(self) -> None:
        if not self._texts:
            self._send(_CLOSE, b"\x03\xe8")
            self._end(None)
            return
        request = {"text": self._texts.popleft(), "voice_id": 1071, "language": "en"}
        self._send(_TEXT, json.dumps(request).encode())

    def _take(self, opcode: int, length: int, opening: bytes) -> None:
        self._received.frames += 1
        self._received.payload_bytes += length
        if opcode == _PING:
            self._send(_PONG, opening)
        elif opcode != _TEXT:
            raise Disagreement(f"a frame with opcode {opcode}: {opening!r}")
        elif audio := _AUDIO.match(opening):
            self._count(int(audio[1]), int(audio[2]), length - audio.end() - _AUDIO_TAIL)
        else:
            self._finish(opening)

    def _count(self, index: int, samples: int, characters: int) -> None:
        if index != self._frames or characters != 4 * -(-2 * samples // 3):
            raise Disagreement(f"frame {index} for {self._frames}: {samples} samples in {characters} characters")
        self._frames += 1
        self._samples += samples

    def _finish(self, payload: bytes) -> None:
        final = json.loads(payload)
        announced = final["final"], final["chunks"], final["total_samples"], final["usage"]["audio_seconds"]
        if announced != (True, self._frames, self._samples, round(self._samples / 24_000, 6)) or not self._samples:
            raise Disagreement(f"{self._frames} frames with {self._samples} samples came; the end says {final}")
        self._received.generations += 1
        self._received.samples += self._samples
        self._frames = self._samples = 0
        self._ask()

    def _send(self, opcode: int, payload: bytes) -> None:
        """Send a frame, masked as a client must (RFC 6455, 5.3)."""
        size = len(payload)
        mask = os.urandom(4)
        key = (mask * (size // 4 + 1))[:size]
        masked = (int.from_bytes(payload) ^ int.from_bytes(key)).to_bytes(size)
        length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2)
        self._transport.write(bytes([0x80 | opcode]) + length + mask + masked)

    def _end(self, error: Exception | None) -> None:
        if not self.done.done():
            if error is None:
                self.done.set_result(None)
            else:
                self.done.set_exception(error)
            self._transport.close()


def ask(url: str, key: str, texts: list[str], sockets: int) -> Received:
    """Ask for all texts on so many sockets. Raises Disagreement or OSError."""
    received = Received()
    began = time.process_time()
    asyncio.run(_ask(url, key, deque(texts), sockets, received))
    received.processor_seconds = time.process_time() - began
    return received


async def _ask(url: str, key: str, texts: deque[str], sockets: int, received: Received) -> None:
    loop = asyncio.get_running_loop()
    host, _, port = urlsplit(url).netloc.rpartition(":")
    buffer = bytearray(_RECEIVED_AT_ONCE)
    opened = [
        await loop.create_connection(lambda: LoadSocket(url, key, texts, received, buffer), host, int(port))
        for _ in range(sockets)
    ]
    await asyncio.gather(*(socket.done for _, socket in opened))
