"""Whether the parser read every line: markdown-it gives up silently beyond its nesting limit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from markdown_it.token import Token

_LEAVES = {"inline", "hr", "fence", "html_block", "table_open"}
_MARKS_ALONE = re.compile(r"(?:[>*+#:\-=_`~|\s]|\d{1,9}[.)])*")
_OPENS = re.compile(r"[>\s]*(?::{3,}|\[\^?[^\]]+\]:)")


def unread_line(text: str, tokens: Iterable[Token], env: Mapping[str, Any]) -> int:
    """The number of the first line that holds text and is in no token; 0 where there is none."""
    lines = text.split("\n")
    read = bytearray(len(lines) + 1)
    for token in tokens:
        if token.map and token.type in _LEAVES:
            _mark(read, *token.map)
    for definition in [*env.get("references", {}).values(), *env.get("duplicate_refs", [])]:
        _mark(read, *definition["map"])
    for at, line in enumerate(lines):
        if not read[at] and not _MARKS_ALONE.fullmatch(line) and not _OPENS.match(line):
            return at + 1
    return 0


def _mark(read: bytearray, start: int, end: int) -> None:
    for at in range(start, min(max(end, start + 1), len(read))):
        read[at] = 1
