"""The outputs of a book: which files are made, and what can be asked of each kind."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from pipeline.project.captions import Granularity, RuleSet, Speakers, refused_option
from pipeline.project.containers import Per, refused_file_option, web_folder
from pipeline.project.fields import choice, refusal, whole
from pipeline.project.formats import OutputFormat
from pipeline.project.parts import Part

_Kbps = Annotated[int, whole(1, 1000)]
# MP3: the bit rates of MPEG-1 and MPEG-2 Layer III (ISO/IEC 11172-3, 13818-3), from 32 up: below, speech suffers.
_MP3_KBPS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 192, 224, 256, 320)
_AAC = (OutputFormat.M4B, OutputFormat.M4A, OutputFormat.AUDIOBOOKSHELF, OutputFormat.LPF, OutputFormat.EPUB)
_KBPS_RANGES = {**dict.fromkeys(_AAC, (24, 320)), OutputFormat.OPUS: (12, 256)}


class Output(Part, BaseModel):
    """One kind of file to make. ``bitrate_kbps`` is for the lossy formats (None: the encoder's default)."""

    format: Annotated[
        OutputFormat,
        choice(OutputFormat),
        Field(
            description="m4b, audiobookshelf (a server's folder), lpf (W3C Audiobook), rss (a feed), epub (read "
            "aloud): the book; captions but lrc: the book and each chapter; others: each chapter."
        ),
    ]
    bitrate_kbps: Annotated[
        _Kbps | None, Field(description="For m4b, m4a, mp3, opus, audiobookshelf, lpf and epub.")
    ] = None
    per: Annotated[
        Annotated[Per, choice(Per)] | None,
        Field(description="For mp3, opus and flac: a file for each chapter (absent), or book: one with chapter marks."),
    ] = None
    base_url: Annotated[
        Annotated[str, web_folder()] | None, Field(description="For rss: where the outputs will lie on the web.")
    ] = None
    granularity: Annotated[
        Annotated[Granularity, choice(Granularity)] | None,
        Field(
            description="For captions and epub: what gets a time of its own; absent: caption (epub: sentence). "
            "word: inside the captions, in srt each alone."
        ),
    ] = None
    rules: Annotated[
        Annotated[RuleSet, choice(RuleSet)] | None,
        Field(description="For captions: whose readability rules they are cut by; absent: netflix."),
    ] = None
    speakers: Annotated[
        Annotated[Speakers, choice(Speakers)] | None,
        Field(description="For captions: how voices are told apart; absent: none. colours: vtt and ass."),
    ] = None

    @model_validator(mode="after")
    def _has_options_that_fit(self) -> Self:
        if refused := refused_option(self.format, self.granularity, self.rules, self.speakers):
            key, words = refused
            raise refusal(words, key)
        if refused := refused_file_option(self.format, self.per, self.base_url):
            key, words = refused
            raise refusal(words, key)
        return self

    @model_validator(mode="after")
    def _has_a_rate_that_fits(self) -> Self:
        rate = self.bitrate_kbps
        if rate is None:
            return self
        if self.format is OutputFormat.MP3:
            if rate not in _MP3_KBPS:
                raise refusal(f"a bit rate that MP3 has: {', '.join(map(str, _MP3_KBPS))}", "bitrate_kbps")
        elif self.format in _KBPS_RANGES:
            low, high = _KBPS_RANGES[self.format]
            if not low <= rate <= high:
                raise refusal(f"for {self.format} a whole number from {low} to {high}", "bitrate_kbps")
        else:
            raise refusal(f"no bit rate, since {self.format} has none", "bitrate_kbps")
        return self


DEFAULT_OUTPUTS = (
    Output(format=OutputFormat.M4B),
    Output(format=OutputFormat.MP3, bitrate_kbps=64),
    Output(format=OutputFormat.SRT),
)
