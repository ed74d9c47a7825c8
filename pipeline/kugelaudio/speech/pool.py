"""Sockets of one event loop, each lent to one generation at a time."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from pipeline.kugelaudio.configuration import Configuration
from pipeline.kugelaudio.errors import KugelAudioError
from pipeline.kugelaudio.speech.socket import Socket, open_socket
from pipeline.kugelaudio.trace import CallTrace

PATH: Final = "/ws/tts"
ASK_AFTER_S: Final = 25.0
"""A socket idle for longer is pinged before use: proxies drop idle ones after 20 to 30 s, not always saying so."""
PONG_S: Final = 2.0


class SocketPool:
    """Lends open sockets per model (the service routes by it), opens more when none is free, up to a limit."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._idle: dict[str, list[Socket]] = {}
        self._places = asyncio.Semaphore(configuration.max_sockets)
        self._lent: dict[Socket, str] = {}

    @property
    def idle(self) -> int:
        """Open sockets that wait for work."""
        return sum(map(len, self._idle.values()))

    async def acquire(self, model_id: str, trace: CallTrace) -> Socket:
        """Lend a socket, waiting while as many as allowed are in use. Raises the error of connecting."""
        await self._places.acquire()
        try:
            socket = await self._free(model_id)
            if socket is None:
                await self._make_room()
                socket = await open_socket(self._configuration, PATH, {"model_id": model_id})
                trace.tell("connected")
            else:
                trace.tell("reused", generations=socket.used)
        except BaseException:
            self._places.release()
            raise
        self._lent[socket] = model_id
        return socket

    def release(self, socket: Socket, *, reusable: bool) -> None:
        """Take a socket back; one whose answer was not read to its end is cut."""
        model_id = self._lent.pop(socket)
        self._places.release()
        if reusable and socket.open:
            socket.rest()
            socket.used += 1
            socket.idle_since = time.monotonic()
            self._idle.setdefault(model_id, []).append(socket)
        else:
            socket.drop()

    async def close(self) -> None:
        """Close the idle sockets; those in use are cut."""
        idle = [socket for sockets in self._idle.values() for socket in sockets]
        self._idle.clear()
        for socket in self._lent:
            socket.drop()
        await asyncio.gather(*(socket.close() for socket in idle))

    async def _free(self, model_id: str) -> Socket | None:
        sockets = self._idle.get(model_id, [])
        while sockets:
            socket = sockets.pop()
            if await _fit(socket):
                return socket
            socket.drop()
        return None

    async def _make_room(self) -> None:
        """Close an idle socket of another model where the limit counts it too."""
        if self.idle + len(self._lent) < self._configuration.max_sockets:
            return
        for sockets in self._idle.values():
            if sockets:
                await sockets.pop(0).close()
                return


async def _fit(socket: Socket) -> bool:
    """Say whether an idle socket can carry a request: open, silent, and alive if it has been idle for long."""
    try:
        if not socket.open or socket.arrived() is not None:
            return False
    except KugelAudioError:
        return False
    if time.monotonic() - socket.idle_since < ASK_AFTER_S:
        return True
    return await socket.answers(PONG_S)
