"""What a file says of itself, and how each container wants to be told.

Neither clock nor version of any program is written: a date comes from the manifest or is left out.
"""

from __future__ import annotations

import base64
import struct
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.assembly.cover import Cover
from pipeline.assembly.marks import THREE_DIGITS, Mark
from pipeline.assembly.timeline import TIMELINE_RATE
from pipeline.project.formats import OutputFormat

DISCLOSURE = "AI-generated narration"
"""Stores and the EU AI Act, article 50, want synthetic speech to be marked."""
GENRE = "Audiobook"
_FRONT_COVER = 3
_ISO_639_2 = {
    "ar": "ara", "bg": "bul", "bn": "ben", "ca": "cat", "cs": "ces", "cy": "cym", "da": "dan", "de": "deu", "el": "ell",
    "en": "eng", "es": "spa", "et": "est", "eu": "eus", "fa": "fas", "fi": "fin", "fr": "fra", "ga": "gle", "he": "heb",
    "hi": "hin", "hr": "hrv", "hu": "hun", "id": "ind", "is": "isl", "it": "ita", "ja": "jpn", "ko": "kor", "la": "lat",
    "lt": "lit", "lv": "lav", "nb": "nob", "nl": "nld", "nn": "nno", "no": "nor", "pl": "pol", "pt": "por", "ro": "ron",
    "ru": "rus", "sk": "slk", "sl": "slv", "sr": "srp", "sv": "swe", "th": "tha", "tr": "tur", "uk": "ukr", "ur": "urd",
    "vi": "vie", "zh": "zho",
}  # fmt: skip

_ARTICLES = {
    "de": "der die das ein eine", "en": "the a an", "es": "el la los las un una unos unas", "fr": "le la les un une",
    "it": "il lo la i gli le un uno una", "nl": "de het een", "pt": "o a os as um uma",
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
    series_part: str | None = None
    author_sort: str | None = None
    explicit: bool = False

    @property
    def numbered(self) -> str | None:
        """The track as ``2/12``, ``2`` where nobody knows of how many, None where it is none."""
        if self.track is None:
            return None
        return str(self.track) if self.tracks is None else f"{self.track}/{self.tracks}"


def iso_639_2(language: str | None) -> str:
    """The three-letter code of a BCP 47 tag, as MP4 and ID3 want it; ``und`` where unknown."""
    primary = (language or "").replace("_", "-").split("-")[0].lower()
    return primary if len(primary) == 3 else _ISO_639_2.get(primary, "und")


def one_line(text: str) -> str:
    """A title as tags, feeds and pages can hold it: in one line, without control characters and unpaired surrogates."""
    kept = (" " if _is_control(character) else character for character in text)
    return " ".join("".join(kept).split())


def _is_control(character: str) -> bool:
    """Also code points that are no characters, which XML refuses."""
    return unicodedata.category(character) in ("Cc", "Cs") or ord(character) & 0xFFFE == 0xFFFE


def described(tags: Tags) -> str:
    """The description, after the words that say that a machine speaks."""
    return f"{tags.disclosure}. {tags.description}" if tags.description else tags.disclosure


def sort_title(title: str, language: str | None) -> str:
    """A title as shelves sort it: its article behind it, in languages whose articles stand apart."""
    first, _, rest = title.partition(" ")
    articles = _ARTICLES.get((language or "").split("-")[0].lower(), "").split()
    return f"{rest}, {first}" if rest and first.lower() in articles else title


def sort_album(tags: Tags) -> str:
    """The book as shelves sort it: within its series by part, 2 before 10, else by its title."""
    title = sort_title(tags.album, tags.language)
    if tags.series is None or tags.series_part is None:
        return title
    whole, _, fraction = tags.series_part.partition(".")
    part = f"{whole.zfill(3)}.{fraction}" if fraction else whole.zfill(3)
    return f"{sort_title(tags.series, tags.language)} {part} - {title}"


def container_metadata(tags: Tags, output: OutputFormat, marks: Sequence[Mark] = ()) -> dict[str, str]:
    """The tags under the names by which FFmpeg's muxers know them (specs 1.6: composer holds the narrator).

    Empty for MP3 and MP4, which :mod:`pipeline.assembly.finishing` tells what their muxers cannot.
    """
    match output:
        case OutputFormat.FLAC | OutputFormat.OPUS:
            metadata = {**_vorbis_comments(tags), **_chapter_comments(marks)}
            if output is OutputFormat.OPUS:
                metadata["METADATA_BLOCK_PICTURE"] = _picture_block(tags)
        case OutputFormat.WAV:
            metadata = {**_common(tags), "comment": tags.disclosure, "track": tags.numbered, "language": tags.language}
        case _:
            metadata = {}
    return {name: value for name, value in metadata.items() if value}


def _common(tags: Tags) -> dict[str, str | None]:
    return {
        "title": tags.title,
        "artist": tags.author,
        "album_artist": tags.author,
        "album": tags.album,
        "composer": tags.narrator,
        "genre": GENRE,
        "date": tags.date,
        "publisher": tags.publisher,
    }


def _vorbis_comments(tags: Tags) -> dict[str, str | None]:
    """Vorbis comments; the muxers write "comment" as DESCRIPTION, the only free text that players show of them."""
    return {
        **_common(tags),
        "comment": described(tags),
        "TRACKNUMBER": None if tags.track is None else str(tags.track),
        "TRACKTOTAL": None if tags.tracks is None else str(tags.tracks),
        "PERFORMER": tags.narrator,
        "SERIES": tags.series,
        "SERIES-PART": tags.series_part,
        "ISBN": tags.isbn,
        "LANGUAGE": tags.language,
        "TITLESORT": sort_title(tags.title, tags.language) if tags.track is None else None,
        "ALBUMSORT": sort_album(tags),
        "ARTISTSORT": tags.author_sort or tags.author,
    }


def _chapter_comments(marks: Sequence[Mark]) -> dict[str, str | None]:
    """Chapters as Vorbis comments have them, ``CHAPTER001=00:00:00.000``; FFmpeg's FLAC muxer writes none."""
    found: dict[str, str | None] = {}
    for number, mark in enumerate(marks[:THREE_DIGITS], 1):
        ms = round(mark.start_sample * 1000 / TIMELINE_RATE)
        time = f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}.{ms % 1000:03d}"
        found |= {f"CHAPTER{number:03d}": time, f"CHAPTER{number:03d}NAME": mark.title}
    return found


def _picture_block(tags: Tags) -> str | None:
    """The cover as Ogg carries it: a FLAC picture block in base64 (RFC 7845, section 5.2.1; RFC 9639, section 8.8)."""
    cover = tags.cover
    if cover is None:
        return None
    mime = cover.mime.encode()
    block = struct.pack(">II", _FRONT_COVER, len(mime)) + mime + struct.pack(">I", 0)
    block += struct.pack(">IIIII", cover.width, cover.height, 24, 0, len(cover.data)) + cover.data
    return base64.b64encode(block).decode()
