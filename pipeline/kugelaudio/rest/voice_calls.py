"""Calls about voices and the recordings they are made from."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson

from pipeline.kugelaudio.errors import ValidationError
from pipeline.kugelaudio.rest.call import Call, Part, given, nothing, reader
from pipeline.kugelaudio.voice_models import GeneratedSample, VoiceDetail, VoiceListResponse, VoiceReference

VoiceId = int | str
"""A number, or the handle that newer servers give beside it."""

_page = reader(VoiceListResponse)
_detail = reader(VoiceDetail)
_reference = reader(VoiceReference)
_references = reader(list[VoiceReference])


def list_voices(
    language: str | None = None, include_public: bool = True, limit: int = 20, offset: int = 0
) -> Call[VoiceListResponse]:
    """List one page of voices; ``limit`` is at most 100."""
    query: dict[str, str | int] = {"limit": limit, "offset": offset}
    if language:
        query["language"] = language
    if include_public:
        query["include_public"] = "true"
    return Call("GET", "/v1/voices", _page, query)


def get_voice(voice_id: VoiceId) -> Call[VoiceDetail]:
    """Fetch one voice."""
    return Call("GET", _path(voice_id), _detail)


def create_voice(
    name: str,
    sex: str,
    *,
    speaker_consent: bool,
    description: str = "",
    category: str = "conversational",
    age: str = "middle_age",
    quality: str = "mid",
    supported_languages: list[str] | None = None,
    is_public: bool = False,
    sample_text: str = "",
    reference_files: Iterable[str | Path] | None = None,
) -> Call[VoiceDetail]:
    """Create a voice from recordings.

    ``speaker_consent=True`` states that the speaker is you or has agreed; the service refuses anything else.
    Raises ValidationError for a recording that cannot be read.
    """
    metadata = {
        "name": name,
        "sex": sex,
        "description": description,
        "category": category,
        "age": age,
        "quality": quality,
        "supported_languages": supported_languages or ["en"],
        "is_public": is_public,
        "sample_text": sample_text,
        "speaker_consent": speaker_consent,
    }
    parts: list[Part] = [("metadata", (None, orjson.dumps(metadata), "application/json"))]
    parts += [("files", _recording(file)) for file in reference_files or ()]
    return Call("POST", "/v1/voices", _detail, parts=tuple(parts))


def update_voice(
    voice_id: VoiceId,
    *,
    name: str | None = None,
    description: str | None = None,
    generative_voice_description: str | None = None,
    category: str | None = None,
    age: str | None = None,
    sex: str | None = None,
    quality: str | None = None,
    supported_languages: list[str] | None = None,
    is_public: bool | None = None,
    sample_text: str | None = None,
) -> Call[VoiceDetail]:
    """Change what is given of a voice."""
    body = given(
        name=name,
        description=description,
        generative_voice_description=generative_voice_description,
        category=category,
        age=age,
        sex=sex,
        quality=quality,
        supported_languages=supported_languages,
        is_public=is_public,
        sample_text=sample_text,
    )
    return Call("PATCH", _path(voice_id), _detail, body=body)


def delete_voice(voice_id: VoiceId) -> Call[None]:
    """Delete a voice."""
    return Call("DELETE", _path(voice_id), nothing)


def list_references(voice_id: VoiceId) -> Call[list[VoiceReference]]:
    """List the recordings of a voice."""
    return Call("GET", _path(voice_id, "/references"), _references)


def add_reference(
    voice_id: VoiceId, file: str | Path, *, speaker_consent: bool, reference_text: str = ""
) -> Call[VoiceReference]:
    """Add a recording to a voice; about ``speaker_consent`` see :func:`create_voice`."""
    parts: list[Part] = [
        ("file", _recording(file)),
        ("speaker_consent", (None, b"true" if speaker_consent else b"false", "text/plain")),
    ]
    if reference_text:
        parts.append(("reference_text", (None, reference_text.encode(), "text/plain; charset=utf-8")))
    return Call("POST", _path(voice_id, "/references"), _reference, parts=tuple(parts))


def delete_reference(voice_id: VoiceId, reference_id: int) -> Call[None]:
    """Delete a recording of a voice."""
    return Call("DELETE", _path(voice_id, f"/references/{reference_id}"), nothing)


def publish_voice(voice_id: VoiceId) -> Call[VoiceDetail]:
    """Ask for a voice to be public; it is pending until the provider has verified it."""
    return Call("POST", _path(voice_id, "/publish"), _detail)


def generate_sample(voice_id: VoiceId) -> Call[VoiceDetail | GeneratedSample]:
    """Have a preview made. Servers answer with the voice (as documented) or with the stored sample (today)."""
    return Call("POST", _path(voice_id, "/generate-sample"), _sample)


def _sample(body: bytes) -> VoiceDetail | GeneratedSample:
    answer: Any = orjson.loads(body)
    if isinstance(answer, dict) and "sample_s3_path" in answer:
        return GeneratedSample.model_validate_json(body)
    return _detail(body)


def _path(voice_id: VoiceId, rest: str = "") -> str:
    return f"/v1/voices/{quote(str(voice_id), safe='')}{rest}"


def _recording(file: str | Path) -> tuple[str, bytes, str]:
    path = Path(file)
    try:
        return path.name, path.read_bytes(), "audio/wav"
    except OSError as error:
        raise ValidationError(f"The recording {path.name} cannot be read: {error.strerror}") from error
