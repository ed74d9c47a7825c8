"""The voices of a book, each with what every engine calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator

from pipeline.project.engines import EngineName
from pipeline.project.fields import plain_values, real, text, whole
from pipeline.project.parts import Part

ProviderNumber = Annotated[int, whole(1, 2**53)]
_Temperature = Annotated[float, real(0, 1)]


class HibariVoice(Part, BaseModel):
    """A voice of the embedded engine."""

    voice: Annotated[str, text(100), Field(description="The engine's voice; heart is the bundled one.")] = "heart"
    pitch: Annotated[float, real(0.72, 1.3), Field(description="Pitch as a factor: makes further voices of one.")] = 1.0


class EspeakVoice(Part, BaseModel):
    """A voice of eSpeak NG."""

    voice: Annotated[str, text(100), Field(description="The voice's name in eSpeak NG, such as en-us or de.")]
    pitch: Annotated[int, whole(0, 99), Field(description="Pitch on the scale of eSpeak NG.")] = 50


class KugelAudioVoice(Part, BaseModel):
    """A voice of the KugelAudio API."""

    voice_id: Annotated[ProviderNumber, Field(description="The voice's number at the provider.")]
    cfg_scale: Annotated[float, real(1.2, 2.5), Field(description="How closely the model follows the voice.")] = 2.0
    temperature: Annotated[
        _Temperature | None, Field(description="How much takes vary; absent: the provider's default.")
    ] = None


class Voice(Part, BaseModel):
    """A voice of the book, bound to what each engine calls it."""

    hibari: Annotated[HibariVoice | None, Field(description="Binding for the embedded engine.")] = None
    espeak: Annotated[EspeakVoice | None, Field(description="Binding for eSpeak NG.")] = None
    kugelaudio: Annotated[KugelAudioVoice | None, Field(description="Binding for the paid engine.")] = None
    speed: Annotated[float, real(0.5, 2.0), Field(description="Pace as a factor (kugelaudio: 0.8 to 1.2).")] = 1.0


class PlainVoice(Part, BaseModel):
    """A voice of an engine that has no model of its own here: plain values, which the engine itself checks."""

    model_config = ConfigDict(extra="allow")

    @model_validator(mode="before")
    @classmethod
    def _holds_plain_values(cls, data: object) -> object:
        return plain_values(data) if isinstance(data, dict) else data


if not TYPE_CHECKING:
    _plain = {
        str(name): (PlainVoice | None, Field(default=None, description=f"Binding for the engine {name}."))
        for name in EngineName
        if name not in Voice.model_fields
    }
    Voice = create_model("Voice", __base__=Voice, __doc__=Voice.__doc__, **_plain) if _plain else Voice
