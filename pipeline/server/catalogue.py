"""The models and the premade voices that the server offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

NATIVE_RATE = 24_000
"""Hz: what every model generates, before any resampling."""

MAX_INPUT_LENGTH = 5_000
"""Characters: the API's default for a model, and what the embedded voice takes at once."""

DEFAULT_MODEL = "kugel-3.5"


@dataclass(frozen=True, slots=True)
class SpeechModel:
    """One model with its net price in EUR cents a minute of audio.

    kugel-2-turbo and kugel-3 as published (KugelAudio API, "Money"); for the others no price is known and the server
    charges as for the nearest of these.
    """

    id: str
    name: str
    description: str
    parameters: str
    cents_per_minute: Decimal

    def public(self) -> dict[str, object]:
        """As ``GET /v1/models`` lists it."""
        return {
            "id": self.id,
            "model_id": self.id,
            "name": self.name,
            "description": self.description,
            "parameters": self.parameters,
            "max_input_length": MAX_INPUT_LENGTH,
            "sample_rate": NATIVE_RATE,
        }


def _model(model_id: str, parameters: str, cents: str, description: str) -> SpeechModel:
    name = " ".join(part.capitalize() for part in model_id.split("-"))
    return SpeechModel(model_id, name, description, parameters, Decimal(cents))


MODELS: Mapping[str, SpeechModel] = MappingProxyType(
    {
        model.id: model
        for model in (
            _model("kugel-3.5", "7B", "7", "Newest model; simulated by the embedded voice"),
            _model("kugel-3", "7B", "7", "Quality model; simulated by the embedded voice"),
            _model("kugel-2.5", "7B", "7", "Legacy model; simulated by the embedded voice"),
            _model("kugel-2-turbo", "1.5B", "3.5", "Legacy fast model; simulated by the embedded voice"),
            _model("kugel-2", "7B", "7", "Legacy model; simulated by the embedded voice"),
            _model("kugel-1", "7B", "7", "Legacy model; simulated by the embedded voice"),
            _model("kugel-1-turbo", "1.5B", "3.5", "Legacy fast model; simulated by the embedded voice"),
        )
    }
)


@dataclass(frozen=True, slots=True)
class PremadeVoice:
    """A voice of the public catalogue: the embedded voice at another pitch."""

    id: int
    handle: str
    name: str
    sex: str
    age: str
    category: str
    pitch: float
    description: str


PREMADE_VOICES = (
    PremadeVoice(1071, "iris", "Iris", "female", "middle_age", "narrative_story", 1.0, "Calm narrator"),
    PremadeVoice(1705, "konrad", "Konrad", "male", "middle_age", "narrative_story", 0.78, "Deep narrator"),
    PremadeVoice(1706, "marlene", "Marlene", "female", "young", "conversational", 1.15, "Bright and quick"),
    PremadeVoice(1707, "anton", "Anton", "male", "young", "conversational", 0.86, "Friendly"),
    PremadeVoice(1708, "olga", "Olga", "female", "old", "characters", 0.93, "Dry and warm"),
    PremadeVoice(1709, "pip", "Pip", "neutral", "young", "characters", 1.28, "Small and curious"),
)
"""Their ids are stable: manifests name them."""

LOWEST_PITCH, HIGHEST_PITCH = 0.74, 1.28
"""What cloned voices are spread over: inside the range that the embedded voice sounds well at."""


def cloned_pitch(voice_id: int, sex: str | None) -> float:
    """The pitch of a cloned voice: stable, different for neighbouring ids, lower for male voices."""
    spread = (voice_id * 37 % 45) / 44
    low, high = (LOWEST_PITCH, 0.92) if sex == "male" else (0.96, HIGHEST_PITCH)
    return round(low + spread * (high - low), 3)
