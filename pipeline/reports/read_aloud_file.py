"""The read-aloud book among the outputs: what the manifest says of it, and the chapters that it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.assembly.cover import read_cover
from pipeline.assembly.dates import modified_time
from pipeline.captions.read_aloud.book import write_read_aloud
from pipeline.captions.read_aloud.edition import Edition, NarratedChapter
from pipeline.project.captions import Granularity
from pipeline.project.models import Project
from pipeline.project.outputs import Output


def write_read_aloud_file(project: Project, output: Output, chapters: Sequence[NarratedChapter], path: Path) -> None:
    """Write the read-aloud EPUB that ``output`` asks for. Raises InputError, StorageError and UsageError."""
    metadata = project.metadata
    edition = Edition(
        title=project.title,
        language=project.language,
        modified=modified_time(),
        granularity=output.granularity or Granularity.SENTENCE,
        author=project.author,
        narrator=metadata.narrator or f"Synthetic voice ({project.engine})",
        publisher=metadata.publisher,
        date=metadata.date,
        description=metadata.description,
        cover=read_cover(project.cover) if project.cover else None,
    )
    write_read_aloud(path, chapters, edition, project.folder)
