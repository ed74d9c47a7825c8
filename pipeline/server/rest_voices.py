"""``/v1/voices`` and the samples of voices."""

from __future__ import annotations

import io
import json
import wave
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.server.accounts import Caller
from pipeline.server.api_errors import ApiError, invalid, unprocessable
from pipeline.server.audio_formats import AudioFormat
from pipeline.server.bodies import CreateVoice, UpdateVoice, VoicesQuery, parse, path_id, read_body, read_query
from pipeline.server.catalogue import NATIVE_RATE
from pipeline.server.rest import api_route, error_response, json_response, page
from pipeline.server.service import Service
from pipeline.server.speaking import Script
from pipeline.server.voice_store import StoredVoice

_SAMPLE_TEXT = "This is how I sound when I read a story aloud."


def routes(service: Service) -> list[Route]:
    """The routes of voices, references and samples."""
    one = "/v1/voices/{voice_id}"

    async def sample(request: Request) -> Response:
        try:
            wav = service.voices.sample(path_id(request, "voice_id"))
        except ApiError as error:
            return error_response(error)
        return Response(wav, media_type="audio/wav")

    return [
        api_route(service, "/v1/voices", {"GET": _list, "POST": _create}),
        api_route(service, one, {"GET": _get, "PATCH": _update, "DELETE": _delete}),
        api_route(service, f"{one}/references", {"GET": _references, "POST": _add_reference}),
        api_route(service, f"{one}/references/{{reference_id}}", {"DELETE": _delete_reference}),
        api_route(service, f"{one}/publish", {"POST": _publish}),
        api_route(service, f"{one}/generate-sample", {"POST": _generate_sample}),
        Route("/samples/{voice_id}.wav", sample),
    ]


async def _list(service: Service, caller: Caller, request: Request) -> Response:
    query = read_query(request, VoicesQuery)
    found = service.voices.visible(
        caller.organisation.id, language=query.language or None, include_public=query.include_public
    )
    voices = [voice.public() for voice in found[query.offset : query.offset + query.limit]]
    return page("voices", voices, len(found), query.limit, query.offset)


async def _get(service: Service, caller: Caller, request: Request) -> Response:
    return json_response(service.voices.find(caller.organisation.id, request.path_params["voice_id"]).public())


async def _create(service: Service, caller: Caller, request: Request) -> Response:
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        body = await read_body(request, CreateVoice)
        return json_response(_created(service, caller, body).public(), 201)
    async with request.form() as form:
        body = parse(CreateVoice, await _metadata(form), "body")
        voice = _created(service, caller, body)
        for upload in form.getlist("files"):
            if isinstance(upload, UploadFile):
                service.voices.add_reference(voice.id, upload.filename or "", "", await upload.read())
    return json_response(voice.public(), 201)


async def _metadata(form: FormData) -> Any:
    part = form.get("metadata")
    text = await part.read() if isinstance(part, UploadFile) else part
    if text is None:
        raise unprocessable([{"type": "missing", "loc": ["body", "metadata"], "msg": "Field required"}])
    try:
        return json.loads(text)
    except ValueError as error:
        detail = {"type": "json_invalid", "loc": ["body", "metadata"], "msg": f"JSON decode error: {error}"}
        raise unprocessable([detail]) from error


def _created(service: Service, caller: Caller, body: CreateVoice) -> StoredVoice:
    _consented(given=body.speaker_consent)
    return service.voices.create(caller.organisation.id, body.model_dump(exclude={"speaker_consent"}))


def _consented(*, given: bool) -> None:
    if not given:
        raise ApiError(400, "SPEAKER_CONSENT_REQUIRED", "The speaker's consent must be confirmed: speaker_consent")


def _own(service: Service, caller: Caller, request: Request) -> StoredVoice:
    return service.voices.own(caller.organisation.id, request.path_params["voice_id"])


async def _update(service: Service, caller: Caller, request: Request) -> Response:
    body = await read_body(request, UpdateVoice)
    changes = body.model_dump(exclude_none=True)
    return json_response(service.voices.update(_own(service, caller, request), changes).public())


async def _delete(service: Service, caller: Caller, request: Request) -> Response:
    service.voices.delete(_own(service, caller, request))
    return Response(status_code=204)


async def _references(service: Service, caller: Caller, request: Request) -> Response:
    return json_response(service.voices.references(_own(service, caller, request).id))


async def _add_reference(service: Service, caller: Caller, request: Request) -> Response:
    voice = _own(service, caller, request)
    async with request.form() as form:
        upload = form.get("file")
        if not isinstance(upload, UploadFile):
            raise unprocessable([{"type": "missing", "loc": ["body", "file"], "msg": "Field required"}])
        _consented(given=str(form.get("speaker_consent", "")).lower() == "true")
        text = str(form.get("reference_text") or "")
        stored = service.voices.add_reference(voice.id, upload.filename or "", text, await upload.read())
    return json_response(stored, 201)


async def _delete_reference(service: Service, caller: Caller, request: Request) -> Response:
    service.voices.delete_reference(_own(service, caller, request).id, path_id(request, "reference_id"))
    return Response(status_code=204)


async def _publish(service: Service, caller: Caller, request: Request) -> Response:
    voice = _own(service, caller, request)
    return json_response(service.voices.update(voice, {"is_public": True, "pending_verification": True}).public())


async def _generate_sample(service: Service, caller: Caller, request: Request) -> Response:
    """Speak the voice's sample text; free of charge."""
    voice = _own(service, caller, request)
    if not service.voices.references(voice.id):
        raise invalid("The voice needs at least one reference")
    text = str(voice.fields.get("sample_text") or _SAMPLE_TEXT)
    wanted = AudioFormat("pcm_s16le", NATIVE_RATE)
    delivery = await service.speaker.speak(Script(text, "en", voice.pitch, 1.0, (), 2048, wanted))
    pieces = [delivery.source.piece(p.start, p.end) for chunk in delivery.chunks for p in delivery.pieces(chunk, 0)]
    service.voices.keep_sample(voice.id, _wav(b"".join(pieces)))
    url = f"{request.base_url}samples/{voice.id}.wav"
    service.voices.update(voice, {"sample_url": url})
    return json_response({"sample_s3_path": f"samples/{voice.id}.wav", "sample_url": url})


def _wav(pcm: bytes) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(NATIVE_RATE)
        file.writeframes(pcm)
    return buffer.getvalue()
