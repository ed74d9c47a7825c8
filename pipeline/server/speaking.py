"""Where the sound comes from: the embedded engine, or a tone of the right length for load tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pipeline.engines.protocol import Engine, Order
from pipeline.kugelaudio import KugelAudioConnectionError, KugelAudioError
from pipeline.project.dictionaries import DictionaryEntry
from pipeline.server.api_errors import empty_audio, internal, unavailable
from pipeline.server.audio_formats import AudioFormat
from pipeline.server.audio_sources import Spoken, Tone
from pipeline.server.catalogue import NATIVE_RATE
from pipeline.server.chunks import chunks_of, text_cuts
from pipeline.server.delivery import Delivery
from pipeline.server.even_pace import even_chunks

SAMPLES_PER_TOKEN = 3_200
"""Native samples that one of ``max_new_tokens`` stands for: 7.5 tokens a second, so that the default of 2,048 ends
after 273 s. The API says only that they bound the audio; the number is ours."""

SILENT_CHARACTERS_PER_SECOND = 15
"""The pace of the tones (that of the reference server for load tests)."""


@dataclass(frozen=True, slots=True)
class Script:
    """What is to be spoken, and how."""

    text: str
    language: str
    pitch: float
    speed: float
    entries: tuple[DictionaryEntry, ...]
    max_new_tokens: int
    format: AudioFormat


class Speaker(Protocol):
    """Whatever turns a script into audio."""

    async def speak(self, script: Script) -> Delivery:
        """Speak. Raises ApiError: EMPTY_AUDIO where nothing is heard, 500 or 503 where the engine failed."""


class EngineSpeaker:
    """The embedded engine. The whole text is spoken in one go and then cut into chunks.

    So the audio is, sample for sample, what the engine gives when it is asked directly.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def speak(self, script: Script) -> Delivery:
        """Speak (see :class:`Speaker`)."""
        voice = self._engine.resolve_voice({"pitch": script.pitch}, script.speed)
        try:
            speech = await self._engine.speak(Order(script.text, script.language, voice, script.entries))
        except KugelAudioConnectionError as error:
            raise unavailable() from error
        except KugelAudioError as error:
            raise internal(f"Generation failed: {error.message}") from error
        pcm = speech.pcm[: script.max_new_tokens * SAMPLES_PER_TOKEN]
        if not len(pcm):
            raise empty_audio()
        chunks = chunks_of(speech.words, len(pcm), text_cuts(script.text, script.language))
        return Delivery(script.text, Spoken.of(pcm, script.format), tuple(chunks), round(len(pcm) * script.speed))


class SilentSpeaker:
    """Tones as long as speech would be, with evenly spaced words: thousands of generations a second."""

    async def speak(self, script: Script) -> Delivery:
        """Speak (see :class:`Speaker`)."""
        whole = int(len(script.text) / SILENT_CHARACTERS_PER_SECOND * NATIVE_RATE / script.speed)
        samples = min(whole, script.max_new_tokens * SAMPLES_PER_TOKEN)
        chunks = even_chunks(script.text, whole, samples)
        if not chunks:
            raise empty_audio()
        delivered = samples * script.format.sample_rate // NATIVE_RATE
        return Delivery(script.text, Tone(script.format, delivered), chunks, round(samples * script.speed))
