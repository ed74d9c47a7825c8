"""Frames of the WebSockets: reading JSON, and the audio inside."""

from __future__ import annotations

from typing import Any, Final

import orjson
import pybase64

from pipeline.kugelaudio.audio import AudioChunk
from pipeline.kugelaudio.errors import KugelAudioError, ValidationError
from pipeline.kugelaudio.g711 import Encoding, bytes_per_sample, encoding_named
from pipeline.kugelaudio.mapping import from_frame

MALFORMED: Final = "MALFORMED_FRAME"


def malformed(what: str) -> KugelAudioError:
    """Return the error for a frame that breaks the protocol."""
    return KugelAudioError(f"The server sent {what}", error_code=MALFORMED)


def read_frame(data: bytes | str) -> dict[str, Any]:
    """Read a frame. Raises the error that an error frame stands for, or KugelAudioError for one that is no frame."""
    try:
        frame = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise malformed("a frame that is not JSON") from None
    if not isinstance(frame, dict):
        raise malformed("a frame that is not an object")
    if frame.get("error"):
        raise from_frame(frame)
    return frame


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
    text, index, rate, samples = frame["audio"], frame.get("idx"), frame.get("sr"), frame.get("samples")
    # bool is an int: type() rather than isinstance keeps `true` out
    if type(text) is not str or type(index) is not int or type(rate) is not int or type(samples) is not int:
        raise malformed("an audio frame with missing or wrong fields")
    if index < 0 or rate <= 0 or samples < 0:
        raise malformed("an audio frame with impossible numbers")
    try:
        audio = pybase64.b64decode(text, validate=True)
    except ValueError:
        raise malformed("audio that is not base64") from None
    if len(audio) != samples * bytes_per_sample(encoding):
        raise malformed(f"an audio frame of {len(audio)} bytes that announces {samples} samples")
    return AudioChunk(audio=audio, index=index, sample_rate=rate, samples=samples, encoding=encoding)
