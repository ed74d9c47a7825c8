"""The read-aloud book among the outputs: what the manifest says of it, and the chapters that it is made of."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pipeline.assembly.cover import read_cover
from pipeline.captions.read_aloud.book import write_read_aloud
from pipeline.captions.read_aloud.edition import Edition, NarratedChapter
from pipeline.errors import UsageError
from pipeline.project.captions import Granularity
from pipeline.project.models import Output, Project


def write_read_aloud_file(project: Project, output: Output, chapters: Sequence[NarratedChapter], path: Path) -> None:
    """Write the read-aloud EPUB that ``output`` asks for. Raises InputError, StorageError and UsageError."""
    metadata = project.metadata
    edition = Edition(
        title=project.title,
        language=project.language,
        modified=modified_time(),
        granularity=output.granularity or Granularity.SENTENCE,
        author=project.author,
        narrator=metadata.narrator,
        publisher=metadata.publisher,
        date=metadata.date,
        description=metadata.description,
        cover=read_cover(project.cover) if project.cover else None,
    )
    write_read_aloud(path, chapters, edition, project.folder)


def modified_time() -> str | None:
    """SOURCE_DATE_EPOCH (reproducible-builds.org) as ``dcterms:modified`` is written; None where it is not set.

    Raises UsageError where it holds no whole number of seconds.
    """
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not given:
        return None
    if not (given.isascii() and given.isdecimal()):
        raise UsageError(f"SOURCE_DATE_EPOCH is {given!r}; expected a whole number of seconds since 1970")
    latest = 253_402_300_799  # the last second of the year 9999
    return datetime.fromtimestamp(min(int(given), latest), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
