"""Words as the embedded voice says them, one sound file each."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import Sequence

from pipeline.engines.hibari import HibariEngine
from pipeline.engines.protocol import Order, Speech


def spoken_clips(words: Sequence[str], *, jobs: int | None = None) -> dict[str, bytes]:
    """Each word said once by the embedded voice, as a WAV file. Raises KugelAudioError where the voice fails."""
    return asyncio.run(_speak_all(words, jobs))


async def _speak_all(words: Sequence[str], jobs: int | None) -> dict[str, bytes]:
    engine = HibariEngine(jobs)
    voice = engine.resolve_voice({}, 1.0)
    async with engine:
        said = await asyncio.gather(*(engine.speak(Order(f"{word}.", "en", voice)) for word in words))
    return {word: _wav(speech) for word, speech in zip(words, said, strict=True)}


def _wav(speech: Speech) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(speech.sample_rate)
        writer.writeframes(speech.pcm.astype("<i2").tobytes())
    return file.getvalue()
