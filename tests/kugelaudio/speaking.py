"""Frames as a server sends them, for tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
import pybase64

RATE = 24000


def audio(index: int, pcm: bytes, **more: Any) -> dict[str, Any]:
    text = pybase64.b64encode(pcm).decode()
    return {"audio": text, "enc": "pcm_s16le", "idx": index, "sr": RATE, "samples": len(pcm) // 2, **more}


def word(text: str, start_ms: int, end_ms: int, char: int) -> dict[str, Any]:
    return {
        "word": text, "start_ms": start_ms, "end_ms": end_ms, "score": 0.9,
        "char_start": char, "char_end": char + len(text),
    }  # fmt: skip


def final(frames: int, samples: int, **usage: Any) -> dict[str, Any]:
    account = {"audio_seconds": samples / RATE, "characters": 9, "cost_cents": 0.5, "currency": "eur", "model_id": "m"}
    return {
        "final": True, "chunks": frames, "total_samples": samples, "dur_ms": 1000 * samples / RATE,
        "gen_ms": 12.0, "rtf": 0.1, "usage": {**account, **usage},
    }  # fmt: skip


def wire(frame: dict[str, Any]) -> bytes:
    return orjson.dumps(frame)


def pcm(samples: int, seed: int) -> bytes:
    """Distinct audio per seed."""
    return bytes((seed * 37 + i * 11 + i // 256) & 255 for i in range(samples * 2))


@dataclass(frozen=True)
class Answer:
    """A whole answer: its text, its frames and what must come of them."""

    text: str
    frames: list[dict[str, Any]]
    pcm: bytes
    words: list[tuple[str, int, int, int]]


def answer(chunks: list[list[int]], *, absolute: bool = False, local_chars: bool = False) -> Answer:
    """Speak one sentence per generated chunk; ``chunks`` gives the audio frames of each in units of 100 ms."""
    text = " ".join(" ".join(f"w{n}x{k}" for k in range(len(sizes))) + "." for n, sizes in enumerate(chunks))
    frames: list[dict[str, Any]] = []
    words: list[tuple[str, int, int, int]] = []
    spoken, at_ms, char, index = b"", 0, 0, 0
    for n, sizes in enumerate(chunks):
        chunk_start, chunk_char, stamps = at_ms, char, []
        for k, size in enumerate(sizes):
            piece = pcm(size * RATE // 10, index)
            frames.append(audio(index, piece))
            name = f"w{n}x{k}"
            words.append((name, at_ms, at_ms + size * 100, char))
            base, char_base = 0 if absolute else chunk_start, chunk_char if local_chars else 0
            stamps.append(word(name, at_ms - base, at_ms - base + size * 100, char - char_base))
            spoken, at_ms, index = spoken + piece, at_ms + size * 100, index + 1
            char += len(name) + 1
        char += 1
        frames.append({"word_timestamps": stamps})
    return Answer(text, [*frames, final(index, len(spoken) // 2)], spoken, words)
