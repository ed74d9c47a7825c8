"""``POST /v1/tts/generate``: the audio of a text as a stream of bytes."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from pipeline.server.accounts import Caller
from pipeline.server.api_errors import ApiError
from pipeline.server.bodies import read_body
from pipeline.server.delivery import Delivery
from pipeline.server.faults import FaultKind, FaultRule
from pipeline.server.rest import api_route, error_response
from pipeline.server.service import Service
from pipeline.server.sockets import accounted
from pipeline.server.speech_request import RestRequest, wish
from pipeline.server.transport import ClientDisconnected
from pipeline.server.turn import Interrupted, Turn, admit, fault_error

_CUTTING = frozenset({FaultKind.RESTART, FaultKind.CUT, FaultKind.INTERNAL})


def routes(service: Service) -> list[Route]:
    """The route of speech over REST."""
    return [api_route(service, "/v1/tts/generate", {"POST": _generate})]


async def _generate(service: Service, caller: Caller, request: Request) -> Response:
    body = await read_body(request, RestRequest)
    return _Speech(service, caller, request, body)


class _Speech(Response):
    """Speaks when it is sent: what fails before the first byte is an error with a status, later a broken line."""

    def __init__(self, service: Service, caller: Caller, request: Request, body: RestRequest) -> None:
        super().__init__(status_code=200)
        self._service = service
        self._caller = caller
        self._request = request
        self._body = body
        self._started = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._speak(send)
        except (Interrupted, ClientDisconnected):
            return
        except ApiError as error:
            if not self._started:
                response = error_response(error)
                response.headers.update({k: v for k, v in self.headers.items() if k.startswith("x-")})
                await response(scope, receive, send)

    async def _speak(self, send: Send) -> None:
        text = self._body.text
        request_id = self._request.state.request_id
        turn = admit(self._service, self._caller, "rest", request_id, wish(self._body), text)
        with accounted(turn), turn.generation(text):
            delivery = await turn.spoken(text)
            await self._start(send, delivery)
            for chunk in delivery.chunks:
                for _, start, end in delivery.pieces(chunk, turn.audio_frames):
                    await self._send_piece(send, turn, delivery.source.piece(start, end))
            await self._finish(send, turn)

    async def _start(self, send: Send, delivery: Delivery) -> None:
        wanted = delivery.source.format
        self.headers.update(self._caller.rate_headers())
        self.headers["X-Sample-Rate"] = str(wanted.sample_rate)
        self.headers["X-Audio-Format"] = wanted.encoding
        self.headers["X-KugelAudio-AI-Generated"] = "true"
        self.headers["Content-Type"] = "application/octet-stream"
        del self.headers["content-length"]
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        self._started = True

    async def _send_piece(self, send: Send, turn: Turn, piece: bytes) -> None:
        rule = turn.interruption()
        if rule is not None:
            if rule.fault is FaultKind.TRUNCATED_FRAME:
                piece = piece[: len(piece) // 4 * 2]
            elif rule.fault is FaultKind.LOST_FRAME:
                piece = b""
            else:
                await _interrupt(turn, rule)
        turn.audio_frames += 1
        await send({"type": "http.response.body", "body": piece, "more_body": True})

    async def _finish(self, send: Send, turn: Turn) -> None:
        rule = turn.interruption(at_end=True)
        if rule is not None:
            await _interrupt(turn, rule)
        if await self._request.is_disconnected():
            raise ClientDisconnected
        turn.bill()
        if FaultKind.MISSING_FINAL in turn.drawn.changes:
            turn.lose()
            raise Interrupted
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _interrupt(turn: Turn, rule: FaultRule) -> None:
    """A fault strikes. Raises Interrupted where the line is to be cut."""
    if rule.fault is FaultKind.STALL:
        await asyncio.sleep(rule.delay_ms / 1000)
    elif rule.fault is FaultKind.LOST_ANSWER:
        turn.bill()
        turn.lose()
        raise Interrupted
    elif rule.fault is FaultKind.INTERNAL:
        raise fault_error(rule, turn.route)
    elif rule.fault in _CUTTING:
        raise Interrupted
