"""What the API tells about speech: word timings, usage, models, the configuration of a session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, TypeAdapter

from pipeline.kugelaudio.dictionary_models import BulkReplaceResult, Dictionary, DictionaryEntry, DictionaryEntryList
from pipeline.kugelaudio.fields import ApiModel, Text, Whole
from pipeline.kugelaudio.voice_models import (
    GeneratedSample,
    Voice,
    VoiceAge,
    VoiceCategory,
    VoiceDetail,
    VoiceListResponse,
    VoiceReference,
    VoiceSex,
)

__all__ = [
    "BulkReplaceResult",
    "Dictionary",
    "DictionaryEntry",
    "DictionaryEntryList",
    "GeneratedSample",
    "Model",
    "SessionUsage",
    "StreamConfig",
    "Voice",
    "VoiceAge",
    "VoiceCategory",
    "VoiceDetail",
    "VoiceListResponse",
    "VoiceReference",
    "VoiceSex",
    "WordTimestamp",
    "clamp_cfg_scale",
]

DEFAULT_MODEL: Final = "kugel-3.5"
CFG_SCALE_RANGE: Final = (1.2, 2.5)
"""What the service accepts as ``cfg_scale``; it clamps the rest (OpenAPI, SynthesizeRequest)."""


def clamp_cfg_scale(value: float) -> float:
    """Bring a guidance scale into the accepted range."""
    low, high = CFG_SCALE_RANGE
    return min(high, max(low, value))


CfgScale = Annotated[float, AfterValidator(clamp_cfg_scale)]


class WordTimestamp(ApiModel):
    """When a word is spoken, in milliseconds, and where it stands in the text (code points, half-open)."""

    word: str
    start_ms: int
    end_ms: int
    char_start: int
    char_end: int
    score: float = 1.0

    @property
    def duration_ms(self) -> int:
        """How long the word lasts."""
        return self.end_ms - self.start_ms


WORDS: Final = TypeAdapter(list[WordTimestamp])
"""Validates the ``word_timestamps`` of one frame."""


class SessionUsage(ApiModel):
    """What was generated and charged. ``cost_cents`` is None while undetermined, never a false zero."""

    audio_seconds: Annotated[float, BeforeValidator(lambda seconds: 0.0 if seconds is None else seconds)]
    cost_cents: float | None = None
    currency: str | None = None
    characters: int | None = None
    model_id: str | None = None

    @property
    def cost_available(self) -> bool:
        """Whether the service stated the charge."""
        return self.cost_cents is not None

    @classmethod
    def from_frame(cls, frame: Mapping[str, Any]) -> SessionUsage | None:
        """Read the ``usage`` of a final or closing frame, or the bare seconds that older servers send."""
        usage = frame.get("usage")
        if isinstance(usage, dict):
            return cls.model_validate({"audio_seconds": 0.0, **usage})
        if "total_audio_seconds" not in frame:
            return None
        return cls.model_validate({"audio_seconds": frame["total_audio_seconds"]})


class Model(ApiModel):
    """A speech model. ``max_input_length`` is in characters, ``sample_rate`` in Hz."""

    id: str
    name: str
    description: Text = ""
    parameters: Text = ""
    max_input_length: Whole = 5000
    sample_rate: Whole = 24000


class StreamConfig(ApiModel):
    """How a session speaks. Lengths in characters, times in milliseconds."""

    voice_id: int | str | None = None
    model_id: str | None = None
    cfg_scale: CfgScale = 2.0
    output_format: str | None = None
    temperature: float | None = None
    max_new_tokens: int = 2048
    sample_rate: int = 24000
    flush_timeout_ms: int = 500
    max_buffer_length: int = 1000
    normalize: bool = True
    language: str | None = None
    word_timestamps: bool = False
    chunk_length_schedule: list[int] | None = None
    auto_mode: bool | None = None
    speed: float = 1.0
    dictionary_ids: list[int] | None = None
    project_id: int | None = None

    def to_wire(self) -> dict[str, Any]:
        """Return the fields as a first frame carries them: None is left out, an empty list is sent (it means none)."""
        return {name: value for name, value in self.model_dump().items() if value is not None}
