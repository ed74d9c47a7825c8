"""The keyword arguments of speech, named once for every form of a call."""

from __future__ import annotations

from typing import TypedDict


class SpeechOptions(TypedDict, total=False):
    """What may be said of one generation beside text, model and voice; defaults are those of :class:`SpeechRequest`."""

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


class SpeechParameters(SpeechOptions, total=False):
    """All parameters of one generation."""

    model_id: str
    voice_id: int | str | None


class SessionOptions(TypedDict, total=False):
    """What may be said of a session beside voice and model; defaults are those of :class:`StreamConfig`."""

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


class SessionParameters(SessionOptions, total=False):
    """All parameters of a session."""

    voice_id: int | str | None
    model_id: str | None


class Settings(TypedDict, total=False):
    """What ``update_settings`` may change between turns; everything else is fixed for the connection."""

    cfg_scale: float
    temperature: float
    speed: float
    max_new_tokens: int
    language: str
    normalize: bool
