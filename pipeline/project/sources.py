"""The manuscript files that a chapters entry names: a file, or a glob in natural order."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from pipeline.errors import InputError, Problem
from pipeline.project.models import ChapterEntry, Project

SOURCE_SUFFIXES = (".md", ".markdown", ".txt", ".text", ".html", ".htm", ".xhtml", ".xht", ".epub")
"""What a manuscript may be written in, by suffix in lower case."""

_GLOB = re.compile(r"[*?\[]")
_BUILD = "build"
NO_SUCH_FILE = "no such file"


def expand_sources(project: Project, entry: ChapterEntry) -> list[Path]:
    """The files of ``entry``, absolute, a glob's in natural order (2 before 10).

    Raises InputError where files have gone, or others have come that are no manuscripts, since the project was
    loaded.
    """
    files = matching_files(project.folder, entry.source)
    problem = source_problem(project.folder, entry.source, files)
    if problem:
        raise InputError([Problem(project.manifest.name, 0, 0, f"chapters: source '{entry.source}': {problem}")])
    return files


def matching_files(folder: Path, source: str) -> list[Path]:
    """The files below ``folder`` that ``source`` names, in natural order.

    A name that exists is that file, even with brackets in it. A glob passes over hidden files and folders, and
    over the outputs in ``build/`` unless it begins with that name.
    """
    literal = folder / source
    if literal.exists() or not _GLOB.search(source):
        return [literal] if literal.is_file() else []
    parts = PurePosixPath(source).parts
    depth = len(folder.parts)
    inside = [(path, path.parts[depth:]) for path in folder.glob(str(PurePosixPath(*parts))) if path.is_file()]
    kept = [
        (path, below)
        for path, below in inside
        if not any(part.startswith(".") for part in below) and (below[0] != _BUILD or parts[0] == _BUILD)
    ]
    return [path for path, _ in sorted(kept, key=lambda item: [natural_key(part) for part in item[1]])]


def natural_key(name: str) -> tuple[tuple[str | int, ...], str]:
    """Sorts names as people number them: runs of digits by value, letters without regard to case."""
    parts = re.split(r"([0-9]+)", name)
    return tuple(int(part) if index % 2 else part.casefold() for index, part in enumerate(parts)), name


def source_problem(folder: Path, source: str, files: list[Path]) -> str | None:
    """What is wrong with the files that ``source`` was found to name; None: nothing."""
    if not files:
        return _nothing_found(folder, source)
    outside = {parent for parent in {path.parent for path in files} if escapes(folder, parent)}
    for path in files:
        if (outside and path.parent in outside) or (path.is_symlink() and escapes(folder, path)):
            return f"'{path.relative_to(folder).as_posix()}' is reached by a link that leaves the project's folder"
        if path.suffix.lower() not in SOURCE_SUFFIXES:
            shown = path.relative_to(folder).as_posix()
            return f"'{shown}' is no manuscript; expected {', '.join(SOURCE_SUFFIXES)}"
    return None


def escapes(folder: Path, path: Path) -> bool:
    """Whether ``path``, its links followed, lies outside ``folder`` (which is resolved)."""
    return not path.resolve().is_relative_to(folder)


def _nothing_found(folder: Path, source: str) -> str:
    path = folder / source
    if path.is_dir():
        return f"is a folder; expected its files, such as '{source.rstrip('/')}/*.md'"
    if path.exists():
        return "is not a regular file"
    if _GLOB.search(source):
        return "no file matches; expected a file or a glob below the project's folder"
    return NO_SUCH_FILE


def names_beside(path: Path) -> list[str]:
    """The names in the folder where ``path`` should be, for a suggestion; empty where there is no such folder."""
    try:
        return sorted(item.name for item in path.parent.iterdir())[:2000]
    except OSError:
        return []
