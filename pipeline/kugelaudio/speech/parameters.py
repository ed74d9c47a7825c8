"""The keyword arguments of speech, named once for every form of a call."""

from __future__ import annotations

from typing import TypedDict


class SpeechParameters(TypedDict, total=False):
    """Parameters of one generation; defaults are those of :class:`SpeechRequest`."""

    model_id: str
    voice_id: int | str | None
    cfg_scale: float
    temperature: float | None
    max_new_tokens: int
    sample_rate: int
    output_format: str | None
    normalize: bool
    language: str | None
    word_timestamps: bool
    speed: float
    dictionary_ids: list[int] | None
    project_id: int | None


class SessionParameters(TypedDict, total=False):
    """Parameters of a session; defaults are those of :class:`StreamConfig`."""

    voice_id: int | str | None
    model_id: str | None
    cfg_scale: float
    output_format: str | None
    temperature: float | None
    max_new_tokens: int
    sample_rate: int
    flush_timeout_ms: int
    max_buffer_length: int
    normalize: bool
    language: str | None
    word_timestamps: bool
    chunk_length_schedule: list[int] | None
    auto_mode: bool | None
    speed: float
    dictionary_ids: list[int] | None
    project_id: int | None


class Settings(TypedDict, total=False):
    """What ``update_settings`` may change between turns; everything else is fixed for the connection."""

    cfg_scale: float
    temperature: float
    speed: float
    max_new_tokens: int
    language: str
    normalize: bool
