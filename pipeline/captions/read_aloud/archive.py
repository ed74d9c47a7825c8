"""Writes the EPUB's ZIP: the same content gives the same bytes (OCF 3.3, section 4.2)."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

MIMETYPE = "application/epub+zip"
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)
"""The oldest time that a ZIP can hold, and the one that says nothing."""
_PACKED = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".mp3", ".m4a", ".mp4", ".ogg", ".opus", ".woff", ".woff2")
_COPY_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the book: its name in the archive, and its bytes, or the file that holds them."""

    name: str
    content: bytes | Path


def write_archive(path: Path, entries: Iterable[Entry]) -> None:
    """Write the entries behind the ``mimetype``, in their order. What is packed already is stored as it is.

    Raises OSError where a file cannot be read or written.
    """
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(_info("mimetype", zipfile.ZIP_STORED), MIMETYPE)
        for entry in entries:
            stored = entry.name.lower().endswith(_PACKED)
            info = _info(entry.name, zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED)
            if isinstance(entry.content, bytes):
                archive.writestr(info, entry.content, compresslevel=6)
                continue
            info.file_size = entry.content.stat().st_size
            with entry.content.open("rb") as source, archive.open(info, "w") as target:
                _copy(source, target)


def _copy(source: IO[bytes], target: IO[bytes]) -> None:
    while data := source.read(_COPY_BYTES):
        target.write(data)


def _info(name: str, method: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _FIRST_DAY)
    info.compress_type = method
    info.create_system = 3
    info.external_attr = 0o644 << 16
    return info
