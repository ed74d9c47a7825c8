"""What a file says of itself, and how each container wants to be told.

Neither clock nor version of any program is written: a date comes from the manifest or is left out.
"""

from __future__ import annotations

import base64
import struct
from dataclasses import dataclass

from pipeline.assembly.cover import Cover
from pipeline.project.models import OutputFormat

DISCLOSURE = "AI-generated narration"
"""Stores and the EU AI Act, article 50, want synthetic speech to be marked."""
GENRE = "Audiobook"
TITLE_BYTES = 255
"""A Nero chapter title has one byte for its length."""

_MEDIA_TYPE_AUDIOBOOK = "2"
_FRONT_COVER = 3
_ISO_639_2 = {
    "ar": "ara", "bg": "bul", "bn": "ben", "ca": "cat", "cs": "ces", "cy": "cym", "da": "dan", "de": "deu", "el": "ell",
    "en": "eng", "es": "spa", "et": "est", "eu": "eus", "fa": "fas", "fi": "fin", "fr": "fra", "ga": "gle", "he": "heb",
    "hi": "hin", "hr": "hrv", "hu": "hun", "id": "ind", "is": "isl", "it": "ita", "ja": "jpn", "ko": "kor", "la": "lat",
    "lt": "lit", "lv": "lav", "nb": "nob", "nl": "nld", "nn": "nno", "no": "nor", "pl": "pol", "pt": "por", "ro": "ron",
    "ru": "rus", "sk": "slk", "sl": "slv", "sr": "srp", "sv": "swe", "th": "tha", "tr": "tur", "uk": "ukr", "ur": "urd",
    "vi": "vie", "zh": "zho",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tags:
    """The words on a file: a chapter's, or the whole book's (then ``title`` is the book's and ``track`` None).

    ``language`` is BCP 47. ``track`` counts from 1, of ``tracks``. ``disclosure`` says that a machine speaks.
    """

    title: str
    album: str
    author: str | None = None
    narrator: str | None = None
    publisher: str | None = None
    series: str | None = None
    isbn: str | None = None
    date: str | None = None
    description: str | None = None
    language: str | None = None
    track: int | None = None
    tracks: int | None = None
    cover: Cover | None = None
    disclosure: str = DISCLOSURE


def chapter_title(title: str) -> str:
    """A title as chapter marks can hold it: at most 255 bytes of UTF-8, cut between characters (specs 1.6)."""
    return title.encode()[:TITLE_BYTES].decode(errors="ignore")


def iso_639_2(language: str | None) -> str:
    """The three-letter code of a BCP 47 tag, as MP4 and ID3 want it; ``und`` where unknown."""
    primary = (language or "").replace("_", "-").split("-")[0].lower()
    return primary if len(primary) == 3 else _ISO_639_2.get(primary, "und")


def container_metadata(tags: Tags, output: OutputFormat) -> dict[str, str]:
    """The tags under the names by which FFmpeg's muxers know them (specs 1.6: composer holds the narrator)."""
    metadata = {
        "title": tags.title,
        "artist": tags.author,
        "album_artist": tags.author,
        "album": tags.album,
        "composer": tags.narrator,
        "genre": GENRE,
        "date": tags.date,
        "track": _track(tags),
        "comment": tags.disclosure,
        "publisher": tags.publisher,
        **_special(tags, output),
    }
    return {name: value for name, value in metadata.items() if value}


def _special(tags: Tags, output: OutputFormat) -> dict[str, str | None]:
    """What one family of containers has and the others have not."""
    match output:
        case OutputFormat.M4B | OutputFormat.M4A:
            described = _described(tags)
            return {
                "media_type": _MEDIA_TYPE_AUDIOBOOK,
                "description": described,
                "synopsis": described,
                "grouping": tags.series,
            }
        case OutputFormat.MP3:
            own = {"SERIES": tags.series, "ISBN": tags.isbn, "description": tags.description}
            return {**own, "language": iso_639_2(tags.language)}
        case OutputFormat.FLAC | OutputFormat.OPUS:
            # The muxers write "comment" as DESCRIPTION, the only free text of Vorbis comments.
            own = {"SERIES": tags.series, "ISBN": tags.isbn, "LANGUAGE": tags.language, "comment": _described(tags)}
            return {**own, "METADATA_BLOCK_PICTURE": _picture_block(tags) if output is OutputFormat.OPUS else None}
        case _:
            return {"language": tags.language}


def _described(tags: Tags) -> str:
    return f"{tags.disclosure}. {tags.description}" if tags.description else tags.disclosure


def _track(tags: Tags) -> str | None:
    if tags.track is None:
        return None
    return str(tags.track) if tags.tracks is None else f"{tags.track}/{tags.tracks}"


def _picture_block(tags: Tags) -> str | None:
    """The cover as Ogg carries it: a FLAC picture block in base64 (RFC 7845, section 5.2.1; RFC 9639, section 8.8)."""
    cover = tags.cover
    if cover is None:
        return None
    mime = cover.mime.encode()
    block = struct.pack(">II", _FRONT_COVER, len(mime)) + mime + struct.pack(">I", 0)
    block += struct.pack(">IIIII", cover.width, cover.height, 24, 0, len(cover.data)) + cover.data
    return base64.b64encode(block).decode()
