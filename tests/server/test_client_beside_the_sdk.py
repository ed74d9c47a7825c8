"""Our client and the provider's own SDK make the same of the same payloads and refusals, but for the listed rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import kugelaudio.models as sdk
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kugelaudio import exceptions as sdk_errors

import pipeline.kugelaudio as ours
from pipeline.kugelaudio import mapping
from pipeline.kugelaudio.rest import voice_calls
from pipeline.kugelaudio.rest.call import reader
from pipeline.kugelaudio.speech.conversation import Collector, read_usage, read_words
from pipeline.kugelaudio.speech.frames import read_audio
from pipeline.kugelaudio.speech.request import speech_request
from tests.server.sdk_differences import contradictions, written

Payload = dict[str, Any]
Read = Callable[[Payload], Any]
Told = tuple[object, ...]
REFUSED = (KeyError, ValueError, TypeError, ours.KugelAudioError)


def _rest(model: type[Any]) -> Read:
    read = reader(model)
    return lambda payload: read(orjson.dumps(payload))


def _response(payload: Payload) -> Any:
    collector = Collector()
    for number in range(2):
        collector.add(ours.AudioChunk(audio=b"\1\0" * 2400, index=number, sample_rate=24000, samples=2400))
    return collector.response(payload, read_usage(payload))


def _sdk_response(payload: Payload) -> Any:
    chunks = [sdk.AudioChunk(audio=b"\1\0" * 2400, index=n, sample_rate=24000, samples=2400) for n in range(2)]
    return sdk.AudioResponse.from_chunks(chunks, payload)


VOICE = {
    "id": 1071,
    "name": "Ada",
    "description": "calm",
    "category": "narrative",
    "sex": "female",
    "age": "middle_age",
    "quality": "high",
    "supported_languages": ["en", "de"],
    "sample_text": "Good evening.",
    "avatar_url": "https://h/a.png",
    "sample_url": "https://h/a.wav",
    "is_public": True,
    "verified": True,
}
ENTRY = {
    "id": 5,
    "dictionary_id": 4,
    "word": "lamp",
    "replacement": "lantern",
    "ipa": "læmp",
    "case_sensitive": True,
    "created_at": "2026-01-01T00:00:00Z",
    "updated_at": "2026-01-02T00:00:00Z",
}
USAGE = {"audio_seconds": 1.5, "cost_cents": 0.175, "currency": "eur", "characters": 9, "model_id": "kugel-3"}
PAGE = {"total": 7, "limit": 20, "offset": 0}
REQUEST = {
    "text": "Hello.",
    "model_id": "kugel-3",
    "voice_id": 1071,
    "cfg_scale": 9.0,
    "temperature": 0.5,
    "max_new_tokens": 512,
    "sample_rate": 16000,
    "output_format": "pcm_16000",
    "normalize": False,
    "language": "en",
    "word_timestamps": True,
    "speed": 1.1,
    "dictionary_ids": [],
    "project_id": 3,
}
CONFIG = {
    **{name: value for name, value in REQUEST.items() if name != "text"},
    "flush_timeout_ms": 100,
    "max_buffer_length": 200,
    "chunk_length_schedule": [5, 80],
    "auto_mode": True,
}
MODELS: dict[str, tuple[Payload, Read, Read]] = {
    "Model": (
        {
            "id": "kugel-3",
            "model_id": "kugel-3",
            "name": "Kugel 3",
            "description": "d",
            "parameters": "7B",
            "max_input_length": 4000,
            "sample_rate": 24000,
        },
        sdk.Model.from_dict,
        _rest(ours.Model),
    ),
    "Voice": (VOICE, sdk.Voice.from_dict, _rest(ours.Voice)),
    "VoiceDetail": (
        {**VOICE, "generative_voice_description": "soft", "pending_verification": True},
        sdk.VoiceDetail.from_dict,
        _rest(ours.VoiceDetail),
    ),
    "VoiceListResponse": ({"voices": [VOICE], **PAGE}, sdk.VoiceListResponse.from_dict, _rest(ours.VoiceListResponse)),
    "VoiceReference": (
        {
            "id": 1,
            "voice_id": 2,
            "name": "a.wav",
            "reference_text": "Hi",
            "s3_path": "s",
            "audio_url": "u",
            "is_generated": True,
        },
        sdk.VoiceReference.from_dict,
        _rest(ours.VoiceReference),
    ),
    "GeneratedSample": (
        {"sample_s3_path": "s", "sample_url": "u"},
        sdk.GeneratedSample.from_dict,
        lambda payload: voice_calls.generate_sample(1).read(orjson.dumps(payload)),
    ),
    "Dictionary": (
        {
            "id": 4,
            "project_id": 3,
            "name": "Names",
            "description": "d",
            "language": "en",
            "is_active": False,
            "created_at": "2026-01-01",
            "updated_at": "2026-01-02",
        },
        sdk.Dictionary.from_dict,
        _rest(ours.Dictionary),
    ),
    "DictionaryEntry": (ENTRY, sdk.DictionaryEntry.from_dict, _rest(ours.DictionaryEntry)),
    "DictionaryEntryList": (
        {"entries": [ENTRY], **PAGE},
        sdk.DictionaryEntryList.from_dict,
        _rest(ours.DictionaryEntryList),
    ),
    "BulkReplaceResult": (
        {"upserted": 3, "deleted": 1, "total": 3},
        sdk.BulkReplaceResult.from_dict,
        _rest(ours.BulkReplaceResult),
    ),
    "WordTimestamp": (
        {"word": "Hi", "start_ms": 0, "end_ms": 90, "char_start": 0, "char_end": 2, "score": 0.9},
        sdk.WordTimestamp.from_dict,
        lambda payload: read_words([payload])[0],
    ),
    "SessionUsage": (USAGE, sdk.SessionUsage.from_dict, lambda payload: read_usage({"usage": payload})),
    "Account": (
        {"usage": USAGE, "total_audio_seconds": 1.5},
        sdk.SessionUsage.from_session_payload,
        read_usage,
    ),
    "AudioChunk": (
        {"audio": "AAE=", "idx": 3, "sr": 24000, "samples": 1, "enc": "pcm_s16le"},
        sdk.AudioChunk.from_dict,
        lambda payload: read_audio(payload, "pcm_s16le"),
    ),
    "AudioResponse": (
        {"final": True, "gen_ms": 12.5, "rtf": 0.1, "dur_ms": 999.0, "total_samples": 23976, "usage": USAGE},
        _sdk_response,
        _response,
    ),
    "GenerateRequest": (
        REQUEST,
        lambda payload: sdk.GenerateRequest(**payload).to_dict(),
        lambda payload: speech_request(payload["text"], {k: v for k, v in payload.items() if k != "text"}).to_wire(),
    ),
    "StreamConfig": (
        CONFIG,
        lambda payload: sdk.StreamConfig(**payload).to_dict(),
        lambda payload: ours.StreamConfig(**payload).to_wire(),
    ),
}
"""For each model a whole payload, and who reads it: the SDK, and what our client reads it with."""


def _made(read: Read, payload: Payload) -> str:
    try:
        return written(read(payload))
    except REFUSED:
        return "refused"


def _both(name: str, payload: Payload) -> tuple[str, str]:
    _, theirs, mine = MODELS[name]
    return _made(theirs, payload), _made(mine, payload)


def _changed(payload: Payload) -> dict[str, Payload]:
    """The payload with each of its fields missing, null, of another type, or saying what nobody knows yet."""
    found: dict[str, Payload] = {"whole": payload, "unknown field": {**payload, "newer": {"a": [1]}}}
    for name, value in payload.items():
        found[f"{name}/missing"] = {key: item for key, item in payload.items() if key != name}
        found[f"{name}/null"] = {**payload, name: None}
        found[f"{name}/wrong"] = {**payload, name: ["x"] if isinstance(value, str | dict) else "x"}
        if name in {"sex", "age", "category"}:
            found[f"{name}/unknown"] = {**payload, name: "of tomorrow"}
        if name in {"sex", "age", "category", "text"}:
            found[f"{name}/blank"] = {**payload, name: ""}
    return found


def test_every_model_is_read_alike_from_payloads_that_lack_or_change_a_field() -> None:
    cells = {
        f"model/{model}.{change}": _both(model, payload)
        for model, (whole, _, _) in MODELS.items()
        for change, payload in _changed(whole).items()
    }
    cells["model/GeneratedSample.voice"] = _both("GeneratedSample", VOICE)
    assert contradictions(cells, "model/") == []


_TYPED: dict[type, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: st.integers(0, 2**31),
    float: st.floats(0, 1e6, allow_nan=False),
    str: st.text(max_size=8),
}


_NAMED: dict[str, st.SearchStrategy[Any]] = {
    "category": st.sampled_from(sorted(sdk.VoiceCategory)),
    "sr": st.integers(1, 96_000),
    "text": st.text(max_size=8).map("Hi {}".format),
}


def _like(name: str, value: Any) -> st.SearchStrategy[Any]:
    """Values that the field may have, by the example's type."""
    if name in {"sex", "age", "audio", "samples", "enc", "output_format", "model_id", "currency"}:
        return st.just(value)
    if name in _NAMED:
        return _NAMED[name]
    if isinstance(value, list):
        return st.lists(_like("", value[0]), max_size=3) if value else st.lists(st.integers(0, 99), max_size=3)
    if isinstance(value, dict):
        return _payloads(value)
    return _TYPED[type(value)]


