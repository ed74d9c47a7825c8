"""The front matter of a Markdown file: a YAML block between ``---`` lines at its very beginning."""

from __future__ import annotations

import re
from dataclasses import dataclass

import yaml

from pipeline.errors import InputError, Problem

_MOST_LINES = 200
_KEY = re.compile(r"[A-Za-z_][\w -]*:(?:\s|$)")
_TITLE = re.compile(r"title:\s*\S.{0,500}")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """``lines`` is how many lines of the file it takes (0: there is none); ``title`` is what it calls the chapter."""

    lines: int = 0
    text: str = ""
    title: str | None = None


def read_front_matter(text: str, file: str) -> FrontMatter:
    """The front matter of ``text``. A rule that opens a file and is followed by prose is a scene break, not this.

    Of its keys ``title`` alone is used, where it stands on one line. Raises InputError where its value is no
    YAML.
    """
    lines = text.split("\n", _MOST_LINES)[:_MOST_LINES]
    if lines[0].rstrip() != "---":
        return FrontMatter()
    end = next((at for at, line in enumerate(lines[1:], 1) if line.rstrip() in {"---", "..."}), None)
    inside = lines[1:end]
    first = next((line for line in inside if line.strip() and not line.startswith("#")), None)
    if end is None or (first is not None and not _KEY.match(first)):
        return FrontMatter()
    return FrontMatter(end + 1, "\n".join(inside), _title(inside, file))


def _title(lines: list[str], file: str) -> str | None:
    for at, line in enumerate(lines):
        if _TITLE.fullmatch(line.rstrip()):
            try:
                value = yaml.safe_load(line)["title"]
            except yaml.YAMLError as exc:
                message = f"title: '{line[6:].strip()}' is no YAML; put it in quotation marks"
                raise InputError([Problem(file, at + 2, 1, message)]) from exc
            return " ".join(str(value).split()) or None if isinstance(value, str | int | float) else None
    return None
