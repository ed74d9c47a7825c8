"""Orders and speech as bytes between the run and its worker processes: a JSON header and raw columns.

A frame is two lengths (header and body, big-endian unsigned 32 bit), the header as UTF-8 JSON, and the body.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

import numpy as np
import orjson

from pipeline.engines.protocol import Order, Speech, Usage, WordTimes
from pipeline.project.dictionaries import DictionaryEntry

LENGTHS = struct.Struct(">II")


def order_frame(order: Order) -> bytes:
    """An order as a frame."""
    header = {
        "text": order.text,
        "language": order.language,
        "voice": dict(order.voice),
        "entries": [
            [entry.word, entry.replacement, entry.ipa, entry.case_sensitive, entry.language] for entry in order.entries
        ],
        "number": order.number,
    }
    return _frame(header, b"")


def order_from(header: bytes) -> Order:
    """The order whose frame has this header."""
    fields = orjson.loads(header)
    return Order(
        text=fields["text"],
        language=fields["language"],
        voice=fields["voice"],
        entries=tuple(DictionaryEntry(*entry) for entry in fields["entries"]),
        number=fields["number"],
    )


def speech_frame(speech: Speech) -> bytes:
    """Speech of an embedded engine (no cost, no scores) as a frame."""
    header = {
        "sample_rate": speech.sample_rate,
        "samples": len(speech.pcm),
        "words": len(speech.words),
        "audio_seconds": speech.usage.audio_seconds,
        "characters": speech.usage.characters,
    }
    words = speech.words
    columns = np.stack((words.char_start, words.char_end, words.start_sample, words.end_sample)).astype("<i4")
    return _frame(header, speech.pcm.astype("<i2", copy=False).tobytes() + columns.tobytes())


def speech_from(header: bytes, body: bytes) -> Speech:
    """The speech in a frame; its arrays are views of ``body`` and cannot be written to."""
    fields = orjson.loads(header)
    samples, words = fields["samples"], fields["words"]
    char_start, char_end, start_sample, end_sample = np.frombuffer(body, "<i4", offset=samples * 2).reshape(4, words)
    return Speech(
        pcm=np.frombuffer(body, "<i2", samples),
        sample_rate=fields["sample_rate"],
        words=WordTimes(char_start, char_end, start_sample, end_sample),
        usage=Usage(audio_seconds=fields["audio_seconds"], characters=fields["characters"]),
    )


def _frame(header: Mapping[str, object], body: bytes) -> bytes:
    encoded = orjson.dumps(header)
    return b"".join((LENGTHS.pack(len(encoded), len(body)), encoded, body))
