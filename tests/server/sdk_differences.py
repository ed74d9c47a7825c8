"""Where our client and the provider's SDK are not equal, and why; the only inequalities that the tests let pass.

A cell is one thing that both were given: ``model/Voice.sex/unknown``, ``error/http/422/-``, ``driven/generate``. The
tests fail for an unequal cell that is not here, and for one that is here and equal.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import Enum
from fnmatch import fnmatchcase
from typing import Any

from pydantic import BaseModel


@dataclasses.dataclass(frozen=True)
class Difference:
    """Patterns of cells, and why ours is not as the SDK has it."""

    reason: str
    cells: tuple[str, ...]
    but: tuple[str, ...] = ()

    def lists(self, cell: str) -> bool:
        """Whether the cell is one of this row."""
        return _matches(cell, self.cells) and not _matches(cell, self.but)


_SETTINGS = ("max_new_tokens", "sample_rate", "normalize", "word_timestamps", "speed")


def _matches(cell: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(cell, pattern) for pattern in patterns)


DIFFERENCES: dict[str, Difference] = {
    "character limit": Difference(
        "413, and a 429 that names the character limit, are a text to be cut: waiting, as RateLimitError asks, never "
        "helps. TextTooLongError is a ValidationError.",
        ("error/*/413*", "error/*/character limit", "fault/*/too_long/frame"),
    ),
    "timestamps over several chunks": Difference(
        "The SDK leaves the times of each generated chunk relative to that chunk; ours count from the start of the "
        "request (of the turn, in sessions), and sessions keep the words of all chunks, not of the last.",
        ("driven/generate long", "driven/stream long", "driven/session words", "driven/contexts words"),
    ),
    "G.711": Difference(
        "The SDK reads G.711 bytes as 16-bit samples and labels the WAV file PCM; ours decode and label what they are.",
        ("driven/floats of ?law_8000", "driven/wav of ?law_8000"),
    ),
    "generate_sample": Difference(
        "The types page promises the voice, today's servers the stored sample; the SDK reads only the latter.",
        ("model/GeneratedSample.voice",),
    ),
    "audio that is short": Difference(
        "The SDK returns what came; ours tell audio shorter than announced, a missing word or missing timestamps.",
        ("fault/ws/missing_timestamps", "fault/*/short_audio", "fault/*/lost_frame"),
    ),
    "schema errors": Difference(
        "422 is a malformed request, for which the types page names ValidationError; the SDK has the base class.",
        (
            *(f"error/{kind}/422" for kind in ("detail", "details", "text", "nothing", "handshake")),
            *(
                f"error/{kind}/422/{code}"
                for kind in ("http", "frame")
                for code in ("None", "INTERNAL_ERROR", "EMPTY_AUDIO", "SPEAKER_CONSENT_REQUIRED", "NEWER")
            ),
            "driven/voices too many",
            "driven/add empty entry",
        ),
    ),
    "frames that are no frames": Difference(
        "The SDK lets json's own error through; ours is a KugelAudioError, as the types page says of all errors.",
        ("fault/*/truncated_frame", "fault/*/malformed_frame"),
    ),
    "nobody there": Difference(
        "Over WebSockets the SDK lets the operating system's error through; ours is a ConnectionError, as over REST.",
        ("nobody/ws", "nobody/stream", "nobody/multi"),
    ),
    "refused handshakes": Difference(
        "Ours read the body of the refusal, which names the error_code; the type is the same.",
        ("fault/*/unavailable/handshake", "fault/*/internal/handshake"),
    ),
    "restart before anything was heard": Difference(
        "The SDK survives 1012 and 1013 in its sessions, ours in single requests too: nothing audible was lost.",
        ("fault/ws/restart/1012 before", "fault/ws/restart/1013 before", "fault/ws/restart/twice"),
    ),
    "a session that was cut": Difference(
        "In streaming sessions the SDK takes a cut line and an unknown close code for the end of the turn and returns "
        "what came, which may be nothing; ours raise the ConnectionError that both raise elsewhere.",
        (
            "fault/stream/cut/before",
            "fault/stream/cut/during",
            *(f"fault/stream/{fault}/close" for fault in ("not_found", "validation", "internal", "empty_audio")),
        ),
    ),
    "status by code": Difference(
        "A frame that tells a code and no status has the status of the error table.",
        ("error/frame/None/INTERNAL_ERROR", "error/frame/None/EMPTY_AUDIO"),
    ),
    "codes of closes": Difference(
        "Closed with 4000 or 4500 the service says that it failed, as a frame would: ours has that frame's error_code, "
        "which tells a failure that is not billed from a connection that went.",
        (
            "error/close/4000/*",
            "error/close/4500/*",
            "fault/*/unavailable/close",
            *(
                f"fault/{socket}/{fault}/close"
                for socket in ("ws", "multi")
                for fault in ("not_found", "validation", "internal", "empty_audio")
            ),
        ),
    ),
    "Retry-After": Difference(
        "RFC 9110 allows a date, and proxies send fractions; the SDK reads whole seconds only.",
        ("error/retry-after/fraction", "error/retry-after/date"),
    ),
    "exact types": Difference(
        "A payload of other types than the page promises is refused where it is read, not where it is used.",
        (
            "model/*/wrong",
            *(f"model/{one}.id/null" for one in ("Model", "Voice", "VoiceDetail", "Dictionary")),
            *(f"model/{one}.name/null" for one in ("Model", "Voice", "VoiceDetail", "Dictionary")),
            "model/VoiceReference.id/null",
            "model/VoiceReference.voice_id/null",
            "model/GeneratedSample.sample_s3_path/null",
            "model/Dictionary.project_id/null",
            *(f"model/DictionaryEntry.{name}/null" for name in ("id", "dictionary_id", "word", "replacement")),
            *(f"model/DictionaryEntryList.{name}/null" for name in ("total", "limit", "offset")),
            "model/BulkReplaceResult.*/null",
            *(f"model/WordTimestamp.{name}/null" for name in ("word", "start_ms", "end_ms", "char_start", "char_end")),
            *(f"model/AudioChunk.{name}/null" for name in ("idx", "sr", "samples")),
            *(f"model/{one}.{name}/null" for one in ("GenerateRequest", "StreamConfig") for name in _SETTINGS),
            "model/StreamConfig.flush_timeout_ms/null",
            "model/StreamConfig.max_buffer_length/null",
            "model/GenerateRequest.text/null",
            "model/GenerateRequest.model_id/null",
            "model/*.voices/missing",
            "model/*.entries/missing",
        ),
        but=(
            # what both refuse, what neither reads, and voice ids, which may be handles
            "model/Account.*/wrong",
            "model/AudioChunk.audio/wrong",
            "model/AudioChunk.enc/wrong",
            *(f"model/AudioResponse.{name}/wrong" for name in ("final", "dur_ms", "total_samples", "usage")),
            "model/*.entries/wrong",
            "model/*.voices/wrong",
            *(
                f"model/{one}.{name}/wrong"
                for one in ("GenerateRequest", "StreamConfig")
                for name in ("cfg_scale", "voice_id")
            ),
            "model/Model.model_id/wrong",
            "model/SessionUsage.audio_seconds/wrong",
            *(f"model/Voice*.{name}/wrong" for name in ("age", "category", "sex")),
        ),
    ),
    "null is the default": Difference(
        "Where the page promises a value with a default, null means the default; the SDK hands None out.",
        (
            *(f"model/Model.{name}/null" for name in ("description", "parameters", "max_input_length", "sample_rate")),
            *(f"model/Voice*.{name}/null" for name in ("quality", "is_public", "verified")),
            *(f"model/VoiceDetail.{name}/null" for name in ("description", "generative_voice_description")),
            *(f"model/VoiceDetail.{name}/null" for name in ("sample_text", "pending_verification")),
            *(f"model/VoiceListResponse.{name}/null" for name in ("total", "limit", "offset")),
            *(f"model/VoiceReference.{name}/null" for name in ("name", "reference_text", "s3_path", "is_generated")),
            "model/Dictionary.is_active/null",
            "model/DictionaryEntry.case_sensitive/null",
            "model/WordTimestamp.score/null",
            "model/AudioResponse.gen_ms/null",
            "model/AudioResponse.rtf/null",
        ),
    ),
    "page without numbers": Difference(
        "OpenAPI gives total, limit and offset of a page of voices defaults.",
        tuple(f"model/VoiceListResponse.{name}/missing" for name in ("total", "limit", "offset")),
    ),
    "sex and age of tomorrow": Difference(
        "A voice with a sex or age that is not known yet stays readable, and so does the page that it is on.",
        ("model/Voice*.sex/unknown", "model/Voice*.age/unknown"),
    ),
    "options": Difference(
        "Time limits are one value (limits), pings are ping_interval_s, the key may come from "
        "the environment, and there is no telemetry to turn off. Contexts are kept by keep_alive, not by an option.",
        (
            *(f"parameter/client({name})" for name in ("api_key", "timeout", "keepalive_ping_interval", "telemetry")),
            "parameter/tts.multi_context_session(inactivity_timeout)",
            "parameter/contexts.send(chunk_complete_idle_timeout)",
        ),
    ),
    "blank text": Difference(
        "A text with nothing to speak is refused before it is sent and counted against the limits.",
        ("model/GenerateRequest.text/blank",),
    ),
    "unknown fields of a configuration": Difference(
        "All models let unknown fields pass, the configuration of a session too; as keyword arguments of a call they "
        "are refused by both.",
        ("model/StreamConfig.unknown field",),
    ),
}


def contradictions(cells: Mapping[str, tuple[object, object]], prefix: str) -> list[str]:
    """What speaks against the table: unequal and not listed, listed and equal, listed and not there at all."""
    rows = DIFFERENCES.values()
    patterns = [pattern for row in rows for pattern in row.cells + row.but if pattern.startswith(prefix)]
    listed = {cell for cell in cells if any(row.lists(cell) for row in DIFFERENCES.values())}
    unequal = {cell for cell, (theirs, mine) in cells.items() if theirs != mine}
    return [
        *(
            f"not listed: {cell}\n    SDK  {cells[cell][0]}\n    ours {cells[cell][1]}"
            for cell in sorted(unequal - listed)
        ),
        *(f"listed, yet equal: {cell}" for cell in sorted(listed - unequal)),
        *(f"listed, yet not tried: {p}" for p in patterns if not any(fnmatchcase(cell, p) for cell in cells)),
    ]


_OURS = {"encoding", "request_id", "connection_id"}
"""Fields that the SDK's models do not have: AudioChunk's and AudioResponse's."""


def plain(value: Any) -> Any:
    """A value without its classes, to be written out and compared: 1, 1.0 and True stay three things."""
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, BaseModel):
        return {name: plain(getattr(value, name)) for name in type(value).model_fields if name not in _OURS}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return value


def written(value: Any) -> str:
    """A value as text, members in alphabetical order."""
    return repr(_sorted(plain(value)))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value
