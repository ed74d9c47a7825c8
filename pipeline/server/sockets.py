"""What the three WebSockets share: opening, sending, errors, and faults on the line."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from secrets import token_hex
from typing import Any

import orjson
from starlette.responses import JSONResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from pipeline.server import frames
from pipeline.server.accounts import Caller
from pipeline.server.api_errors import FAULT_CLOSE_CODES, ApiError, invalid
from pipeline.server.books import Outcome
from pipeline.server.chunks import Chunk
from pipeline.server.delivery import Delivery
from pipeline.server.faults import Drawn, FaultKind, FaultRule, Occasion
from pipeline.server.service import Service
from pipeline.server.transport import EXTENSION, ClientDisconnected, FrameParts, RawSocket
from pipeline.server.turn import Interrupted, Turn, fault_error

Handler = Callable[["Line"], Awaitable[None]]


class Line:
    """One open WebSocket and who is at its other end."""

    def __init__(self, service: Service, websocket: WebSocket, caller: Caller, request_id: str) -> None:
        self.service = service
        self.websocket = websocket
        self.caller = caller
        self.request_id = request_id
        """Of the connection: on every error frame."""
        self._raw: RawSocket = websocket.scope["extensions"][EXTENSION]

    async def receive(self) -> dict[str, Any]:
        """The next frame. Raises ApiError for one that is no JSON object, WebSocketDisconnect at the end."""
        message = await self.websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message["code"])
        raw = message.get("text") or message.get("bytes") or ""
        try:
            value = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise invalid(f"The frame is no JSON: {error}") from error
        if not isinstance(value, dict):
            raise invalid("The frame is no JSON object")
        return value

    async def write(self, framed: bytes) -> None:
        """Send a frame that is ready."""
        await self._raw.write(framed)

    async def write_all(self, ready: Iterable[FrameParts]) -> None:
        """Send many frames that are ready."""
        await self._raw.write_all(ready)

    async def say(self, value: Mapping[str, Any]) -> None:
        """Send a frame."""
        await self._raw.write(frames.json_frame(value))

    async def refuse(self, error: ApiError, extra: Mapping[str, Any] | None = None) -> bool:
        """Send an error frame (or only close, where a fault wants that); returns whether the socket was closed."""
        if error.by_closing:
            await self.close(FAULT_CLOSE_CODES.get(error.error_code, 4000), error.error_code)
            return True
        await self.say({**error.frame(self.request_id), **(extra or {})})
        if error.close_code is not None:
            await self.close(error.close_code, error.error_code)
        return error.close_code is not None

    async def close(self, code: int, reason: str = "") -> None:
        """Close with a code."""
        await self.websocket.close(code, reason)

    def cut(self) -> None:
        """Cut the line."""
        self._raw.abort()


async def open_line(service: Service, websocket: WebSocket, route: str, handler: Handler) -> None:
    """Check key, connections and faults, accept, and let ``handler`` converse until either side has enough."""
    request_id = token_hex(16)
    try:
        caller = service.accounts.caller(_key(websocket))
    except ApiError as error:
        await _deny(websocket, ApiError(403, error.error_code, error.message), request_id)
        return
    drawn = service.faults.draw(Occasion(route, caller.key, handshake=True))
    await asyncio.sleep(drawn.delay_ms / 1000)
    try:
        with caller.organisation.limits.connection():
            if not await _spoiled(websocket, drawn, request_id):
                await websocket.accept(headers=[(b"x-request-id", request_id.encode())])
                await _converse(Line(service, websocket, caller, request_id), handler)
    except ApiError as error:
        await _deny(websocket, error, request_id)


async def _converse(line: Line, handler: Handler) -> None:
    try:
        await handler(line)
    except (WebSocketDisconnect, ClientDisconnected, Interrupted):
        return


async def _spoiled(websocket: WebSocket, drawn: Drawn, request_id: str) -> bool:
    """Whether a fault took the handshake."""
    rule = drawn.refusal or drawn.interruption
    if rule is None:
        return False
    if rule.fault is FaultKind.RESTART:
        await websocket.accept()
        await websocket.close(rule.close_code, "draining")
    elif rule.fault is FaultKind.CUT:
        websocket.scope["extensions"][EXTENSION].abort()
    else:
        error = fault_error(rule, "ws")
        status = 403 if error.status == 401 else error.status
        retry_after = rule.retry_after
        await _deny(websocket, ApiError(status, error.error_code, error.message, retry_after=retry_after), request_id)
    return True


async def _deny(websocket: WebSocket, error: ApiError, request_id: str) -> None:
    """Refuse the handshake, with the error as the body of the HTTP answer."""
    headers = {"x-request-id": request_id, **error.headers()}
    await websocket.send_denial_response(JSONResponse(error.body(), error.status, headers))


def _key(websocket: WebSocket) -> str | None:
    return websocket.query_params.get("api_key") or key_of(websocket.headers)


def key_of(headers: Mapping[str, str]) -> str | None:
    """The key of an HTTP request: ``Authorization: Bearer`` or ``X-API-Key``."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else headers.get("x-api-key")


