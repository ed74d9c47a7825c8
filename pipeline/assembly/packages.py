"""Which files make up a package: a server's folder, a W3C Audiobook, a podcast's feed."""

from __future__ import annotations

from pipeline.assembly.audiobookshelf import METADATA, book_folder
from pipeline.assembly.file_names import file_name
from pipeline.assembly.podcast import FEED
from pipeline.assembly.project_tags import project_tags
from pipeline.project.formats import OutputFormat
from pipeline.project.models import Project
from pipeline.project.outputs import Output


def package_paths(project: Project, output: Output, *, whole: bool) -> list[str]:
    """The paths of a package's files in the outputs; one of a book that is not ``whole`` says so in its name.

    Raises InputError where the cover is damaged.
    """
    tags = project_tags(project, project.title)
    cover = [tags.cover.file_name] if tags.cover else []
    match output.format:
        case OutputFormat.LPF:
            return [f"{project.slug}.lpf" if whole else f"{project.slug}.partial.lpf"]
        case OutputFormat.RSS:
            return [FEED, *cover]
        case _:
            folder = f"{output.format}/{book_folder(tags)}" + ("" if whole else " (partial)")
            return [f"{folder}/{name}" for name in (f"{file_name(project.title)}.m4b", METADATA, *cover)]
