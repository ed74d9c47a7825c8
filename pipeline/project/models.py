"""The manifest as data: every key of ``project.yaml`` with its default (README, "The manifest")."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from pipeline.project.dictionaries import DictionaryEntry


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class EngineName(StrEnum):
    """The engines a manifest can name."""

    HIBARI = "hibari"
    ESPEAK = "espeak"
    KUGELAUDIO = "kugelaudio"


class Metadata(_Part):
    """What goes into tags besides title and author."""

    narrator: str | None = None
    publisher: str | None = None
    series: str | None = None
    isbn: str | None = None
    date: str | None = None
    description: str | None = None


class KugelAudioSettings(_Part):
    """How the paid engine is used; the key itself never stands in a manifest."""

    model: str = "kugel-3"
    tier: Annotated[int, Field(ge=1, le=4)] = 1
    region: str | None = None
    project_id: int | None = None


class EngineSettings(_Part):
    """Settings by engine."""

    kugelaudio: KugelAudioSettings = KugelAudioSettings()


class HibariVoice(_Part):
    """A voice of the embedded engine."""

    voice: str = "heart"
    pitch: Annotated[float, Field(ge=0.72, le=1.3)] = 1.0


class EspeakVoice(_Part):
    """A voice of eSpeak NG."""

    voice: str
    pitch: Annotated[int, Field(ge=0, le=99)] = 50


class KugelAudioVoice(_Part):
    """A voice of the KugelAudio API."""

    voice_id: int
    cfg_scale: Annotated[float, Field(ge=1.2, le=2.5)] = 2.0
    temperature: Annotated[float, Field(ge=0, le=1)] | None = None


class Voice(_Part):
    """A voice of the book, bound to what each engine calls it."""

    hibari: HibariVoice | None = None
    espeak: EspeakVoice | None = None
    kugelaudio: KugelAudioVoice | None = None
    speed: Annotated[float, Field(ge=0.5, le=2.0)] = 1.0


class Casting(_Part):
    """Who speaks what: the default voice, the voice of quoted speech, and voices by EPUB class."""

    default: str = "narrator"
    dialogue: str | None = None
    classes: dict[str, str] = {}


class ChapterEntry(_Part):
    """One entry of ``chapters``: a file or a glob, and how it is cut."""

    source: str
    split: str = "auto"
    include: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    title: str | None = None
    voice: str | None = None
    language: str | None = None


class Pauses(_Part):
    """Silence by kind of boundary, in milliseconds."""

    sentence_ms: int = 350
    paragraph_ms: int = 700
    scene_ms: int = 1500
    heading_ms: int = 1000
    chapter_head_ms: int = 750
    chapter_tail_ms: int = 2500


class OutputFormat(StrEnum):
    """What can be made."""

    M4B = "m4b"
    MP3 = "mp3"
    M4A = "m4a"
    OPUS = "opus"
    FLAC = "flac"
    WAV = "wav"
    SRT = "srt"


class Output(_Part):
    """One kind of file to make. ``bitrate_kbps`` is for the lossy formats."""

    format: OutputFormat
    bitrate_kbps: int | None = None


class Budget(_Part):
    """Limits on spending, in EUR cents, net."""

    run_cents: Decimal | None = None
    project_cents: Decimal | None = None


class Project(_Part):
    """A manifest, checked: every file it names exists, every voice it casts is bound."""

    folder: Path
    manifest: Path
    title: str
    author: str | None = None
    language: str = "en"
    cover: Path | None = None
    metadata: Metadata = Metadata()
    engine: EngineName = EngineName.HIBARI
    engines: EngineSettings = EngineSettings()
    voices: dict[str, Voice] = {}
    casting: Casting = Casting()
    dictionaries: tuple[Path, ...] = ()
    entries: tuple[DictionaryEntry, ...] = ()
    chapters: tuple[ChapterEntry, ...]
    segment_target: int = 700
    pauses: Pauses = Pauses()
    outputs: tuple[Output, ...] = ()
    rates: dict[str, Decimal] = {}
    budget: Budget = Budget()
