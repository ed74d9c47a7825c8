"""Job summaries and comments: Markdown within the limits of the servers that show it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import InputError, NarrateError, StorageError
from pipeline.manuscript.model import Manuscript
from pipeline.reports.markdown import escaped
from pipeline.script.foreign import ForeignPassage
from pipeline.store.files import write_atomically

SUMMARY_BYTES = 1024 * 1024
"""A step's summary on GitHub; a longer one is not shown at all (specs, part 3)."""
COMMENT_CHARACTERS = 65_536
"""A comment on GitHub."""
_ROOM = 200
"""Bytes kept free for the note of what was cut."""


def append_summary(path: Path, markdown: str) -> None:
    """Add to a summary file what it has room for. Raises StorageError where it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        there = path.stat().st_size if path.exists() else 0
        with path.open("ab") as file:
            file.write(cut_at_a_line(markdown, SUMMARY_BYTES - there - 1).encode() + b"\n")
    except OSError as error:
        raise StorageError(
            f"{path}: the summary cannot be written: {error.strerror}", hint="name a file in a folder that is there"
        ) from error


def write_comment(path: Path, markdown: str, *, project: str) -> None:
    """The body of a comment, led by an invisible line by which a bot finds its own comment again."""
    body = f"<!-- narrate: {escaped(project).replace('--', '- -')} -->\n{markdown}"
    # Bytes are never fewer than characters, so that the limit holds however the server counts.
    write_atomically(path, (cut_at_a_line(body, COMMENT_CHARACTERS - 1) + "\n").encode())


def cut_at_a_line(markdown: str, limit_bytes: int) -> str:
    """``markdown`` if it fits, else its first whole lines and a note of how many are missing."""
    text = markdown.rstrip("\n")
    if len(text.encode()) <= limit_bytes:
        return text
    lines, kept, size = text.split("\n"), 0, 0
    while kept < len(lines) and size + len(lines[kept].encode()) + 1 <= limit_bytes - _ROOM:
        size += len(lines[kept].encode()) + 1
        kept += 1
    note = f"\n*Cut here: {len(lines) - kept:,} more lines are over the size limit; the log has them.*"
    return "\n".join([*lines[:kept], note]) if limit_bytes > _ROOM else ""


def check_summary(
    title: str, manuscript: Manuscript, characters: int, segments: int, foreign: Sequence[ForeignPassage]
) -> str:
    """What a check that found nothing wrong has read."""
    chapters = manuscript.chapters
    lines = [
        f"### Narration check: {escaped(title)}",
        "",
        f"No problems: {len(chapters):,} chapters, {characters:,} characters, {segments:,} segments.",
        "",
    ]
    if foreign:
        lines += ["| place | passage | read as |", "|---|---|---|"]
        lines += [
            f"| {escaped(str(each.source))} | {escaped(each.text)} | {escaped(each.read_as)} |" for each in foreign
        ]
        lines.append("")
    return "\n".join(lines)


def error_summary(command: str, error: NarrateError) -> str:
    """What went wrong, with every problem of the user's files."""
    lines = [f"### Narration: `narrate {command}` failed (exit {error.exit_code})", ""]
    if isinstance(error, InputError):
        lines += ["| place | problem |", "|---|---|"]
        for problem in error.problems:
            place = ":".join(str(part) for part in (problem.file, problem.line, problem.column) if part)
            lines.append(f"| {escaped(place)} | {escaped(problem.message)} |")
    else:
        lines += [escaped(line) for line in error.message.splitlines()]
    if error.hint:
        lines += ["", escaped(error.hint)]
    return "\n".join([*lines, ""])