def _payloads(example: Payload) -> st.SearchStrategy[Payload]:
    return st.fixed_dictionaries({name: _like(name, value) for name, value in example.items()})


@pytest.mark.parametrize("model", MODELS)
def test_every_model_is_read_alike_from_any_payload_of_its_types(model: str) -> None:
    @settings(max_examples=40, deadline=None)
    @given(payload=_payloads(MODELS[model][0]), newer=st.dictionaries(st.just("newer"), st.text(), max_size=1))
    def check(payload: Payload, newer: Payload) -> None:
        more = {} if model in {"GenerateRequest", "StreamConfig"} else newer
        theirs, mine = _both(model, {**payload, **more})
        assert mine == theirs

    check()


STATUSES = (400, 401, 402, 403, 404, 409, 413, 418, 422, 429, 500, 502, 503, 504)
CODES = (None, *mapping.BY_ERROR_CODE, "SPEAKER_CONSENT_REQUIRED", "NEWER")
CLOSES = (None, 1000, 1001, 1005, 1006, 1008, 1011, 1012, 1013, 4000, 4001, 4003, 4029, 4500, 4999)
TOO_LONG = "Text of 16000 characters exceeds the character limit of 15800 per request"


def _described(error: Any) -> Told:
    """Everything that callers may act on; the wording is each client's own."""
    return type(error).__name__, error.status_code, error.error_code, error.request_id, error.retry_after


