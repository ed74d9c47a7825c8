"""An engine for tests and load benchmarks of what uses engines: it answers at once, in process, with tones.

It is public so that stages and projects can be tested without a voice; no manifest can select it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pipeline.engines.protocol import Order, Speech, Unspeakable, Usage, VoiceParameters, WordTimes
from pipeline.script.words import written_words

SAMPLE_RATE = 24_000
_CHARACTERS_PER_SECOND = 15.0
_EDGE_SAMPLES = 1200  # 50 ms of silence before and after, as voices leave
_GAP = 0.2  # of a word's share that is silence
_AMPLITUDE = 6000


class InstantEngine:
    """Says each written word as a tone: 15 characters a second, the pitch by voice and word, the same every time.

    ``delay_seconds`` is waited before each answer; ``orders`` keeps what was asked, in order. Every language can be
    spoken.
    """

    name = "instant"
    paid = False

    def __init__(self, *, max_input_length: int = 5000, concurrency: int = 8, delay_seconds: float = 0.0) -> None:
        self.max_input_length = max_input_length
        self.concurrency = concurrency
        self.delay_seconds = delay_seconds
        self.orders: list[Order] = []

    def identity(self) -> Mapping[str, str]:
        """A fixed identity."""
        return {"provider": "embedded", "model": "instant", "version": "1"}

    def resolve_voice(self, binding: Mapping[str, object], speed: float) -> VoiceParameters:
        """Any binding of plain values, with ``speed``."""
        plain = {name: value for name, value in binding.items() if isinstance(value, str | int | float)}
        return {**plain, "speed": float(speed)}

    def unspeakable(self, text: str, language: str) -> list[Unspeakable]:  # noqa: ARG002 - the protocol's
        """Nothing."""
        return []

    async def speak(self, order: Order) -> Speech:
        """Tones for the words of the order."""
        self.orders.append(order)
        await asyncio.sleep(self.delay_seconds)
        return tones(order)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        return None


def tones(order: Order) -> Speech:
    """A tone for each written word, all words sharing the time by their place in the text."""
    words = np.asarray(written_words(order.text), np.int32).reshape(-1, 2)
    speed = float(order.voice.get("speed", 1.0))
    inner = round(len(order.text) / _CHARACTERS_PER_SECOND / speed * SAMPLE_RATE)
    scale = inner / max(len(order.text), 1)
    starts = (_EDGE_SAMPLES + words[:, 0] * scale).astype(np.int32)
    ends = (_EDGE_SAMPLES + (words[:, 1] - _GAP) * scale).astype(np.int32)
    pcm = np.zeros(inner + 2 * _EDGE_SAMPLES, np.int16)
    for i, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        pcm[start:end] = _tone(end - start, _frequency(order, i))
    return Speech(
        pcm=pcm,
        sample_rate=SAMPLE_RATE,
        words=WordTimes(words[:, 0].copy(), words[:, 1].copy(), starts, ends),
        usage=Usage(audio_seconds=len(pcm) / SAMPLE_RATE, characters=len(order.text)),
    )


def _frequency(order: Order, word: int) -> float:
    voice = hashlib.sha256(repr((sorted(order.voice.items()), order.number)).encode()).digest()[0]
    return 120.0 + voice + 10.0 * (word % 5)


def _tone(samples: int, frequency: float) -> NDArray[np.int16]:
    phase = np.arange(samples, dtype=np.float32) * np.float32(2 * np.pi * frequency / SAMPLE_RATE)
    return np.asarray(np.sin(phase) * _AMPLITUDE, np.int16)
