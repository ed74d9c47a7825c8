"""Voices, their references and their enumerations."""

from __future__ import annotations

import logging
from enum import Enum
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field

from pipeline.kugelaudio.fields import ApiModel, Flag, Languages, Text, Whole

_log = logging.getLogger(__name__)

E = TypeVar("E", bound=Enum)


class VoiceCategory(str, Enum):  # noqa: UP042 - the published type
    """What a voice is for. A category that is not known becomes CLONED, so that newer servers stay readable."""

    PREMADE = "premade"
    CLONED = "cloned"
    DESIGNED = "designed"
    CONVERSATIONAL = "conversational"
    NARRATIVE = "narrative"
    NARRATIVE_STORY = "narrative_story"
    CHARACTERS = "characters"
    CHARACTERS_ANIMATION = "characters_animation"
    SOCIAL_MEDIA = "social_media"
    ENTERTAINMENT_TV = "entertainment_tv"
    ADVERTISEMENT = "advertisement"
    INFORMATIVE_EDUCATIONAL = "informative_educational"

    @classmethod
    def _missing_(cls, value: object) -> VoiceCategory:
        _log.info("voice category %r is not known; read as %r", value, cls.CLONED.value)
        return cls.CLONED


class VoiceSex(str, Enum):  # noqa: UP042 - the published type
    """How a voice sounds."""

    MALE = "male"
    FEMALE = "female"
    NEUTRAL = "neutral"


class VoiceAge(str, Enum):  # noqa: UP042 - the published type
    """How old a voice sounds; the service spells the middle in two ways."""

    YOUNG = "young"
    MIDDLE_AGED = "middle_aged"
    MIDDLE_AGE = "middle_age"
    OLD = "old"


def _category(value: Any) -> Any:
    return VoiceCategory(value) if isinstance(value, str) and value else value or None


def _sex(value: Any) -> Any:
    return _known(VoiceSex, value)


def _age(value: Any) -> Any:
    return _known(VoiceAge, value)


def _known(kind: type[E], value: Any) -> Any:
    """Read an enumeration that is descriptive only: what is not known is left unsaid."""
    if not isinstance(value, str):
        return value
    return next((member for member in kind if member.value == value), None)


Category = Annotated[VoiceCategory | None, BeforeValidator(_category)]
Sex = Annotated[VoiceSex | None, BeforeValidator(_sex)]
Age = Annotated[VoiceAge | None, BeforeValidator(_age)]


class Voice(ApiModel):
    """A voice as lists show it."""

    id: int
    name: str
    description: str | None = None
    category: Category = None
    sex: Sex = None
    age: Age = None
    quality: Text = "mid"
    supported_languages: Languages = Field(default_factory=list)
    sample_text: str | None = None
    avatar_url: str | None = None
    sample_url: str | None = None
    is_public: Flag = False
    verified: Flag = False


class VoiceListResponse(ApiModel):
    """One page of voices; ``total`` counts all that match."""

    voices: list[Voice]
    total: Whole = 0
    limit: Whole = 20
    offset: Whole = 0


class VoiceDetail(ApiModel):
    """A voice with everything the service tells about it."""

    id: int
    name: str
    description: Text = ""
    generative_voice_description: Text = ""
    supported_languages: Languages = Field(default_factory=list)
    category: Category = None
    age: Age = None
    sex: Sex = None
    quality: Text = "mid"
    is_public: Flag = False
    verified: Flag = False
    pending_verification: Flag = False
    sample_url: str | None = None
    avatar_url: str | None = None
    sample_text: Text = ""


class GeneratedSample(ApiModel):
    """A stored preview of a voice; ``sample_url`` is signed and expires."""

    sample_s3_path: str
    sample_url: str | None = None


class VoiceReference(ApiModel):
    """A recording that a voice is made from."""

    id: int
    voice_id: int
    name: Text = ""
    reference_text: Text = ""
    s3_path: Text = ""
    audio_url: str | None = None
    is_generated: Flag = False
