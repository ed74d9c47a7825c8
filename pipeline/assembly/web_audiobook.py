"""The book as a W3C Audiobook, packed as LPF (https://www.w3.org/TR/audiobooks/, https://www.w3.org/TR/lpf/)."""

from __future__ import annotations

import html
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from pipeline.assembly.dates import archive_time
from pipeline.assembly.mp4_boxes import retagged
from pipeline.assembly.mp4_tags import user_data
from pipeline.assembly.tags import Tags, described
from pipeline.assembly.timeline import TIMELINE_RATE
from pipeline.store.files import replacing

_ALREADY_SMALL = (".m4a", ".jpg", ".png")
_CONTENTS = "contents.html"


@dataclass(frozen=True, slots=True)
class Track:
    """A chapter of the publication: ``url`` in it, its length at 24,000 Hz, where its M4A lies now, its own tags."""

    url: str
    samples: int
    audio: Path
    tags: Tags

    @property
    def title(self) -> str:
        """What the table of contents calls it."""
        return self.tags.title


def write_lpf(path: Path, tracks: Sequence[Track], tags: Tags) -> None:
    """Write the package: manifest, table of contents, cover and a sound file for each chapter.

    The same tracks give the same bytes: entries have no other time than SOURCE_DATE_EPOCH's. Raises StorageError.
    """
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as package:
        _add(package, "publication.json", publication_json(tracks, tags))
        _add(package, _CONTENTS, contents_html(tracks, tags))
        if tags.cover is not None:
            _add(package, tags.cover.file_name, tags.cover.data)
        for track in tracks:
            _add(package, track.url, retagged(track.audio.read_bytes(), user_data(track.tags)))


def publication_json(tracks: Sequence[Track], tags: Tags) -> bytes:
    """The publication's manifest (https://www.w3.org/TR/pub-manifest/)."""
    document = {
        "@context": ["https://schema.org", "https://www.w3.org/ns/pub-context"],
        "conformsTo": "https://www.w3.org/TR/audiobooks/",
        "type": "Audiobook",
        "id": f"urn:isbn:{tags.isbn.replace('-', '').replace(' ', '')}" if tags.isbn else None,
        "name": tags.album,
        "author": tags.author,
        "readBy": tags.narrator,
        "publisher": tags.publisher,
        "inLanguage": tags.language,
        "datePublished": tags.date,
        "dateModified": tags.date,
        "description": described(tags),
        "abridged": False,
        "readingProgression": "ltr",
        "duration": _duration(sum(track.samples for track in tracks)),
        **_ACCESS,
        "resources": list(_resources(tags)),
        "readingOrder": [
            {
                "type": "LinkedResource",
                "url": track.url,
                "encodingFormat": "audio/mp4",
                "name": track.title,
                "duration": _duration(track.samples),
            }
            for track in tracks
        ],
    }
    kept = {key: value for key, value in document.items() if value is not None}
    return orjson.dumps(kept, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


_ACCESS = {
    "accessMode": ["auditory"],
    "accessModeSufficient": [{"type": "ItemList", "itemListElement": ["auditory"]}],
    "accessibilityFeature": ["tableOfContents", "unlocked"],
    "accessibilityHazard": ["noFlashingHazard", "noMotionSimulationHazard"],
    "accessibilitySummary": "Narrated throughout by a synthetic voice, with a table of contents by chapter.",
}


def contents_html(tracks: Sequence[Track], tags: Tags) -> bytes:
    """The table of contents, in the form that reading systems take it from."""
    language = html.escape(tags.language or "und")
    title = html.escape(tags.album)
    entries = "".join(
        f'    <li><a href="{html.escape(track.url)}">{html.escape(track.title)}</a></li>\n' for track in tracks
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{language}" dir="auto">\n<head>\n  <meta charset="utf-8">\n'
        f"  <title>{title}</title>\n</head>\n<body>\n"
        f'  <nav role="doc-toc">\n  <h1>{title}</h1>\n  <ol>\n{entries}  </ol>\n  </nav>\n</body>\n</html>\n'
    ).encode()


def _resources(tags: Tags) -> Iterator[dict[str, object]]:
    yield {"type": "LinkedResource", "url": _CONTENTS, "encodingFormat": "text/html", "rel": "contents"}
    if tags.cover is not None:
        cover = {"url": tags.cover.file_name, "encodingFormat": tags.cover.mime, "rel": "cover", "name": "Cover"}
        yield {"type": "LinkedResource", **cover}


def _duration(samples: int) -> str:
    """ISO 8601, as the specification's examples have it: ``PT457.931S``."""
    return f"PT{samples / TIMELINE_RATE:.3f}S"


def _add(package: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, archive_time())
    entry.create_system = 3
    entry.external_attr = 0o100644 << 16
    entry.compress_type = zipfile.ZIP_STORED if name.endswith(_ALREADY_SMALL) else zipfile.ZIP_DEFLATED
    package.writestr(entry, data)
