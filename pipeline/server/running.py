"""Running the server: in the foreground for people, in the background for tests and benchmarks."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import uvicorn

from pipeline.engines.hibari import HibariEngine
from pipeline.errors import UsageError
from pipeline.server.app import build_app
from pipeline.server.service import ServerOptions, Service, open_service
from pipeline.server.speaking import EngineSpeaker, SilentSpeaker, Speaker
from pipeline.server.transport import LocalWebSocket

LOOPBACK = "127.0.0.1"
DEFAULT_PORT = 8765
_BACKLOG = 512
_START_SECONDS = 10.0


def serve(options: ServerOptions, host: str, port: int, started: Callable[[str], None]) -> None:
    """Serve until interrupted; ``started`` is told the URL once connections are accepted.

    Raises UsageError where the port cannot be had, StorageError where the state cannot be kept.
    """
    line = listening(host, port)
    server, _ = _server(options)
    started(url_of(line))
    server.run(sockets=[line])


class BackgroundServer:
    """A server on a thread of this process, for the length of a ``with`` block; ``port`` 0 takes a free one."""

    def __init__(self, options: ServerOptions | None = None, port: int = 0) -> None:
        self._line = listening(LOOPBACK, port)
        self._server, self.service = _server(options or ServerOptions())
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._line]}, daemon=True)

    @property
    def url(self) -> str:
        """Where it listens: http://127.0.0.1:PORT."""
        return url_of(self._line)

    def __enter__(self) -> Self:
        self._thread.start()
        deadline = time.monotonic() + _START_SECONDS
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise RuntimeError("the server did not start")
            time.sleep(0.005)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(_START_SECONDS)
        self._line.close()


_ELSEWHERE = "give --port another number, or --host an address of this machine"


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises UsageError where the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # the protocol is named because asyncio turns Nagle's algorithm off (40 ms a request) only where it is
    line = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        line.bind((host, port))
    except (OSError, OverflowError) as error:
        line.close()
        raise UsageError(f"cannot listen on {host}:{port}: {error}", hint=_ELSEWHERE) from error
    line.listen(_BACKLOG)
    return line


def url_of(line: socket.socket) -> str:
    """The URL of a listening socket."""
    host, port = line.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _server(options: ServerOptions) -> tuple[uvicorn.Server, Service]:
    engine = None if options.silent else HibariEngine(options.jobs)
    speaker: Speaker = SilentSpeaker() if engine is None else EngineSpeaker(engine)
    service = open_service(options, speaker)
    config = uvicorn.Config(
        build_app(service, engine),
        ws=LocalWebSocket,
        ws_per_message_deflate=False,
        log_level="warning",
        access_log=False,
        use_colors=False,
        lifespan="on",
        timeout_graceful_shutdown=2,
    )
    logging.getLogger("uvicorn.error").addFilter(_expected)
    return uvicorn.Server(config), service


def _expected(record: logging.LogRecord) -> bool:
    """Leave out what uvicorn says when a fault cuts an answer short, and when a handshake is refused."""
    return not record.getMessage().startswith("ASGI callable returned without completing")
