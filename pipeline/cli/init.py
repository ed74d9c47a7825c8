"""``narrate init``: a first project around a manuscript, or around a sample story."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli.arguments import Commands
from pipeline.cli.init_ci import add_ci, refuse_without_ci, write_ci
from pipeline.cli.quiet import add_quiet

if TYPE_CHECKING:
    from pipeline.reports.starting.new_project import NewProject, Speaking
    from pipeline.reports.starting.rare_words import Guessing

_MOST_SHOWN = 12
_CHARACTERS_PER_MINUTE = 900
"""About what a narrator reads."""


def add_parser(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "init",
        help="write a first project around a manuscript",
        description="Write a commented project.yaml with the chapters that are found, a Makefile, .gitignore, and a "
        "dictionary of the words that the voice has to guess, each with a clip to hear. Without a SOURCE: a sample "
        "story. Never overwrites anything.",
        epilog="examples: narrate init book.epub --into my-book\n          narrate init manuscripts/winter",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "source", nargs="?", type=Path, metavar="SOURCE", help="an EPUB, a text or Markdown file, or a folder of them"
    )
    parser.add_argument(
        "--into", type=Path, metavar="DIR", help="the project's folder (default: a SOURCE folder itself, else this one)"
    )
    parser.add_argument(
        "--install",
        metavar="SPEC",
        help="what the Makefile installs: narrate==VERSION, git+https://…@COMMIT, or a wheel (default: what runs now)",
    )
    parser.add_argument("--language", metavar="TAG", help="of the text, BCP 47 (default: the EPUB's own, else en)")
    parser.add_argument("--no-clips", action="store_true", help="do not render the words of the dictionary")
    add_ci(parser)
    add_quiet(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the project, check it, and say what to do next."""
    from pipeline import workflow
    from pipeline.project.loading import is_project
    from pipeline.reports.starting.make_file import install_spec
    from pipeline.reports.starting.new_project import new_project, with_dictionary, write_project

    refuse_without_ci(arguments)
    folder = (arguments.into or Path()).resolve()
    if arguments.ci is not None and arguments.source is None and is_project(folder):
        _write_ci(folder, arguments)
        return 0
    project = new_project(
        arguments.source,
        arguments.into,
        language=_language(arguments.language),
        makefile_installs=install_spec(arguments.install, folder),
    )
    english = (project.found.language or "en").partition("-")[0] == "en"
    project = with_dictionary(
        project, _guessing() if english else None, _speaking() if english and not arguments.no_clips else None
    )
    paths = write_project(project)
    if not arguments.quiet:
        sys.stdout.write("".join(f"{line}\n" for line in _written(project, paths)))
    workflow.check(project.folder)
    if not arguments.quiet:
        sys.stdout.write("".join(f"{line}\n" for line in _next(project)))
    if arguments.ci is not None:
        _write_ci(project.folder, arguments)
    return 0


def _write_ci(folder: Path, arguments: argparse.Namespace) -> None:
    lines = write_ci(folder, arguments)
    if not arguments.quiet:
        sys.stdout.write("".join(f"{line}\n" for line in lines))


def _language(tag: str | None) -> str | None:
    from pipeline.errors import UsageError
    from pipeline.project.languages import canonical_language

    try:
        return None if tag is None else canonical_language(tag)
    except ValueError as error:
        raise UsageError(
            f"--language {tag}: no language tag", hint="expected BCP 47, such as en, de or pt-BR"
        ) from error


def _guessing() -> Guessing:
    from pipeline.engines.hibari.guessing import guessed_words

    return guessed_words


def _speaking() -> Speaking:
    from pipeline.reports.starting.clips import spoken_clips

    return spoken_clips


def _written(project: NewProject, paths: list[Path]) -> list[str]:
    from pipeline.reports.estimates import counted

    own = [path for path in paths if path.suffix != ".wav"]
    lines = [f"wrote {path.relative_to(project.folder)}" for path in own[:_MOST_SHOWN]]
    if len(own) > _MOST_SHOWN:
        lines.append(f"… and {len(own) - _MOST_SHOWN} more")
    if project.clips:
        lines.append(f"wrote {counted(project.clips, 'clip')} to dictionaries/clips/")
    return lines


def _next(project: NewProject) -> list[str]:
    from pipeline.cli.arguments import shown_duration
    from pipeline.reports.estimates import counted

    length = shown_duration(project.characters / _CHARACTERS_PER_MINUTE * 60)
    here = "" if project.folder == Path.cwd() else f"cd {project.folder} && "
    lines = [f"{counted(project.chapters, 'chapter')}, {project.characters:,} characters, about {length} of audio"]
    if project.guessed:
        words = "1 word has" if project.guessed == 1 else f"{project.guessed} words have"
        lines.append(f"{words} a sound that the voice must guess: dictionaries/names.yaml lists what to hear")
    return [*lines, f"next: {here}make render   (or, with narrate installed: {here}narrate render)"]
