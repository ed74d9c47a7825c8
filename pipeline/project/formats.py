"""The kinds of file that a manifest can ask for: one line each. Text beside the sound (captions, transcripts) is
registered here and nowhere else (docs/howto-format.md)."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class OutputFormat(StrEnum):
    """What can be made; a format of text along the sound names its writer, ``module:function`` (a CaptionWriter)."""

    M4B = "m4b"
    MP3 = "mp3"
    M4A = "m4a"
    OPUS = "opus"
    FLAC = "flac"
    WAV = "wav"
    SRT = "srt", "pipeline.captions.srt:write_subrip"
    VTT = "vtt", "pipeline.captions.webvtt:write_webvtt"
    LRC = "lrc", "pipeline.captions.lrc:write_lrc"
    ASS = "ass", "pipeline.captions.ass:write_ass"
    CAPTIONS_JSON = "captions-json", "pipeline.captions.captions_json:write_captions_json"
    AUDIOBOOKSHELF = "audiobookshelf"
    LPF = "lpf"
    RSS = "rss"
    EPUB = "epub"

    written_by: str

    def __new__(cls, name: str, written_by: str = "") -> Self:
        """Make a member of its line; what stands behind the name is not part of its value."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.written_by = written_by
        return member
