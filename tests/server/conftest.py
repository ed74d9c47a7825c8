"""A silent server on a thread, and small clients for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import orjson
import pytest
from websockets.sync.client import ClientConnection, connect

from pipeline.server.faults import FaultScript, read_script
from pipeline.server.running import BackgroundServer
from pipeline.server.service import ServerOptions

KEY = {"X-API-Key": "ka_local"}
TEXT = "The lamp was lit again that night. Nobody had climbed the stairs."


class Caller:
    """One server and what a test wants of it."""

    def __init__(self, server: BackgroundServer, stack: ExitStack) -> None:
        self.server = server
        self.http = stack.enter_context(httpx.Client(base_url=server.url, headers=KEY, timeout=10))
        self._stack = stack

    def socket(self, path: str = "/ws/tts", key: str = "ka_local") -> ClientConnection:
        url = f"{self.server.url.replace('http', 'ws')}{path}?api_key={key}"
        return self._stack.enter_context(connect(url, compression=None, close_timeout=1))

    def ask(self, socket: ClientConnection, **fields: Any) -> list[dict[str, Any]]:
        """One request on ``/ws/tts``: the frames up to the final or error frame."""
        socket.send(orjson.dumps({"text": TEXT, "voice_id": 1071, "language": "en", **fields}), text=True)
        return frames_until(socket, "final", "error")

    def faults(self, *rules: dict[str, Any], seed: int = 0) -> None:
        answer = self.http.put("/admin/faults", json={"seed": seed, "faults": list(rules)})
        assert answer.status_code == 200, answer.text

    def books(self) -> list[dict[str, Any]]:
        lines: list[dict[str, Any]] = self.http.get("/admin/books").json()["requests"]
        return lines


def frames_until(socket: ClientConnection, *members: str, timeout: float = 60) -> list[dict[str, Any]]:
    """The frames up to the first that has one of the members."""
    frames: list[dict[str, Any]] = []
    while not any(member in frame for frame in frames[-1:] for member in members):
        frames.append(orjson.loads(socket.recv(timeout)))
    return frames


@pytest.fixture
def start() -> Iterator[Callable[..., Caller]]:
    """Starts silent servers with the options given."""
    with ExitStack() as stack:

        def started(**options: Any) -> Caller:
            options.setdefault("silent", True)
            if isinstance(options.get("faults"), list):
                options["faults"] = read_script({"faults": options["faults"]}, "test")
            return Caller(stack.enter_context(BackgroundServer(ServerOptions(**options))), stack)

        yield started


@pytest.fixture
def caller(start: Callable[..., Caller]) -> Caller:
    """A silent server without limits."""
    return start(tier=0, faults=FaultScript())
