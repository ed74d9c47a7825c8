"""The JSON frames that the server sends, as bytes."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import orjson

from pipeline.server.audio_formats import AudioFormat
from pipeline.server.chunks import TimedWord
from pipeline.server.delivery import Delivery, Frame


def json_frame(value: Mapping[str, Any]) -> bytes:
    """Any frame."""
    return orjson.dumps(value)


def audio_frame(delivery: Delivery, frame: Frame, extra: bytes = b"") -> bytes:
    """``{audio, enc, idx, sr, samples}``; ``extra`` is further members, written out with a comma after each."""
    wanted = delivery.source.format
    head = _head(wanted, frame.index, frame.end - frame.start)
    return b'{%b%b"audio":"%b"}' % (extra, head, delivery.source.base64(frame.start, frame.end))


def _head(wanted: AudioFormat, index: int, samples: int) -> bytes:
    return b'"enc":"%b","idx":%d,"sr":%d,"samples":%d,' % (wanted.encoding.encode(), index, wanted.sample_rate, samples)


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
