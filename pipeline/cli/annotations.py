"""What a command tells the CI server that it runs on: ``--annotations``, ``--summary``, ``--comment``, and its log."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO

from pipeline.cli.quiet import audible

if TYPE_CHECKING:
    from pipeline.errors import NarrateError
    from pipeline.reports.ci.annotations import Annotation


def add_annotations(parser: argparse.ArgumentParser) -> None:
    """``--annotations`` and ``--summary``."""
    parser.add_argument(
        "--annotations",
        choices=("auto", "github", "gitlab", "none"),
        default="auto",
        help="problems as GitHub annotations, or as GitLab's gl-code-quality-report.json (auto: by GITHUB_ACTIONS and "
        "GITLAB_CI)",
    )
    parser.add_argument(
        "--summary", type=Path, metavar="FILE", help="add a summary in Markdown to FILE (at most 1 MiB)"
    )


def add_comment(parser: argparse.ArgumentParser) -> None:
    """``--comment``."""
    parser.add_argument(
        "--comment",
        type=Path,
        metavar="FILE",
        help="write the body of a comment to FILE (at most 65,536 characters); needs --against",
    )


def server_of(environment: Mapping[str, str]) -> str:
    """The CI server that runs this: ``github``, ``gitlab`` or ``none``."""
    if environment.get("GITHUB_ACTIONS") == "true":
        return "github"
    return "gitlab" if environment.get("GITLAB_CI") == "true" else "none"


@contextlib.contextmanager
def guarded_output(environment: Mapping[str, str]) -> Iterator[None]:
    """Where a CI server listens, nothing that is printed can be a command to it; files get what was written."""
    if server_of(environment) == "none":
        yield
        return
    streams = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (_guarded(stream) for stream in streams)
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(BrokenPipeError):
                stream.flush()
        sys.stdout, sys.stderr = streams


def _guarded(stream: TextIO) -> TextIO:
    from pipeline.reports.ci.workflow_commands import CommandGuard

    below: BinaryIO | None = getattr(stream, "buffer", None)
    if below is None or _is_file(below):
        return stream
    stream.flush()
    guard = CommandGuard(below)
    return _Guarded(guard, encoding="utf-8", errors="backslashreplace", line_buffering=True, write_through=True)


class _Guarded(io.TextIOWrapper):
    """A text stream over a guard that leaves what is below open when it goes."""

    def close(self) -> None:
        """Flush only."""
        self.flush()

    def __del__(self) -> None:
        """Nothing: the stream below is the process's."""


def _is_file(stream: BinaryIO) -> bool:
    try:
        return stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except (OSError, ValueError):
        return False


def annotate(annotations: Sequence[Annotation], arguments: argparse.Namespace) -> None:
    """Hand annotations to the server that the command was told of, or runs on.

    GitLab reads one file: it holds those of all projects that the command has been through (``annotated``).
    """
    from pipeline.reports.ci.annotations import CODE_QUALITY_NAME, code_quality, github_lines
    from pipeline.reports.ci.workflow_commands import CommandGuard
    from pipeline.store.files import write_atomically

    annotated: list[Annotation] = vars(arguments).setdefault("annotated", [])
    annotated += annotations
    wanted = getattr(arguments, "annotations", "auto")
    server = server_of(os.environ) if wanted == "auto" else wanted
    if server == "gitlab" and hasattr(arguments, "annotations"):
        write_atomically(Path(CODE_QUALITY_NAME), code_quality(annotated))
    if server != "github" or not annotations:
        return
    stream = audible()
    stream.flush()
    below = getattr(stream, "buffer", None)
    for line in github_lines(annotations):
        if isinstance(below, CommandGuard):
            below.trusted(line)
        else:
            stream.write(f"{line}\n")
    stream.flush()


def annotate_error(error: NarrateError, arguments: argparse.Namespace) -> None:
    """Annotations and the summary for what ended a command."""
    from pipeline.reports.ci.annotations import annotations_of
    from pipeline.reports.ci.summaries import append_summary, error_summary

    project = getattr(arguments, "project", None)
    annotate(annotations_of(error, project if isinstance(project, Path) else None, root()), arguments)
    summary = getattr(arguments, "summary", None)
    if summary is not None and not getattr(arguments, "summarised", False):
        append_summary(summary, error_summary(getattr(arguments, "command", "narrate"), error))


def root() -> Path:
    """The repository that the server checked out; a person's own folder otherwise."""
    return Path(os.environ.get("GITHUB_WORKSPACE") or os.environ.get("CI_PROJECT_DIR") or Path.cwd())
