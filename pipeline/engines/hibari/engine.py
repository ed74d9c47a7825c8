"""hibari behind the engine protocol. Nothing heavy is imported here: a run with nothing to make never loads it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Self

from pipeline.engines.hibari.alphabet import foreign_runs, script_name
from pipeline.engines.hibari.release import model_sha256, numeric_backend, version
from pipeline.engines.local.cores import usable_cores
from pipeline.engines.local.voice_values import number_in
from pipeline.engines.protocol import Order, Speech, Unspeakable, VoiceParameters
from pipeline.kugelaudio import ValidationError
from pipeline.project.models import Project

if TYPE_CHECKING:
    from pipeline.engines.local.worker_pool import WorkerPool

MAX_INPUT_LENGTH = 5000
"""Characters in one order: some five minutes of speech, 16 MB of audio on its way from the worker."""

_VOICE = "heart"
_PITCH = (0.72, 1.3)
_SPEED = (0.5, 2.0)


class HibariEngine:
    """The embedded engine: English, one model, free. ``jobs`` worker processes (None: one for each core)."""

    name = "hibari"
    paid = False
    max_input_length = MAX_INPUT_LENGTH

    def __init__(self, jobs: int | None = None) -> None:
        self.concurrency = jobs or usable_cores()

    @cached_property
    def _pool(self) -> WorkerPool:
        from pipeline.engines.local.worker_pool import WorkerPool  # noqa: PLC0415 - plans ask and never speak

        return WorkerPool(self.name, self.concurrency)

    def identity(self) -> Mapping[str, str]:
        """What decides the bytes: hibari's version with our revision, the model, the numeric back end."""
        return {
            "provider": "embedded",
            "model": f"hibari-{_VOICE}",
            "version": version(),
            "model_sha256": model_sha256(),
            "backend": numeric_backend(),
        }

    def resolve_voice(self, binding: Mapping[str, object], speed: float) -> VoiceParameters:
        """``voice`` (heart), ``pitch`` (0.72-1.3, default 1) and ``speed`` (0.5-2), filled in."""
        unknown = sorted(set(binding) - {"voice", "pitch"})
        if unknown:
            raise ValueError(f"hibari has no voice setting {unknown[0]!r}; it takes voice and pitch")
        voice = binding.get("voice", _VOICE)
        if voice != _VOICE:
            raise ValueError(f"hibari has the one voice {_VOICE!r}, not {voice!r}; set pitch to tell voices apart")
        return {
            "voice": _VOICE,
            "pitch": number_in("hibari: pitch", binding.get("pitch", 1.0), *_PITCH),
            "speed": number_in("speed", speed, *_SPEED),
        }

    def unspeakable(self, text: str, language: str) -> list[Unspeakable]:
        """Text in another language than English as a whole, and runs of letters outside the Latin script."""
        if language.lower().replace("_", "-").split("-")[0] != "en":
            message = f"hibari speaks English only, not {language!r}: use another engine for this text, such as espeak"
            return [Unspeakable(0, len(text), message)]
        return [Unspeakable(start, end, _refusal(text[start:end])) for start, end in foreign_runs(text)]

    async def speak(self, order: Order) -> Speech:
        """Speak one segment. Raises ValidationError for a text over the limit, ConnectionError for a lost worker."""
        if len(order.text) > self.max_input_length:
            raise ValidationError(f"{len(order.text)} characters; hibari takes {self.max_input_length} at once")
        return await self._pool.speak(order)

    async def __aenter__(self) -> Self:
        await self._pool.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._pool.__aexit__(*exc)


def open_hibari(
    project: Project,  # noqa: ARG001 - what every engine is opened with
    *,
    jobs: int | None = None,
    api_url: str | None = None,  # noqa: ARG001
) -> HibariEngine:
    """The embedded engine; nothing is loaded before the first order."""
    return HibariEngine(jobs)


def _refusal(run: str) -> str:
    shown = run if len(run) <= 20 else f"{run[:20]}…"
    return (
        f"hibari cannot say {script_name(run[0])} letters ({shown}): write them in Latin letters, or give the passage "
        "its language and use another engine, such as espeak"
    )
