"""What all REST routes share: the key, request ids, rate-limit headers, and the shape of errors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from secrets import token_hex
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.server.accounts import Caller
from pipeline.server.api_errors import ApiError
from pipeline.server.service import Service
from pipeline.server.sockets import key_of

Handler = Callable[[Service, Caller, Request], Awaitable[Response]]


def json_response(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON body."""
    return Response(orjson.dumps(value), status, headers, "application/json")


def error_response(error: ApiError) -> Response:
    """An error's status, body and headers."""
    return json_response(error.body(), error.status, error.headers())


def api_route(service: Service, path: str, methods: dict[str, Handler]) -> Route:
    """A route that needs a key, with a handler for each method."""

    async def endpoint(request: Request) -> Response:
        request_id = token_hex(16)
        request.state.request_id = request_id
        headers = {"x-request-id": request_id}
        try:
            caller = service.accounts.caller(key_of(request.headers))
            headers |= caller.rate_headers()
            response = await methods[request.method](service, caller, request)
        except ApiError as error:
            response = error_response(error)
        response.headers.update(headers)
        return response

    return Route(path, endpoint, methods=[*methods])


async def unknown_route(_: Request, error: Exception) -> Response:
    """Unknown paths and methods, as FastAPI answers them."""
    assert isinstance(error, HTTPException)
    return json_response({"detail": error.detail}, error.status_code, dict(error.headers or {}))


def page(name: str, items: Sequence[Any], total: int, limit: int, offset: int) -> Response:
    """One page of a list."""
    return json_response({name: items, "total": total, "limit": limit, "offset": offset})
