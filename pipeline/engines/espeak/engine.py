"""eSpeak NG behind the engine protocol; its library, a process's global, is loaded in workers alone."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Self

from pipeline.engines.espeak.release import languages, library_sha256, package_folder, variants, version
from pipeline.engines.local.cores import usable_cores
from pipeline.engines.local.voice_values import number_in
from pipeline.engines.protocol import Order, Speech, Unspeakable, VoiceParameters
from pipeline.kugelaudio import ValidationError
from pipeline.project.models import Project

if TYPE_CHECKING:
    from pipeline.engines.local.worker_pool import WorkerPool

MAX_INPUT_LENGTH = 5000
"""Characters in one order."""


class EspeakEngine:
    """eSpeak NG with ``jobs`` worker processes (None: one for each core).

    The binding's voice decides the language that is spoken. Raises UsageError where the extra is not installed.
    """

    name = "espeak"
    paid = False
    max_input_length = MAX_INPUT_LENGTH

    def __init__(self, jobs: int | None = None) -> None:
        package_folder()
        self.concurrency = jobs or usable_cores()

    @cached_property
    def _pool(self) -> WorkerPool:
        from pipeline.engines.local.worker_pool import WorkerPool  # noqa: PLC0415 - plans ask and never speak

        return WorkerPool(self.name, self.concurrency)

    def identity(self) -> Mapping[str, str]:
        """What decides the bytes: the package's version with our revision, and the library."""
        return {
            "provider": "embedded",
            "model": "espeak-ng",
            "version": version(),
            "library_sha256": library_sha256(),
        }

    def resolve_voice(self, binding: Mapping[str, object], speed: float) -> VoiceParameters:
        """``voice`` (required: ``de``, ``en-us+f3``), ``pitch`` (0-99, default 50) and ``speed`` (0.5-2), filled in."""
        unknown = sorted(set(binding) - {"voice", "pitch"})
        if unknown:
            raise ValueError(f"espeak has no voice setting {unknown[0]!r}; it takes voice and pitch")
        voice = binding.get("voice")
        if not isinstance(voice, str):
            raise ValueError(f"espeak: voice is {voice!r}; it must be a language such as 'de' or 'en-us'")
        language, _, variant = voice.partition("+")
        if language.lower() not in languages():
            raise ValueError(f"espeak has no voice {voice!r}; voices are languages such as {_alike(language)}")
        if variant and variant not in variants():
            raise ValueError(f"espeak has no speaker {variant!r} for {voice!r}; it has {', '.join(sorted(variants()))}")
        return {
            "voice": f"{language.lower()}+{variant}" if variant else language.lower(),
            "pitch": int(number_in("espeak: pitch", binding.get("pitch", 50), 0, 99)),
            "speed": number_in("speed", speed, 0.5, 2.0),
        }

    def unspeakable(self, text: str, language: str) -> list[Unspeakable]:
        """Text in a language that eSpeak NG does not list, as a whole."""
        tag = language.lower().replace("_", "-")
        if tag in languages() or tag.split("-")[0] in {known.split("-")[0] for known in languages()}:
            return []
        message = f"espeak does not speak {language!r}; `language` must be one of its languages, such as {_alike(tag)}"
        return [Unspeakable(0, len(text), message)]

    async def speak(self, order: Order) -> Speech:
        """Speak one segment. Raises ValidationError for a text over the limit, ConnectionError for a lost worker."""
        if len(order.text) > self.max_input_length:
            raise ValidationError(f"{len(order.text)} characters; espeak takes {self.max_input_length} at once")
        return await self._pool.speak(order)

    async def __aenter__(self) -> Self:
        await self._pool.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._pool.__aexit__(*exc)


def open_espeak(
    project: Project,  # noqa: ARG001 - what every engine is opened with
    *,
    jobs: int | None = None,
    api_url: str | None = None,  # noqa: ARG001
) -> EspeakEngine:
    """eSpeak NG; its library is loaded by the first order. Raises UsageError where the extra is not installed."""
    return EspeakEngine(jobs)


def _alike(wanted: str) -> str:
    """A few languages to name in a message: those that start alike, else some that many use."""
    alike = sorted(known for known in languages() if known[:2] == wanted[:2].lower())
    return ", ".join(alike[:6] or ["de", "en-us", "es", "fr-fr", "it", "pl"])
