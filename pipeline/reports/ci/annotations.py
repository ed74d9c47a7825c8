"""Problems where a reviewer sees them: on the lines of a pull request."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from pipeline.errors import InputError, NarrateError
from pipeline.reports.ci.workflow_commands import command
from pipeline.script.foreign import ForeignPassage

MOST_ANNOTATIONS = 10
"""What GitHub shows of each level for a step (actions/toolkit, ``docs/problem-matchers.md``)."""
CODE_QUALITY_NAME = "gl-code-quality-report.json"
"""The file that the generated GitLab job hands to its merge request."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """One remark. ``level`` is ``error``, ``warning`` or ``notice``; ``file`` is relative to the repository, if any."""

    level: str
    message: str
    file: str | None = None
    line: int = 0
    column: int = 0


def annotations_of(error: NarrateError, project: Path | None, root: Path) -> list[Annotation]:
    """What an error says, each problem at its line; ``project`` is what the command was given."""
    if isinstance(error, InputError):
        return [
            Annotation(
                "error", problem.message, repository_path(problem.file, project, root), problem.line, problem.column
            )
            if repository_path(problem.file, project, root)
            else Annotation("error", str(problem))
            for problem in error.problems
        ]
    hint = f"\n{error.hint}" if error.hint else ""
    return [Annotation("error", f"{error.message}{hint}")]


def foreign_annotations(passages: Iterable[ForeignPassage], project: Path, root: Path) -> list[Annotation]:
    """A warning for each passage that is read in another language than it is written in."""
    return [
        Annotation(
            "warning",
            f"“{passage.text}” ({passage.language}) is read as {passage.read_as}",
            repository_path(passage.source.file, project, root),
            passage.source.line,
        )
        for passage in passages
    ]


def repository_path(file: str, project: Path | None, root: Path) -> str | None:
    """A file of a project, as the repository at ``root`` calls it; None where it is not in there."""
    folder = project if project is not None and project.is_dir() else (project or Path()).parent
    path = (folder / file).resolve()
    if not path.exists() or not path.is_relative_to(root.resolve()):
        return None
    return path.relative_to(root.resolve()).as_posix()


def github_lines(annotations: Sequence[Annotation], *, title: str = "narrate") -> list[str]:
    """Workflow commands for the first annotations of each level; the last place goes to how many more there are."""
    lines: list[str] = []
    for level in ("error", "warning", "notice"):
        ours = [annotation for annotation in annotations if annotation.level == level]
        shown = ours if len(ours) <= MOST_ANNOTATIONS else ours[: MOST_ANNOTATIONS - 1]
        lines += [
            command(level, each.message, file=each.file, line=each.line, col=each.column, title=title) for each in shown
        ]
        if len(shown) < len(ours):
            more = f"… and {len(ours) - len(shown):,} more; the log and the job summary list them"
            lines.append(command(level, more, title=title))
    return lines


def code_quality(annotations: Iterable[Annotation]) -> bytes:
    """GitLab's code quality report: only what has a place; an empty one says that nothing is wrong any more."""
    levels = {"error": "major", "warning": "minor", "notice": "info"}
    rows = [
        {
            "description": each.message,
            "check_name": "narrate",
            "fingerprint": hashlib.sha256(f"{each.file}\n{each.line}\n{each.message}".encode()).hexdigest(),
            "severity": levels[each.level],
            "location": {"path": each.file, "lines": {"begin": max(each.line, 1)}},
        }
        for each in annotations
        if each.file is not None
    ]
    once = list({row["fingerprint"]: row for row in rows}.values())  # GitLab wants each fingerprint once
    return orjson.dumps(once, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
