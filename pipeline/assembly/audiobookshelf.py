"""An audiobook as Audiobookshelf finds it: ``Author/Series/Title`` with ``metadata.json``, the cover and the M4B.

Of all that it reads, that server prefers ``metadata.json`` (specs 1.6).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import orjson

from pipeline.assembly.file_names import file_name
from pipeline.assembly.marks import Mark
from pipeline.assembly.tags import GENRE, Tags, described
from pipeline.assembly.timeline import TIMELINE_RATE
from pipeline.store.files import replacing

METADATA = "metadata.json"
_NOBODY = "Unknown author"


def book_folder(tags: Tags) -> str:
    """The book's folder below a library: ``Author/Title`` or ``Author/Series/Vol 2 - 2024 - Title {Narrator}``."""
    year = tags.date[:4] if tags.date else None
    volume = f"Vol {tags.series_part}" if tags.series and tags.series_part else None
    title = " - ".join(part for part in (volume, year, tags.album) if part)
    narrator = f" {{{file_name(tags.narrator)}}}" if tags.narrator else ""
    levels = [tags.author or _NOBODY, *([tags.series] if tags.series else [])]
    return "/".join([*map(file_name, levels), f"{file_name(title)}{narrator}"])


def metadata_json(tags: Tags, marks: Sequence[Mark]) -> bytes:
    """What the server is told; chapters' times in seconds."""
    series = [f"{tags.series} #{tags.series_part}" if tags.series_part else tags.series] if tags.series else []
    document = {
        "tags": [],
        "chapters": [
            {
                "id": index,
                "start": round(mark.start_sample / TIMELINE_RATE, 6),
                "end": round(mark.end_sample / TIMELINE_RATE, 6),
                "title": mark.title,
            }
            for index, mark in enumerate(marks)
        ],
        "title": tags.album,
        "subtitle": None,
        "authors": [tags.author] if tags.author else [],
        "narrators": [tags.narrator] if tags.narrator else [],
        "series": series,
        "genres": [GENRE],
        "publishedYear": tags.date[:4] if tags.date else None,
        "publishedDate": tags.date,
        "publisher": tags.publisher,
        "description": described(tags),
        "isbn": tags.isbn,
        "asin": None,
        "language": tags.language,
        "explicit": tags.explicit,
        "abridged": False,
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def link_or_copy(source: Path, target: Path) -> None:
    """The same file under a second name, or a copy where the file system cannot. Raises StorageError."""
    with replacing(target) as temporary:
        try:
            os.link(source, temporary)
        except OSError:
            shutil.copyfile(source, temporary)
