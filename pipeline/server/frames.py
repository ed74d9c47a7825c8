"""The frames that the server sends, as bytes ready for the line: JSON in unmasked text frames (RFC 6455)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson

from pipeline.server.audio_sources import AudioSource
from pipeline.server.chunks import TimedWord
from pipeline.server.delivery import Piece
from pipeline.server.transport import FrameParts


def json_frame(value: Mapping[str, Any]) -> bytes:
    """Any frame."""
    return text_frame(orjson.dumps(value))


def audio_frames(source: AudioSource, pieces: Iterable[Piece], extra: bytes = b"") -> Iterator[FrameParts]:
    """``{audio, enc, idx, sr, samples}``; ``extra`` is further members, written out with a comma after each."""
    encoding, rate = source.format.encoding, source.format.sample_rate
    for number, start, end in pieces:
        audio = source.base64(start, end)
        yield _before_audio(encoding, rate, number, end - start, extra, len(audio)), audio, b'"}'


@lru_cache(maxsize=2048)
def _before_audio(encoding: str, rate: int, index: int, samples: int, extra: bytes, characters: int) -> bytes:
    """The frame up to its audio. Frames of whole seconds are asked for over and over."""
    head = b'{%b"enc":"%b","idx":%d,"sr":%d,"samples":%d,"audio":"' % (extra, encoding.encode(), index, rate, samples)
    return _header(len(head) + characters + 2) + head


def half(framed: bytes) -> bytes:
    """The first half of a frame's JSON as a frame of its own."""
    payload = framed[{126: 4, 127: 10}.get(framed[1], 2) :]
    return text_frame(payload[: len(payload) // 2])


def text_frame(payload: bytes) -> bytes:
    """An unmasked text frame (RFC 6455, 5.2)."""
    return _header(len(payload)) + payload


def _header(length: int) -> bytes:
    if length < 126:
        return b"\x81%c" % length
    if length < 65_536:
        return b"\x81\x7e" + length.to_bytes(2, "big")
    return b"\x81\x7f" + length.to_bytes(8, "big")


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
