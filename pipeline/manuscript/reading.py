"""The manuscript of a project: every entry of ``chapters`` read, cut, selected and named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from pipeline.errors import InputError, Problem
from pipeline.manuscript.credits import with_credits
from pipeline.manuscript.model import Block, BlockKind, Chapter, Manuscript, Skip, SkipReason
from pipeline.manuscript.selection import NamedPart, name_parts, select
from pipeline.manuscript.slugs import chapter_slug
from pipeline.manuscript.sources import BOOK_SUFFIX, read_book, read_file, shown_name
from pipeline.manuscript.splitting import Rule, parse_rule, split_files
from pipeline.project.dictionaries import DictionaryEntry
from pipeline.project.loading import expand_sources
from pipeline.project.models import ChapterEntry, Project

_T = TypeVar("_T")


@dataclass(slots=True)
class _Reading:
    """What has been read so far, and everything found wrong."""

    chapters: list[Chapter] = field(default_factory=list)
    left_out: list[Skip] = field(default_factory=list)
    entries: list[DictionaryEntry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_manuscript(project: Project) -> Manuscript:
    """Read all that ``project.chapters`` names, in order, between the manifest's credits.

    Raises InputError with every problem of every file: unreadable or hostile files, a ``split`` or ``include``
    that finds nothing, files with nothing to say, two chapters with one slug.
    """
    reading = _Reading()
    for entry in project.chapters:
        _read_entry(project, entry, reading)
    reading.problems += _clashes(reading.chapters)
    if not reading.problems and not reading.chapters:
        manifest = shown_name(project, project.manifest)
        reading.problems.append(
            Problem(
                manifest,
                0,
                0,
                "chapters: there is nothing to speak in any of them; write something, or name other files",
            )
        )
    if reading.problems:
        raise InputError(dict.fromkeys(reading.problems))
    read = Manuscript(tuple(reading.chapters), tuple(reading.left_out), tuple(dict.fromkeys(reading.entries)))
    return with_credits(read, project)


def _read_entry(project: Project, entry: ChapterEntry, reading: _Reading) -> None:
    manifest = shown_name(project, project.manifest)
    try:
        rule = parse_rule(entry.split)
        paths = expand_sources(project, entry)
    except ValueError as exc:
        reading.problems.append(Problem(manifest, 0, 0, f"chapters: {entry.source}: {exc}"))
        return
    except InputError as exc:
        reading.problems += exc.problems
        return
    books = [path for path in paths if path.suffix.lower() == BOOK_SUFFIX]
    for book in books:
        _read_book(project, entry, book, rule, reading)
    files = [path for path in paths if path.suffix.lower() != BOOK_SUFFIX]
    if files:
        _read_files(project, entry, files, rule, reading)


def _read_book(project: Project, entry: ChapterEntry, path: Path, rule: Rule, reading: _Reading) -> None:
    shown = shown_name(project, path)
    book = _caught(partial(read_book, path, shown, rule, _expected_language(project, entry)), shown, reading)
    if book is None:
        return
    reading.entries += book.entries
    reading.left_out += book.unused
    _choose(entry, name_parts(book.parts, number=True), shown, reading)


def _read_files(project: Project, entry: ChapterEntry, paths: Sequence[Path], rule: Rule, reading: _Reading) -> None:
    files = []
    for path in paths:
        shown = shown_name(project, path)
        file = _caught(partial(read_file, path, shown, rule, _expected_language(project, entry)), shown, reading)
        if file is not None:
            files.append(file)
    if len(files) < len(paths):
        return
    parts = _caught(partial(split_files, files, rule), entry.source, reading)
    if parts is not None:
        _choose(entry, name_parts(parts, number=len(files) == 1), entry.source, reading)


def _caught(read: Callable[[], _T], shown: str, reading: _Reading) -> _T | None:
    """What ``read`` returns; None where it found problems, which are kept."""
    try:
        return read()
    except InputError as exc:
        reading.problems += exc.problems
    except ValueError as exc:
        reading.problems.append(Problem(shown, 0, 0, str(exc)))
    return None


def _choose(entry: ChapterEntry, parts: Sequence[NamedPart], shown: str, reading: _Reading) -> None:
    """Select among the parts of a source, and make chapters of them."""
    selection = select(parts, entry.include, entry.exclude)
    reading.left_out += selection.left_out
    reading.problems += [Problem(shown, 0, 0, message) for message in selection.unknown]
    chapters = [_chapter(named, entry) for named in selection.chosen]
    if entry.title is not None and len(chapters) == 1:
        chapters = [replace(chapters[0], title=entry.title, slug=chapter_slug(entry.title))]
    elif entry.title is not None and len(chapters) > 1:
        message = f"title: '{entry.title}' is for one chapter, but there are {len(chapters)}; remove it, or use include"
        reading.problems.append(Problem(shown, 0, 0, message))
    if not chapters and not selection.unknown:
        reading.problems.append(Problem(shown, 0, 0, _silence(parts)))
    reading.chapters += chapters


def _silence(parts: Sequence[NamedPart]) -> str:
    if any(not named.part.is_silent for named in parts):
        slugs = ", ".join(named.slug for named in parts if not named.part.is_silent)
        return f"everything in it is left out; name what is to be spoken with include: {slugs}"
    return "there is nothing to speak in it; write something, or take it out of chapters"


def _chapter(named: NamedPart, entry: ChapterEntry) -> Chapter:
    part = named.part
    return Chapter(
        slug=named.slug,
        title=part.title,
        blocks=_trimmed(part.blocks),
        source=part.source,
        skipped=_together(part.skips),
        voice=entry.voice,
        language=entry.language,
    )


def _together(skips: Iterable[Skip]) -> tuple[Skip, ...]:
    """Skips with those of invisible characters in one, at the first: nobody wants to read a line for each."""
    kept: list[Skip] = []
    first: dict[SkipReason, int] = {}
    for skip in skips:
        if skip.reason not in {SkipReason.SOFT_HYPHEN, SkipReason.INVISIBLE}:
            kept.append(skip)
        elif skip.reason in first:
            at = first[skip.reason]
            kept[at] = replace(kept[at], text=kept[at].text + skip.text)
        else:
            first[skip.reason] = len(kept)
            kept.append(skip)
    return tuple(kept)


def _trimmed(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """Blocks with a scene break only between two others: at either end the chapter's own pause is enough."""
    kept: list[Block] = []
    for block in blocks:
        if block.kind is BlockKind.SCENE_BREAK and (not kept or kept[-1].kind is BlockKind.SCENE_BREAK):
            continue
        kept.append(block)
    while kept and kept[-1].kind is BlockKind.SCENE_BREAK:
        kept.pop()
    return tuple(kept)


def _expected_language(project: Project, entry: ChapterEntry) -> str | None:
    """What a document is expected to be in. An entry's own language overrides what documents say of themselves."""
    return None if entry.language else project.language


def _clashes(chapters: Iterable[Chapter]) -> list[Problem]:
    first: dict[str, Chapter] = {}
    problems = []
    for chapter in chapters:
        other = first.setdefault(chapter.slug, chapter)
        if other is not chapter:
            message = (
                f"chapter '{chapter.title}' has the slug '{chapter.slug}', as chapter '{other.title}' of "
                f"{other.source} has; change one heading, or give one entry a title of its own"
            )
            problems.append(Problem(chapter.source.file, chapter.source.line, 0, message))
    return problems
