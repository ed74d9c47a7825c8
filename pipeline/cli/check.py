"""``narrate check``: manifest, manuscript, script and voices, without rendering anything."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli.annotations import add_annotations, annotate, root
from pipeline.cli.arguments import Commands, add_api_url, add_engine
from pipeline.cli.plan import add_offline
from pipeline.cli.quiet import add_quiet
from pipeline.cli.several import add_projects

if TYPE_CHECKING:
    from pipeline.errors import Problem
    from pipeline.manuscript.model import Chapter, Manuscript, Skip
    from pipeline.workflow import Prepared


def add_parser(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "check",
        help="check the manifest, the manuscript and the voices",
        description="Read everything, render nothing: all problems at once, each with file and line.",
        epilog="example: narrate check -v projects/lighthouse",
    )
    add_projects(parser)
    add_engine(parser)
    add_api_url(parser)
    parser.add_argument("-v", "--verbose", action="store_true", help="list every passage that is skipped, and why")
    parser.add_argument("--takes", action="store_true", help="verify the checksum of every stored take as well")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML as well")
    add_offline(parser)
    add_quiet(parser)
    add_annotations(parser)
    parser.set_defaults(run=run, command="check")


def run(arguments: argparse.Namespace) -> int:
    """Check, and say what was read."""
    from pipeline import workflow
    from pipeline.errors import CheckFailed, InputError
    from pipeline.reports.estimates import counted
    from pipeline.store.cleaning import damaged_takes
    from pipeline.store.layout import Layout

    try:
        checked = workflow.check(
            arguments.project, engine=arguments.engine, api_url=arguments.api_url, offline=arguments.offline
        )
    except InputError as error:
        _write_junit(arguments, arguments.project.name, [], error.problems)
        raise
    _write_junit(arguments, checked.project.title, [chapter.slug for chapter in checked.manuscript.chapters], [])
    chapters = checked.manuscript.chapters
    characters = sum(len(chapter.text) for chapter in checked.script.chapters)
    segments = sum(len(chapter.segments) for chapter in checked.script.chapters)
    _say(
        f"{checked.project.title}: {counted(len(chapters), 'chapter')}, {characters:,} characters, "
        f"{counted(segments, 'segment')}, "
        f"engine {checked.engine.name}"
    )
    if checked.assumed:
        _say(f"  {checked.assumed}")
    _tell_server(checked, characters, segments, arguments)
    for passage in checked.foreign:
        said = f"“{passage.text}” ({passage.language}) is read as {passage.read_as}"
        _say(f"  {passage.source}: {said}, since {checked.engine.name} does not speak it")
    for name in _silent_files(checked):
        _say(f"  {name}: there is nothing to speak in it; write something, or take it out of chapters")
    if arguments.verbose:
        _list(checked.manuscript)
    else:
        count = _skipped_count(checked.manuscript)
        verb, them = ("is", "it") if count == 1 else ("are", "them")
        lists = f"; `narrate check -v` lists {them}" if count else ""
        _say(f"{counted(count, 'passage')} {verb} not spoken{lists}")
    if arguments.takes:
        damaged = damaged_takes(Layout.of(checked.project).takes)
        if damaged:
            for key in damaged:
                _say(f"take {key[:12]} is damaged")
            told = f"{counted(len(damaged), 'stored take')} {'is' if len(damaged) == 1 else 'are'} damaged"
            raise CheckFailed(told, hint="`narrate render --force` makes those again that the book needs")
        _say("every stored take matches its checksum")
    return 0


def _write_junit(
    arguments: argparse.Namespace, title: str, chapters: Sequence[str], problems: Sequence[Problem]
) -> None:
    from pipeline.reports.ci.check_junit import check_junit
    from pipeline.store.files import write_atomically

    if arguments.junit is not None:
        write_atomically(arguments.junit, check_junit(title, chapters, problems))


def _tell_server(checked: Prepared, characters: int, segments: int, arguments: argparse.Namespace) -> None:
    from pipeline.reports.ci.annotations import foreign_annotations
    from pipeline.reports.ci.summaries import append_summary, check_summary

    annotate(foreign_annotations(checked.foreign, arguments.project, root()), arguments)
    if arguments.summary is not None:
        read = check_summary(checked.project.title, checked.manuscript, characters, segments, checked.foreign)
        append_summary(arguments.summary, read)


def _silent_files(checked: Prepared) -> list[str]:
    """Files of a glob that gave neither a word nor a passage that is left out: empty ones, as a rule."""
    from pipeline.project.loading import expand_sources

    read = checked.manuscript
    skips = [*read.left_out, *(skip for chapter in read.chapters for skip in chapter.skipped)]
    blocks = (block for chapter in read.chapters for block in chapter.blocks)
    heard = {item.source.file for items in (skips, blocks) for item in items}
    files = [path for entry in checked.project.chapters for path in expand_sources(checked.project, entry)]
    names = (path.relative_to(checked.project.folder).as_posix() for path in files)
    return [name for name in dict.fromkeys(names) if name not in heard]


def _skipped_count(manuscript: Manuscript) -> int:
    return len(manuscript.left_out) + sum(len(chapter.skipped) for chapter in manuscript.chapters)


def _list(manuscript: Manuscript) -> None:
    from pipeline.manuscript.model import SkipReason

    for skip in manuscript.left_out:
        _say(f"  left out   {_described(skip)}")
    for number, chapter in enumerate(manuscript.chapters, 1):
        _say(_titled(number, chapter))
        unseen = [skip for skip in chapter.skipped if skip.reason is SkipReason.MARKUP or not _is_visible(skip.text)]
        if unseen:
            _say(f"    skipped  markup and invisible characters: {len(unseen)} times")
        for skip in chapter.skipped:
            if skip not in unseen:
                _say(f"    skipped  {_described(skip)}")


def _is_visible(text: str) -> bool:
    return any(character.isprintable() and not character.isspace() for character in text)


def _titled(number: int, chapter: Chapter) -> str:
    return f"  {number:3d}  {chapter.slug}  {chapter.title}  ({chapter.source}, {len(chapter.blocks)} blocks)"


def _described(skip: Skip) -> str:
    text = " ".join(skip.text.split())
    text = text if len(text) <= 60 else f"{text[:59]}…"
    return f"{skip.reason}: {skip.source}: {text}" if text else f"{skip.reason}: {skip.source}"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
