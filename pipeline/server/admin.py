"""``/admin``: faults, keys, wallets and the books, for whoever tests against the server; on this machine only."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Annotated, Any, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.errors import UsageError
from pipeline.server.accounts import KeyState
from pipeline.server.api_errors import ApiError, invalid, not_found
from pipeline.server.faults import read_script
from pipeline.server.rest import error_response, json_response
from pipeline.server.service import Service

_Model = TypeVar("_Model", bound=BaseModel)
_Handler = Callable[[Service, Request], Awaitable[object]]


class _KeyChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    organisation: str = "local"
    state: KeyState = KeyState.VALID


class _OrganisationChange(BaseModel):
    """``wallet_cents`` null: a wallet that never empties; absent: as it is."""

    model_config = ConfigDict(extra="forbid")

    tier: Annotated[int, Field(ge=0, le=4)] | None = None
    wallet_cents: Decimal | None = None


def routes(service: Service) -> list[Route]:
    """The admin routes."""
    return [
        _route(service, "/admin/books", {"GET": _books}),
        _route(service, "/admin/faults", {"GET": _faults, "PUT": _load_faults, "DELETE": _clear_faults}),
        _route(service, "/admin/accounts", {"GET": _accounts}),
        _route(service, "/admin/keys/{key}", {"PUT": _put_key}),
        _route(service, "/admin/organisations/{organisation}", {"PUT": _put_organisation}),
    ]


def _route(service: Service, path: str, methods: dict[str, _Handler]) -> Route:
    async def endpoint(request: Request) -> Response:
        try:
            _from_here(request)
            return json_response(await methods[request.method](service, request))
        except ApiError as error:
            return error_response(error)

    return Route(path, endpoint, methods=[*methods])


def _from_here(request: Request) -> None:
    """Raises ApiError 404 for callers on other machines: to them there is nothing here."""
    host = request.client.host if request.client is not None else ""
    try:
        here = ipaddress.ip_address(host).is_loopback
    except ValueError:
        here = False
    if not here:
        raise not_found("Route")


async def _books(service: Service, _: Request) -> object:
    return {"requests": service.books.lines(), "totals": service.books.totals()}


async def _faults(service: Service, _: Request) -> object:
    return {"script": service.faults.script.model_dump(mode="json"), "counts": service.faults.counts()}


async def _load_faults(service: Service, request: Request) -> object:
    try:
        service.faults.load(read_script(await _body(request), "body"))
    except UsageError as error:
        raise invalid(error.message) from error
    return await _faults(service, request)


async def _clear_faults(service: Service, request: Request) -> object:
    service.faults.load(read_script(None, "body"))
    return await _faults(service, request)


async def _accounts(service: Service, _: Request) -> object:
    return service.accounts.public()


async def _put_key(service: Service, request: Request) -> object:
    change = _checked(_KeyChange, await _body(request))
    service.accounts.put_key(request.path_params["key"], change.organisation, change.state)
    return service.accounts.public()


async def _put_organisation(service: Service, request: Request) -> object:
    change = _checked(_OrganisationChange, await _body(request))
    name = request.path_params["organisation"]
    known = service.accounts.organisation(name)
    tier = change.tier if change.tier is not None else known.tier if known is not None else 3
    wallet = change.wallet_cents
    if "wallet_cents" not in change.model_fields_set and known is not None:
        wallet = known.wallet.balance
    return service.accounts.put_organisation(name, tier, wallet).public()


async def _body(request: Request) -> Any:
    try:
        return orjson.loads(await request.body() or b"{}")
    except orjson.JSONDecodeError as error:
        raise invalid(f"The body is no JSON: {error}") from error


def _checked(model: type[_Model], value: object) -> _Model:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise invalid(str(error.errors(include_url=False)[0]["msg"])) from error
