"""KugelAudio's API behind the engine protocol. It costs money: nothing but a manifest or ``--engine`` selects it."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Self

import numpy as np

from pipeline.engines.kugelaudio.limits import MOST_CHARACTERS, TIERS, limits_of, max_new_tokens
from pipeline.engines.kugelaudio.preflight import Preflight
from pipeline.engines.kugelaudio.server_dictionaries import ServerDictionaries
from pipeline.engines.kugelaudio.word_times import word_times
from pipeline.engines.local.voice_values import number_in
from pipeline.engines.protocol import Order, Passage, Speech, Unspeakable, Usage, VoiceParameters
from pipeline.engines.providers import CONNECTION_PREFIX
from pipeline.kugelaudio import AsyncKugelAudio, AudioResponse, TextTooLongError, ValidationError
from pipeline.kugelaudio.models import CFG_SCALE_RANGE
from pipeline.kugelaudio.speech.parameters import SpeechParameters
from pipeline.kugelaudio.trace import TraceEvent, Tracer
from pipeline.project.dictionaries import DictionaryEntry
from pipeline.project.models import KugelAudioSettings

NATIVE_RATE = 24_000
"""Hz: what every model generates, so that nothing is resampled at the provider."""
SPEED_RANGE = (0.8, 1.2)
_VOICE_SETTINGS = frozenset({"voice_id", "cfg_scale", "temperature"})


class KugelAudioEngine:
    """The API on ``client``, ``jobs`` requests at once (None: as many as the tier allows).

    ``found`` is what was looked up for this run; ``book`` are the project's dictionary entries; ``account`` tells
    wallets apart.
    """

    name = "kugelaudio"
    paid = True

    def __init__(
        self,
        client: AsyncKugelAudio,
        found: Preflight,
        settings: KugelAudioSettings,
        book: Sequence[DictionaryEntry],
        jobs: int | None = None,
        account: str = "",
    ) -> None:
        tier = TIERS[settings.tier]
        self.max_input_length = min(found.max_input_length, tier.characters, MOST_CHARACTERS)
        self.limits = limits_of(tier, jobs)
        self.concurrency = self.limits.generations
        self.account = account
        self._client = client
        self._found = found
        self._project_id = settings.project_id
        self._book = tuple(book)
        self._dictionaries: ServerDictionaries | None = None

    def identity(self) -> Mapping[str, str]:
        """Who is paid, and the model. No version: an upgrade at the provider must not buy a library again."""
        return {"provider": self._found.provider, "model": self._found.model}

    def resolve_voice(self, binding: Mapping[str, object], speed: float) -> VoiceParameters:
        """``voice_id`` (required), ``cfg_scale`` (default 2.0), ``temperature`` (left out: the provider's), ``speed``.

        Raises ValueError for a voice that the provider does not show to this key, and for values out of range.
        """
        unknown = sorted(set(binding) - _VOICE_SETTINGS)
        if unknown:
            raise ValueError(
                f"kugelaudio has no voice setting {unknown[0]!r}; it takes {', '.join(sorted(_VOICE_SETTINGS))}"
            )
        voice_id = binding.get("voice_id")
        if isinstance(voice_id, bool) or not isinstance(voice_id, int):
            raise ValueError(f"kugelaudio: voice_id is {voice_id!r}; it must be the voice's number at the provider")
        if self._found.voices.get(voice_id) is None:
            raise ValueError(f"kugelaudio has no voice {voice_id} for this key; `narrate voices` lists those it has")
        resolved: dict[str, str | int | float] = {
            "voice_id": voice_id,
            "cfg_scale": number_in("kugelaudio: cfg_scale", binding.get("cfg_scale", 2.0), *CFG_SCALE_RANGE),
            "speed": number_in("speed (with kugelaudio)", speed, *SPEED_RANGE),
        }
        if binding.get("temperature") is not None:
            resolved["temperature"] = number_in("kugelaudio: temperature", binding["temperature"], 0, 1)
        return resolved

    def unspeakable(self, text: str, language: str) -> list[Unspeakable]:
        """Text in a language that none of the bound voices speaks, as a whole; nothing where a voice does not say."""
        known = [set(map(_primary, voice.supported_languages)) for voice in self._found.voices.values() if voice]
        spoken: set[str] = set().union(*known)
        if not known or not all(known) or _primary(language) in spoken:
            return []
        message = (
            f"no kugelaudio voice of this project speaks {language!r} (they speak {', '.join(sorted(spoken))}); "
            f"bind one that does (`narrate voices --language {_primary(language)}`)"
        )
        return [Unspeakable(0, len(text), message)]

    async def speak(self, order: Order) -> Speech:
        """Speak one segment; it is billed once it was generated, whether or not the answer arrives.

        Raises TextTooLongError over the limit, ValidationError where entries apply and no project can hold them,
        IncompleteAudioError (with ``partial``) for audio that ends early, and what else the API raises.
        """
        return await self.speak_metered(order, Passage())

    async def speak_metered(self, order: Order, passage: Passage) -> Speech:
        """As :meth:`speak`: one request, and ``passage`` tells how far it came."""
        text = unicodedata.normalize("NFC", order.text)
        if len(text) > self.max_input_length:
            raise TextTooLongError(f"{len(text)} characters; kugelaudio takes {self.max_input_length} at once here")
        parameters = await self._parameters(order, len(text))
        answer = await self._client.tts.generate(text, trace=_noting(passage), **parameters)
        return speech(order, answer)

    async def _parameters(self, order: Order, characters: int) -> SpeechParameters:
        voice = order.voice
        parameters: SpeechParameters = {
            "model_id": self._found.model,
            "voice_id": int(voice["voice_id"]),
            "cfg_scale": float(voice["cfg_scale"]),
            "speed": float(voice["speed"]),
            "language": order.language,
            "sample_rate": NATIVE_RATE,
            "word_timestamps": True,
            "max_new_tokens": max_new_tokens(characters),
            "dictionary_ids": await self._dictionary_ids(order),
        }
        if "temperature" in voice:
            parameters["temperature"] = float(voice["temperature"])
        if self._project_id is not None:
            parameters["project_id"] = self._project_id
        return parameters

    async def _dictionary_ids(self, order: Order) -> list[int]:
        """The dictionaries to pin: none at all is said as such, else the project's active ones would apply."""
        if not order.entries:
            return []
        if self._project_id is None:
            raise ValidationError("dictionary entries apply, but engines.kugelaudio.project_id is not set")
        if self._dictionaries is None:
            self._dictionaries = ServerDictionaries(self._client, self._project_id, self._book)
        return [await self._dictionaries.id_for(order.entries, order.language)]

    async def __aenter__(self) -> Self:
        self._dictionaries = None
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._client.close()


def _noting(passage: Passage) -> Tracer:
    """A tracer that notes when a request left and when the first audio came."""

    def note(event: TraceEvent) -> None:
        if event.kind == "sent":
            passage.sent_at = time.monotonic()
        elif event.kind == "first_audio":
            passage.heard()

    return note


def speech(order: Order, answer: AudioResponse) -> Speech:
    """An answer of the API as an engine's answer to ``order``."""
    pcm = np.frombuffer(answer.audio, "<i2").astype(np.int16, copy=False)
    return Speech(
        pcm=pcm,
        sample_rate=answer.sample_rate,
        words=word_times(order.text, answer.word_timestamps, len(pcm), answer.sample_rate),
        usage=_usage(order, answer, len(pcm) / answer.sample_rate),
    )


def _usage(order: Order, answer: AudioResponse, seconds: float) -> Usage:
    told = answer.usage
    if told is None:
        return Usage(audio_seconds=seconds, characters=len(order.text), request_id=_request_id(answer))
    cents = None if told.cost_cents is None else Decimal(str(told.cost_cents))
    return Usage(
        audio_seconds=told.audio_seconds,
        characters=len(order.text) if told.characters is None else told.characters,
        cost_cents=cents,
        request_id=_request_id(answer),
    )


def _primary(language: str) -> str:
    return language.lower().replace("_", "-").partition("-")[0]


def _request_id(answer: AudioResponse) -> str | None:
    """The answer's own id; else ``connection:ID``, which no statement can know as the id of this one request."""
    if answer.request_id is None or answer.request_id != answer.connection_id:
        return answer.request_id
    return f"{CONNECTION_PREFIX}{answer.connection_id}"
