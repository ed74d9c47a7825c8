"""One command over several projects: one after another, each to its end, under one budget and one limiter."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

INTERRUPTED = 130
_PRECEDENCE = (INTERRUPTED, 5, 4, 8, 7, 3, 6, 2, 1)
"""Exit codes, the first that applies (README, "Commands")."""
_FOR_ONE = {"out": "--out", "chapters": "--chapters", "junit": "--junit", "comment": "--comment"}


def add_projects(parser: argparse.ArgumentParser) -> None:
    """PROJECT…: folders or manifests; the command's ``run`` is called with each as ``project``."""
    parser.add_argument(
        "each_project",
        nargs="*",
        type=Path,
        metavar="PROJECT",
        help="folders with a project.yaml, or manifests (default: the current folder); several are taken in turn",
    )


def run_each(arguments: argparse.Namespace, run_one: Callable[[argparse.Namespace], int]) -> int:
    """Run the command for each project; what goes wrong in one does not stop the next, an interruption does.

    Returns the exit code that comes first in the table of all that came. Raises UsageError for a flag that is for one.
    """
    projects: Sequence[Path] = arguments.each_project or [Path()]
    arguments.annotated = []  # one list for all of them: GitLab takes one file
    if len(projects) == 1:
        return run_one(_for_one(arguments, projects[0]))
    _refuse_flags(arguments)
    from pipeline.render.together import Together

    arguments.together = Together()
    codes = []
    for project in projects:
        if not getattr(arguments, "quiet", False):
            sys.stdout.flush()
            print(f"== {project}", file=sys.stderr, flush=True)  # noqa: T201 - this is the terminal
        codes.append(run_one(_for_one(arguments, project)))
        if codes[-1] >= INTERRUPTED:
            break
    failed = [str(project) for project, code in zip(projects, codes, strict=False) if code]
    if failed:
        shown = f"narrate: {len(failed)} of {len(projects)} projects ended badly: {', '.join(failed)}"
        print(shown, file=sys.stderr)  # noqa: T201
    return first_that_applies(codes)


def first_that_applies(codes: Sequence[int]) -> int:
    """Of several exit codes the one that wins; 0 where all is well."""
    return min((code for code in codes if code), key=_rank, default=0)


def _rank(code: int) -> int:
    return _PRECEDENCE.index(code) if code in _PRECEDENCE else -1


def _for_one(arguments: argparse.Namespace, project: Path) -> argparse.Namespace:
    return argparse.Namespace(**{"together": None, **vars(arguments), "project": project})


def _refuse_flags(arguments: argparse.Namespace) -> None:
    from pipeline.errors import UsageError

    for name, flag in _FOR_ONE.items():
        if getattr(arguments, name, None) is not None:
            raise UsageError(f"{flag} is for one project", hint="leave it out, or name one project at a time")
