"""The ASGI application: all routes on one service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from pipeline.engines.protocol import Engine
from pipeline.server import (
    admin,
    rest_dictionaries,
    rest_models,
    rest_speech,
    rest_voices,
    ws_generate,
    ws_multi,
    ws_session,
)
from pipeline.server.rest import unknown_route
from pipeline.server.service import Service
from pipeline.server.sockets import Handler, open_line


def build_app(service: Service, engine: Engine | None) -> Starlette:
    """The application; ``engine`` (None: none is needed) is entered while it runs."""
    families = (rest_models, rest_voices, rest_dictionaries, rest_speech, admin)
    return Starlette(
        routes=[
            *(route for family in families for route in family.routes(service)),
            WebSocketRoute("/ws/tts", _socket(service, "ws", ws_generate.converse)),
            WebSocketRoute("/ws/tts/stream", _socket(service, "stream", ws_session.converse)),
            WebSocketRoute("/ws/tts/multi", _socket(service, "multi", ws_multi.converse)),
        ],
        exception_handlers={HTTPException: unknown_route},
        lifespan=_lifespan(service, engine),
    )


def _socket(service: Service, route: str, handler: Handler) -> Callable[[WebSocket], Awaitable[None]]:
    async def endpoint(websocket: WebSocket) -> None:
        await open_line(service, websocket, route, handler)

    return endpoint


def _lifespan(service: Service, engine: Engine | None) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        try:
            if engine is None:
                yield
            else:
                async with engine:
                    yield
        finally:
            service.database.close()

    return lifespan
