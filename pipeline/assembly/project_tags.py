"""What a manifest says about its book, as tags."""

from __future__ import annotations

from pipeline.assembly.cover import read_cover
from pipeline.assembly.tags import Tags, one_line
from pipeline.project.models import Project


def project_tags(project: Project, title: str) -> Tags:
    """The tags of the book, or of the part of it that is called ``title``. Raises InputError for a bad cover."""
    metadata = project.metadata
    return Tags(
        title=one_line(title),
        album=project.title,
        author=project.author,
        narrator=metadata.narrator,
        publisher=metadata.publisher,
        series=metadata.series,
        series_part=metadata.series_part,
        author_sort=metadata.author_sort,
        isbn=metadata.isbn,
        date=metadata.date,
        description=metadata.description,
        language=project.language,
        explicit=metadata.explicit,
        cover=read_cover(project.cover) if project.cover else None,
    )