@contextmanager
def accounted(turn: Turn) -> Iterator[None]:
    """Whatever happens inside, the turn is billed there or given back here."""
    try:
        yield
    except ApiError as error:
        turn.fail(Outcome.FAILED, error.error_code)
        raise
    except BaseException:
        turn.fail(Outcome.ABANDONED, None)
        raise


async def deliver(
    line: Line, turn: Turn, delivery: Delivery, extra: Mapping[str, Any], offset: int, *, words: bool
) -> None:
    """Send the audio of a text and, chunk by chunk after it, its words; faults strike on the way."""
    wanted = words and FaultKind.MISSING_TIMESTAMPS not in turn.drawn.changes
    late = FaultKind.LATE_TIMESTAMPS in turn.drawn.changes
    if turn.drawn.interruption is None and not (wanted and late):
        await line.write_all(_undisturbed(turn, delivery, extra, offset, words=wanted))
        return
    prefix = frames.members(extra)
    waiting: list[FrameParts] = []
    for chunk in delivery.chunks:
        for framed in frames.audio_frames(delivery.source, delivery.pieces(chunk, turn.audio_frames), prefix):
            await _send_audio(line, turn, b"".join(framed))
            await line.write_all(waiting)
            waiting.clear()
        if wanted:
            waiting.append(_words(delivery, chunk, extra, offset))
            if not late:
                await line.write_all(waiting)
                waiting.clear()
    await line.write_all(waiting)


def _undisturbed(
    turn: Turn, delivery: Delivery, extra: Mapping[str, Any], offset: int, *, words: bool
) -> Iterator[FrameParts]:
    prefix = frames.members(extra)
    for chunk in delivery.chunks:
        pieces = delivery.pieces(chunk, turn.audio_frames)
        turn.audio_frames += len(pieces)
        yield from frames.audio_frames(delivery.source, pieces, prefix)
        if words:
            yield _words(delivery, chunk, extra, offset)


def _words(delivery: Delivery, chunk: Chunk, extra: Mapping[str, Any], offset: int) -> FrameParts:
    told = {**extra, "word_timestamps": frames.timestamps(delivery.text, chunk.words, offset)}
    return (frames.json_frame(told),)


async def _send_audio(line: Line, turn: Turn, framed: bytes) -> None:
    rule = turn.interruption()
    if rule is None:
        await line.write(framed)
    elif rule.fault is FaultKind.TRUNCATED_FRAME:
        await line.write(frames.half(framed))
    elif rule.fault is not FaultKind.LOST_FRAME:
        await interrupt(line, turn, rule)
        await line.write(framed)
    turn.audio_frames += 1


async def finish(line: Line, turn: Turn) -> dict[str, Any] | None:
    """Bill; returns the usage to be told, None where a fault keeps the end back."""
    rule = turn.interruption(at_end=True)
    if rule is not None:
        await interrupt(line, turn, rule)
    usage = turn.bill()
    if FaultKind.MISSING_FINAL in turn.drawn.changes:
        turn.lose()
        return None
    return usage


async def interrupt(line: Line, turn: Turn, rule: FaultRule) -> None:
    """Let a fault strike. Raises Interrupted where the connection is gone, ApiError for an error frame."""
    match rule.fault:
        case FaultKind.INTERNAL:
            raise fault_error(rule, turn.route)
        case FaultKind.STALL:
            await asyncio.sleep(rule.delay_ms / 1000)
        case FaultKind.MALFORMED_FRAME:
            await line.write(frames.text_frame(b'{"audio": "AAAA", "enc": '))
        case FaultKind.RESTART:
            await line.close(rule.close_code, "service restart")
            raise Interrupted
        case FaultKind.LOST_ANSWER:
            turn.bill()
            turn.lose()
            line.cut()
            raise Interrupted
        case FaultKind.CUT:
            line.cut()
            raise Interrupted
        case _:
            return
