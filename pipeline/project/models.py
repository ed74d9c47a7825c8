"""The manifest as data: every key of ``project.yaml`` with its default (README, "The manifest")."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, Field, model_validator

from pipeline.project.containers import Per, refused_feed
from pipeline.project.credits import Credits, credit_problem
from pipeline.project.dictionaries import DictionaryEntry
from pipeline.project.engines import EngineName
from pipeline.project.fields import (
    cents,
    choice,
    day,
    flag,
    inside_path,
    inside_source,
    isbn,
    language,
    pattern,
    refusal,
    split_rule,
    text,
    whole,
)
from pipeline.project.formats import OutputFormat
from pipeline.project.outputs import DEFAULT_OUTPUTS, Output
from pipeline.project.parts import Part
from pipeline.project.profiles import ACX, ACX_HEAD_MS, ACX_TAIL_MS, NONE, NamedOrCustom, Profile
from pipeline.project.slugs import slugify
from pipeline.project.voices import ProviderNumber, Voice

DEFAULT_VOICE = "narrator"

_Line = Annotated[str, text(300)]
_Lines = Annotated[str, text(4000, lines=True)]
_Isbn = Annotated[str, isbn()]
_PartNumber = Annotated[str, pattern("a number such as 2 or 2.5", r"[0-9]{1,4}(?:\.[0-9]{1,2})?")]
_Day = Annotated[str, day()]
_Language = Annotated[str, language()]
_Path = Annotated[Path, inside_path()]
_Source = Annotated[str, inside_source()]
_Split = Annotated[str, split_rule()]
_Cents = Annotated[Decimal, cents()]
_PauseMs = Annotated[int, whole(0, 60_000)]
_VoiceName = Annotated[str, pattern("a voice's name: letters, digits, - and _, at most 64", r"[^\W_][\w-]{0,63}")]
_ModelName = Annotated[str, pattern("a model's name such as kugel-3", r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}")]
_ClassName = Annotated[str, pattern("the name of a class in the EPUB", r"\S{1,200}")]
_ChapterSlug = Annotated[
    str,
    pattern(
        "a chapter's slug, as `narrate check` lists them (no spaces, no capitals)", r"(?:(?![A-Z])\S){1,200}", slugify
    ),
]


class _Part(Part, BaseModel):  # BaseModel by name: a linter knows by it that defaults are copied
    pass


_PartT = TypeVar("_PartT", bound=Part)


class Region(StrEnum):
    """Where the provider processes a request."""

    EU = "eu"
    US = "us"
    GLOBAL = "global"


_Region = Annotated[str, choice(Region)]


class Metadata(_Part):
    """What goes into tags besides title and author."""

    narrator: Annotated[_Line | None, Field(description="Who narrates, as the tags say it.")] = None
    publisher: Annotated[_Line | None, Field(description="The publisher.")] = None
    series: Annotated[_Line | None, Field(description="The series.")] = None
    series_part: Annotated[_PartNumber | None, Field(description="The book's number in the series: 2 or 2.5.")] = None
    author_sort: Annotated[
        _Line | None, Field(description="The author as shelves sort it: Penrose, M. (absent: as written).")
    ] = None
    isbn: Annotated[_Isbn | None, Field(description="ISBN of the audiobook, 10 or 13 digits.")] = None
    date: Annotated[_Day | None, Field(description="Date of publication: YYYY, YYYY-MM or YYYY-MM-DD.")] = None
    description: Annotated[_Lines | None, Field(description="A few sentences on the book.")] = None
    explicit: Annotated[
        bool, flag(), Field(description="Whether it is for adults: what rss and audiobookshelf tell apps.")
    ] = False


class KugelAudioSettings(_Part):
    """How the paid engine is used; the key itself never stands in a manifest."""

    model: Annotated[_ModelName, Field(description="The model that speaks.")] = "kugel-3"
    tier: Annotated[int, whole(1, 4), Field(description="The organisation's tier: bounds requests and lengths.")] = 1
    region: Annotated[_Region | None, Field(description="Where requests are processed.")] = None
    project_id: Annotated[
        ProviderNumber | None, Field(description="The provider's project, which holds dictionaries.")
    ] = None


class EngineSettings(_Part):
    """Settings by engine."""

    kugelaudio: Annotated[KugelAudioSettings, Field(description="The paid engine.")] = KugelAudioSettings()


class Casting(_Part):
    """Who speaks what: the default voice, the voice of quoted speech, and voices by EPUB class."""

    default: Annotated[_VoiceName, Field(description="The voice of all that no rule gives to another.")] = DEFAULT_VOICE
    dialogue: Annotated[_VoiceName | None, Field(description="The voice of quoted speech.")] = None
    classes: Annotated[dict[_ClassName, _VoiceName], Field(description="Voices by class of EPUB elements.")] = {}


class ChapterEntry(_Part):
    """One entry of ``chapters``: a file or a glob, and how it is cut."""

    source: Annotated[_Source, Field(description="A file, or a glob taken in natural order (2 before 10).")]
    split: Annotated[_Split, Field(description="How files become chapters: auto, file, heading:N or a pattern.")] = (
        "auto"
    )
    include: Annotated[
        tuple[_ChapterSlug, ...] | None,
        Field(description="Slugs of the chapters to narrate; absent: all but front and back matter."),
    ] = None
    exclude: Annotated[tuple[_ChapterSlug, ...], Field(description="Slugs of chapters to leave out.")] = ()
    title: Annotated[_Line | None, Field(description="The chapter's title, in place of the source's.")] = None
    voice: Annotated[_VoiceName | None, Field(description="The voice of these chapters.")] = None
    language: Annotated[_Language | None, Field(description="The language of these chapters.")] = None

    @model_validator(mode="after")
    def _selects_sensibly(self) -> Self:
        if self.include == ():
            raise refusal("at least one chapter (or no `include` at all)", "include")
        for key in ("include", "exclude"):
            slugs: tuple[str, ...] = getattr(self, key) or ()
            for index, slug in enumerate(slugs):
                if slug in slugs[:index]:
                    raise refusal("each chapter once", key, index)
        for index, slug in enumerate(self.exclude):
            if slug in (self.include or ()):
                raise refusal("a chapter that `include` does not name", "exclude", index)
        return self


class Pauses(_Part):
    """Silence by kind of boundary, in milliseconds."""

    sentence_ms: Annotated[_PauseMs, Field(description="Between sentences that were cut apart.")] = 350
    paragraph_ms: Annotated[_PauseMs, Field(description="Between paragraphs.")] = 700
    scene_ms: Annotated[_PauseMs, Field(description="At a scene break.")] = 1500
    heading_ms: Annotated[_PauseMs, Field(description="After a heading.")] = 1000
    chapter_head_ms: Annotated[_PauseMs, Field(description="Before a chapter's first word.")] = 750
    chapter_tail_ms: Annotated[_PauseMs, Field(description="After a chapter's last word.")] = 2500


def _not_empty(entries: tuple[_PartT, ...]) -> tuple[_PartT, ...]:
    if not entries:
        raise refusal("at least one entry")
    return entries


def _each_format_once(outputs: tuple[Output, ...]) -> tuple[Output, ...]:
    _not_empty(outputs)
    formats = [(output.format, output.per is Per.BOOK) for output in outputs]
    for index, name in enumerate(formats):
        if name in formats[:index]:
            raise refusal("each format once", index, "format")
    return outputs


def _with_a_slug(title: str) -> str:
    if not slugify(title):
        raise refusal("a title with a letter or digit, since its slug names the outputs")
    return title


class Budget(_Part):
    """Limits on spending, in EUR cents, net."""

    run_cents: Annotated[_Cents | None, Field(description="What one run may cost.")] = None
    project_cents: Annotated[_Cents | None, Field(description="What all runs together may cost.")] = None


class Manifest(_Part):
    """The keys of ``project.yaml`` as they stand there: paths relative to its folder, nothing looked up."""

    schema_version: Annotated[
        Literal[1], whole(1, 1), Field(alias="schema", description="The version of this format.")
    ] = 1
    title: Annotated[
        _Line, AfterValidator(_with_a_slug), Field(description="The book's title; its slug names the outputs.")
    ]
    author: Annotated[_Line | None, Field(description="The author, as the tags say it.")] = None
    language: Annotated[
        _Language, Field(description="Language of the text (BCP 47); chapters and spans may differ.")
    ] = "en"
    cover: Annotated[_Path | None, Field(description="The cover, JPEG or PNG.")] = None
    metadata: Annotated[Metadata, Field(description="What goes into the tags besides title and author.")] = Metadata()
    engine: Annotated[
        EngineName, choice(EngineName), Field(description="The engine that speaks; only kugelaudio costs money.")
    ] = EngineName.HIBARI
    engines: Annotated[EngineSettings, Field(description="How each engine is used.")] = EngineSettings()
    voices: Annotated[
        dict[_VoiceName, Voice],
        Field(description="The book's voices, each with its binding for every engine that it is used with."),
    ] = {}
    casting: Annotated[Casting, Field(description="Who speaks what.")] = Casting()
    dictionaries: Annotated[tuple[_Path, ...], Field(description="Pronunciation dictionaries, YAML.")] = ()
    chapters: Annotated[
        tuple[ChapterEntry, ...],
        AfterValidator(_not_empty),
        Field(json_schema_extra={"minItems": 1}, description="What is narrated, in this order."),
    ]
    segment_target: Annotated[
        int, whole(50, 10_000), Field(description="Characters up to which short paragraphs may be joined.")
    ] = 700
    pauses: Annotated[Pauses, Field(description="Silence at each kind of boundary, in milliseconds.")] = Pauses()
    outputs: Annotated[
        tuple[Output, ...],
        AfterValidator(_each_format_once),
        Field(json_schema_extra={"minItems": 1}, description="What is made; absent: m4b, mp3 at 64 kbps, srt."),
    ] = DEFAULT_OUTPUTS
    profile: Annotated[
        Profile,
        NamedOrCustom(),
        Field(description="Loudness and technical limits of the files: a name, or keys of your own; absent: none."),
    ] = NONE
    credits: Annotated[Credits, Field(description="What is said before and after the book.")] = Credits()
    rates: Annotated[
        dict[_ModelName, _Cents],
        Field(description="Net price by model, in EUR cents per minute of audio."),
    ] = {}
    budget: Annotated[Budget, Field(description="What may be spent, in EUR cents, net.")] = Budget()
    store: Annotated[
        _Path | None,
        Field(description="A folder in the project that keeps takes for other machines; others: --store."),
    ] = None

    @property
    def credit_values(self) -> dict[str, str | None]:
        """What stands for the braces in credits."""
        metadata = self.metadata
        return {
            "title": self.title,
            "author": self.author,
            "narrator": metadata.narrator,
            "publisher": metadata.publisher,
            "series": metadata.series,
            "date": metadata.date,
        }

    @model_validator(mode="after")
    def _credits_can_be_filled(self) -> Self:
        for key in ("opening", "closing"):
            problem = credit_problem(getattr(self.credits, key) or "", self.credit_values)
            if problem:
                raise refusal(problem, "credits", key)
        return self

    @model_validator(mode="after")
    def _a_feed_has_what_it_names(self) -> Self:
        refused = refused_feed(((output.format, output.per) for output in self.outputs), self.metadata.date)
        if refused:
            index, words = refused
            raise refusal(words, "outputs", index, "format")
        return self

    @model_validator(mode="after")
    def _outputs_and_pauses_fit_the_profile(self) -> Self:
        least = self.profile.mp3_kbps or 0
        for index, output in enumerate(self.outputs if self.outputs != DEFAULT_OUTPUTS else ()):
            if output.format is OutputFormat.MP3 and (output.bitrate_kbps or least) < least:
                raise refusal(f"at least {least} for this profile (or no bit rate)", "outputs", index, "bitrate_kbps")
        if self.profile == ACX:
            for key, (low, high) in (("chapter_head_ms", ACX_HEAD_MS), ("chapter_tail_ms", ACX_TAIL_MS)):
                if not low <= getattr(self.pauses, key) <= high:
                    raise refusal(f"{low} to {high} for profile acx", "pauses", key)
        return self


class Project(Manifest):
    """A manifest, checked: every file it names exists, every voice it casts is bound.

    ``folder``, ``manifest``, ``cover`` and ``dictionaries`` are absolute; ``entries`` is what the dictionaries
    hold, in their order. ``engine`` is the engine of the run. ``voices`` is never empty once loaded.
    """

    folder: Path
    manifest: Path
    cover: Path | None = None
    dictionaries: tuple[Path, ...] = ()
    entries: tuple[DictionaryEntry, ...] = ()

    @property
    def slug(self) -> str:
        """The title as a file name: what the outputs are called."""
        return slugify(self.title) or "book"
