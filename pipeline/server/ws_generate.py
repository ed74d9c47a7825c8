"""``/ws/tts``: one request after the other on one socket."""

from __future__ import annotations

from secrets import token_hex

from pipeline.server import frames
from pipeline.server.api_errors import ApiError
from pipeline.server.sockets import Line, accounted, deliver, finish
from pipeline.server.speech_request import SocketRequest, socket_request, wish
from pipeline.server.turn import admit


async def converse(line: Line) -> None:
    """Answer every frame with a generation, or with an error frame."""
    model_id = line.websocket.query_params.get("model_id")
    while True:
        try:
            value = await line.receive()
            line.request_id = token_hex(16)
            await _answer(line, socket_request(value, model_id))
        except ApiError as error:
            if await line.refuse(error):
                return


async def _answer(line: Line, request: SocketRequest) -> None:
    turn = admit(line.service, line.caller, "ws", line.request_id, wish(request), request.text)
    with accounted(turn), turn.generation(request.text):
        delivery = await turn.spoken(request.text)
        await deliver(line, turn, delivery, {}, 0, words=request.word_timestamps)
        usage = await finish(line, turn)
        if usage is not None:
            await line.write(frames.json_frame(turn.final(usage)))
