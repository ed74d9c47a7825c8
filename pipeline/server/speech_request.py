"""What a caller may ask of a generation, in one request or as the settings of a session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from pipeline.server.api_errors import ApiError, invalid, missing_voice, not_found
from pipeline.server.audio_formats import AudioFormat, chosen_format
from pipeline.server.catalogue import DEFAULT_MODEL, MODELS, SpeechModel

LONGEST_TEXT = 10_000
"""Characters: the schema's own cap (OpenAPI, SynthesizeRequest.text)."""

_Model = TypeVar("_Model", bound=BaseModel)


def _whole(value: object) -> object:
    """JSON knows no integers: 5.0 is one to the schema."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


_Whole = Annotated[int, BeforeValidator(_whole)]


class Settings(BaseModel):
    """Everything but the text; names, bounds and defaults as in OpenAPI's SynthesizeRequest.

    ``normalize: false`` is taken, told back and changes nothing: the embedded engine reads numbers, dates and
    abbreviations only through its own normaliser, which cannot be left out, and neither the API's facts nor its schema
    say how a text sounds that was not normalised. A made-up reading would be worse than the same one.
    ``cfg_scale`` and ``temperature`` change nothing either: the embedded voice has no such numbers.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    voice_id: Annotated[int | str | None, BeforeValidator(_whole)] = None
    model_id: str | None = None
    cfg_scale: float = 2.0
    temperature: Annotated[float, Field(ge=0, le=1)] = 0.4
    max_new_tokens: Annotated[_Whole, Field(ge=1, le=8192)] = 2048
    sample_rate: _Whole = 24_000
    output_format: str | None = None
    normalize: bool = True
    language: Annotated[str, Field(max_length=10)] | None = None
    speed: Annotated[float, Field(ge=0.8, le=1.2)] = 1.0
    project_id: _Whole | None = None
    dictionary_ids: Annotated[list[_Whole], Field(max_length=50)] | None = None


class RestRequest(Settings):
    """``POST /v1/tts/generate``. There are no timestamps over REST: asking for them breaks the schema."""

    text: Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]


class SocketRequest(RestRequest):
    """One request on ``/ws/tts``."""

    word_timestamps: bool = False


class SessionSettings(Settings):
    """The settings of a session or of one of its contexts."""

    word_timestamps: bool = False
    flush_timeout_ms: Annotated[int, Field(ge=0)] = 500
    max_buffer_length: Annotated[int, Field(ge=1)] = 1000
    chunk_length_schedule: list[int] | None = None
    auto_mode: bool | None = None


class UpdatableSettings(BaseModel):
    """What ``update_settings`` may change; anything else is refused."""

    model_config = ConfigDict(extra="forbid", strict=True)

    cfg_scale: Annotated[float, Field(ge=0, le=10)] | None = None
    temperature: Annotated[float, Field(ge=0, le=1)] | None = None
    speed: Annotated[float, Field(ge=0.8, le=1.2)] | None = None
    max_new_tokens: Annotated[_Whole, Field(ge=1, le=8192)] | None = None
    language: Annotated[str, Field(max_length=10)] | None = None
    normalize: bool | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """Settings that were looked into: the model, voice and format exist."""

    model: SpeechModel
    voice_id: int | str
    format: AudioFormat
    settings: Settings

    @property
    def language(self) -> str:
        """The language of the text; English, the voices' own, where none is named."""
        return self.settings.language or "en"


def wish(settings: Settings) -> Wish:
    """Look into settings. Raises ApiError 400 or 404."""
    if settings.voice_id is None:
        raise missing_voice()
    model = MODELS.get(settings.model_id or DEFAULT_MODEL)
    if model is None:
        raise not_found(f"Model {settings.model_id!r}")
    given = settings.sample_rate if "sample_rate" in settings.model_fields_set else None
    return Wish(model, settings.voice_id, chosen_format(settings.output_format, given), settings)


def socket_request(value: Mapping[str, Any], model_id: str | None) -> SocketRequest:
    """A frame of ``/ws/tts`` as a request; ``model_id`` is the one of the URL. Raises ApiError 400."""
    return parsed(SocketRequest, {"model_id": model_id, **value})


def parsed(model: type[_Model], value: Mapping[str, Any]) -> _Model:
    """``value`` as ``model``. Raises ApiError 400 with all that is wrong in one line."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise _refusal(error) from error


def _refusal(error: ValidationError) -> ApiError:
    return invalid(
        "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors(include_url=False))
    )
