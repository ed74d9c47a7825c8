"""Frames of the WebSockets: reading JSON, and the audio inside."""

from __future__ import annotations

from typing import Any, Final, cast

import orjson
import pybase64

from pipeline.kugelaudio.audio import AudioChunk
from pipeline.kugelaudio.errors import KugelAudioError, ValidationError
from pipeline.kugelaudio.g711 import Encoding, bytes_per_sample, encoding_named
from pipeline.kugelaudio.mapping import from_frame

MALFORMED: Final = "MALFORMED_FRAME"
_AUDIO_FIRST: Final = (b'{"audio": "', b'{"audio":"')


def malformed(what: str) -> KugelAudioError:
    """Return the error for a frame that breaks the protocol."""
    return KugelAudioError(f"The server sent {what}", error_code=MALFORMED)


def read_frame(data: bytes | str) -> dict[str, Any]:
    """Read a frame as :func:`parse_frame` does. Raises the error that an error frame stands for."""
    frame = parse_frame(data)
    if frame.get("error"):
        raise from_frame(frame)
    return frame


def parse_frame(data: bytes | str) -> dict[str, Any]:
    """Read a frame; its ``audio`` comes decoded as bytes where that could be done on the way.

    Raises KugelAudioError for one that is no frame.
    """
    if isinstance(data, bytes) and (frame := _leading_audio(data)) is not None:
        return frame
    try:
        frame = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise malformed("a frame that is not JSON") from None
    if not isinstance(frame, dict):
        raise malformed("a frame that is not an object")
    return frame


def _leading_audio(data: bytes) -> dict[str, Any] | None:
    """Read an audio frame whose audio comes first without copying it through a JSON string; None for any other.

    Base64 has no quotes and no escapes, so the next quote ends it; whatever is not plain goes the long way.
    """
    for opening in _AUDIO_FIRST:
        if data.startswith(opening):
            break
    else:
        return None
    start = len(opening)
    end = data.find(b'"', start)
    if end < 0 or data[end + 1 : end + 2] != b",":
        return None
    try:
        frame = orjson.loads(b"{" + data[end + 2 :])
        audio = pybase64.b64decode(memoryview(data)[start:end], validate=True)
    except ValueError:
        return None
    if not audio or "error" in frame or "audio" in frame:
        return None
    frame["audio"] = audio
    return cast("dict[str, Any]", frame)


def write_frame(fields: dict[str, Any]) -> str:
    """Write a frame as the text that goes on the wire."""
    try:
        return orjson.dumps(fields).decode()
    except orjson.JSONEncodeError as error:
        raise ValidationError(f"The request cannot be sent as JSON: {error}") from None


def read_audio(frame: dict[str, Any], asked_for: Encoding) -> AudioChunk:
    """Decode an audio frame and hold it to the number of samples it announces."""
    name = frame.get("enc")
    encoding = encoding_named(name) if isinstance(name, str) else asked_for
    if encoding is None:
        raise malformed(f"audio in an encoding that is not known: {str(name)[:40]!r}")
    index, rate, samples = frame.get("idx"), frame.get("sr"), frame.get("samples")
    # bool is an int: type() rather than isinstance keeps `true` out
    if type(index) is not int or type(rate) is not int or type(samples) is not int:
        raise malformed("an audio frame with missing or wrong fields")
    if index < 0 or rate <= 0 or samples < 0:
        raise malformed("an audio frame with impossible numbers")
    audio = _decoded(frame["audio"])
    if len(audio) != samples * bytes_per_sample(encoding):
        raise malformed(f"an audio frame of {len(audio)} bytes that announces {samples} samples")
    return AudioChunk(audio=audio, index=index, sample_rate=rate, samples=samples, encoding=encoding)


def _decoded(audio: Any) -> bytes:
    if isinstance(audio, bytes):
        return audio
    if not isinstance(audio, str):
        raise malformed("audio that is not text")
    try:
        return pybase64.b64decode(audio, validate=True)
    except ValueError:
        raise malformed("audio that is not base64") from None
