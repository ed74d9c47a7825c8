"""The frames that the server sends, as bytes ready for the line: JSON in unmasked text frames (RFC 6455)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson

from pipeline.server.audio_formats import AudioFormat
from pipeline.server.audio_sources import Tone
from pipeline.server.chunks import TimedWord
from pipeline.server.delivery import Delivery, Frame


def json_frame(value: Mapping[str, Any]) -> bytes:
    """Any frame."""
    return text_frame(orjson.dumps(value))


def audio_frame(delivery: Delivery, frame: Frame, extra: bytes = b"") -> bytes:
    """``{audio, enc, idx, sr, samples}``; ``extra`` is further members, written out with a comma after each."""
    source = delivery.source
    if isinstance(source, Tone):
        return _tone_frame(source.format, frame.index, frame.end - frame.start, extra)
    return _audio_frame(
        source.format, frame.index, frame.end - frame.start, extra, source.base64(frame.start, frame.end)
    )


@lru_cache(maxsize=512)
def _tone_frame(wanted: AudioFormat, index: int, samples: int, extra: bytes) -> bytes:
    """The tone starts anew in every frame: a load test asks for the same frames over and over."""
    return _audio_frame(wanted, index, samples, extra, Tone(wanted, samples).base64(0, samples))


def _audio_frame(wanted: AudioFormat, index: int, samples: int, extra: bytes, audio: bytes) -> bytes:
    head = b'"enc":"%b","idx":%d,"sr":%d,"samples":%d' % (wanted.encoding.encode(), index, wanted.sample_rate, samples)
    return text_frame(b'{%b%b,"audio":"%b"}' % (extra, head, audio))


def half(framed: bytes) -> bytes:
    """The first half of a frame's JSON as a frame of its own."""
    payload = framed[{126: 4, 127: 10}.get(framed[1], 2) :]
    return text_frame(payload[: len(payload) // 2])


def text_frame(payload: bytes) -> bytes:
    """An unmasked text frame (RFC 6455, 5.2)."""
    length = len(payload)
    if length < 126:
        return b"\x81%c%b" % (length, payload)
    if length < 65_536:
        return b"\x81\x7e%b%b" % (length.to_bytes(2, "big"), payload)
    return b"\x81\x7f%b%b" % (length.to_bytes(8, "big"), payload)


def members(value: Mapping[str, Any]) -> bytes:
    """Members to be put in front of others in a frame: ``"context_id":"a",``."""
    return orjson.dumps(value)[1:-1] + b"," if value else b""


def timestamps(text: str, words: tuple[TimedWord, ...], offset: int = 0) -> list[dict[str, Any]]:
    """The members of a ``word_timestamps`` frame; ``offset`` is where ``text`` starts in the turn's text."""
    return [
        {
            "word": text[word.char_start : word.char_end],
            "start_ms": word.start_ms,
            "end_ms": word.end_ms,
            "char_start": word.char_start + offset,
            "char_end": word.char_end + offset,
            "score": word.score,
        }
        for word in words
    ]


def usage(seconds: Decimal, characters: int | None, cents: Decimal | None, model_id: str) -> dict[str, Any]:
    """The ``usage`` member. ``cents`` None: undetermined, which is never zero (KugelAudio API, "Money")."""
    told: dict[str, Any] = {"audio_seconds": float(seconds), "model_id": model_id}
    if characters is not None:
        told["characters"] = characters
    if cents is None:
        return {**told, "cost_cents": None, "currency": None, "cost_unavailable": True}
    return {**told, "cost_cents": float(cents), "currency": "eur"}
