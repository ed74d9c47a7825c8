"""``/v1/models``, ``/v1/billing/credit-state``, ``/health`` and ``/ready``."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.server.accounts import Caller
from pipeline.server.bodies import CreditHeaders, CreditQuery, parse, read_query
from pipeline.server.catalogue import MODELS
from pipeline.server.rest import api_route, json_response
from pipeline.server.service import Service


def routes(service: Service) -> list[Route]:
    """The routes of models and health."""

    async def health(_: Request) -> Response:
        return json_response({"status": "healthy", "server_id": service.server_id})

    async def ready(_: Request) -> Response:
        return json_response({"status": "ready", "model_path": "embedded", "multi_model": True})

    return [
        Route("/health", health),
        Route("/ready", ready),
        api_route(service, "/v1/models", {"GET": _models}),
        api_route(service, "/v1/billing/credit-state", {"GET": _credit}),
    ]


async def _models(service: Service, caller: Caller, request: Request) -> Response:  # noqa: ARG001 - the same for all
    return json_response({"models": [model.public() for model in MODELS.values()]})


async def _credit(service: Service, caller: Caller, request: Request) -> Response:  # noqa: ARG001
    read_query(request, CreditQuery)
    parse(CreditHeaders, dict(request.headers), "header")
    wallet = caller.organisation.wallet
    remaining = None if wallet.balance is None else float(wallet.balance)
    return json_response({"has_access": not wallet.empty, "remaining_cents": remaining})
