"""What is asked of ``/ws/tts``: one text, one voice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError as SchemaMismatch

from pipeline.kugelaudio.errors import ValidationError
from pipeline.kugelaudio.fields import ApiModel
from pipeline.kugelaudio.models import DEFAULT_MODEL, CfgScale, StreamConfig


class SpeechRequest(ApiModel):
    """One generation. ``dictionary_ids``: None leaves it to the project, an empty list means none."""

    text: str
    model_id: str = DEFAULT_MODEL
    voice_id: int | str | None = None
    cfg_scale: CfgScale = 2.0
    temperature: float | None = None
    max_new_tokens: int = 2048
    sample_rate: int = 24000
    output_format: str | None = None
    normalize: bool = True
    language: str | None = None
    word_timestamps: bool = False
    speed: float = 1.0
    dictionary_ids: list[int] | None = None
    project_id: int | None = None

    def to_wire(self) -> dict[str, Any]:
        """Return the fields of the request's frame: None is left out, an empty list is sent."""
        return {name: value for name, value in self.model_dump().items() if value is not None}


def speech_request(text: str, fields: dict[str, Any]) -> SpeechRequest:
    """Check the parameters of a generation. Raises ValidationError for wrong values, TypeError for unknown names."""
    refuse_unknown(fields, SpeechRequest)
    try:
        request = SpeechRequest(text=text, **fields)
    except SchemaMismatch as mismatch:
        raise ValidationError(_complaints(mismatch)) from None
    if not text.strip():
        raise ValidationError("The text is blank", error_code="VALIDATION_ERROR")
    return request


def stream_config(fields: dict[str, Any]) -> StreamConfig:
    """Check the parameters of a session. Raises ValidationError for wrong values, TypeError for unknown names."""
    refuse_unknown(fields, StreamConfig)
    try:
        return StreamConfig(**fields)
    except SchemaMismatch as mismatch:
        raise ValidationError(_complaints(mismatch)) from None


def refuse_unknown(fields: Mapping[str, Any], model: type[ApiModel]) -> None:
    """Raise TypeError for names that ``model`` does not have, as Python does for keyword arguments.

    A misspelt ``speed`` would otherwise be paid for at the wrong speed.
    """
    unknown = sorted(set(fields) - set(model.model_fields))
    if unknown:
        raise TypeError(f"unexpected keyword argument {', '.join(map(repr, unknown))}")


def _complaints(mismatch: SchemaMismatch) -> str:
    return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in mismatch.errors())