def _http(status: int, body: bytes, **headers: str) -> tuple[Told, Told]:
    lines = {"x-request-id": "r1", **{name.replace("_", "-"): value for name, value in headers.items()}}
    theirs = sdk_errors.classify_http_response(httpx.Response(status, headers=lines, content=body))
    return _described(theirs), _described(mapping.from_http(status, httpx.Headers(lines), body))


def _envelope(status: int, code: str | None, text: str = "shown to people", **more: Any) -> Payload:
    return {"error": text, "code": status, **({"error_code": code} if code else {}), **more}


def _frame(frame: Payload) -> tuple[Told, Told]:
    return _described(sdk_errors.classify_ws_frame(frame)), _described(mapping.from_frame(frame))


def _refusal(status: int, body: bytes, **headers: str) -> tuple[Told, Told]:
    lines = httpx.Headers({"x-request-id": "r1", **headers})
    theirs = sdk_errors.classify_handshake_rejection(status, lines, "server rejected WebSocket connection")
    return _described(theirs), _described(mapping.from_handshake(status, lines, body))


def _http_cells() -> dict[str, tuple[Told, Told]]:
    cells = {}
    for status in STATUSES:
        for code in CODES:
            cells[f"error/http/{status}/{code}"] = _http(status, orjson.dumps(_envelope(status, code)), retry_after="7")
        cells[f"error/detail/{status}"] = _http(status, b'{"detail": "no"}')
        cells[f"error/details/{status}"] = _http(status, b'{"detail": [{"loc": ["body", "speed"], "msg": "too fast"}]}')
        cells[f"error/text/{status}"] = _http(status, b"Bad Gateway")
        cells[f"error/nothing/{status}"] = _http(status, b"")
        cells[f"error/handshake/{status}"] = _refusal(status, b"", **{"retry-after": "3"})
    for name, header in {"fraction": "2.5", "date": "Thu, 01 Jan 1970 00:00:00 GMT", "nonsense": "soon"}.items():
        cells[f"error/retry-after/{name}"] = _http(429, b"", retry_after=header)
    cells["error/retry-after/body"] = _http(429, orjson.dumps(_envelope(429, None, retry_after=4)), retry_after="9")
    cells["error/http/character limit"] = _http(429, orjson.dumps(_envelope(429, "RATE_LIMITED", TOO_LONG)))
    return cells


def _socket_cells() -> dict[str, tuple[Told, Told]]:
    cells = {}
    for code in CODES:
        for status in (None, *STATUSES):
            frame = {**_envelope(status or 0, code), "code": status, "request_id": "r1", "retry_after": 2}
            cells[f"error/frame/{status}/{code}"] = _frame(frame)
    cells["error/frame/bare"] = _frame({"error": "it failed"})
    cells["error/frame/character limit"] = _frame(_envelope(429, "RATE_LIMITED", TOO_LONG))
    for close in CLOSES:
        for reason in ("", "because"):
            theirs = sdk_errors.classify_ws_close(close, reason)
            cells[f"error/close/{close}/{reason}"] = _described(theirs), _described(mapping.from_close(close, reason))
    return cells


def test_every_refusal_is_the_same_error_by_every_transport() -> None:
    assert contradictions({**_http_cells(), **_socket_cells()}, "error/") == []


def test_every_class_has_the_same_defaults() -> None:
    names = [name for name in vars(sdk_errors) if isinstance(vars(sdk_errors)[name], type) and name != "Any"]
    cells = {}
    for name in names:
        theirs, mine = getattr(sdk_errors, name)("Why"), getattr(ours.errors, name)("Why")
        cells[f"class/{name}"] = _described(theirs), _described(mine)
        assert [one.__name__ for one in type(theirs).__mro__] == [one.__name__ for one in type(mine).__mro__]
        assert str(getattr(sdk_errors, name)("Why", request_id="r")) == str(type(mine)("Why", request_id="r"))
    assert contradictions(cells, "class/") == []
