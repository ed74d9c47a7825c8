"""``--chapters 1,3-4,the-end``: which chapters are meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from pipeline.errors import UsageError

_RANGE = re.compile(r"(\d+)(?:-(\d+))?")


def select_chapters(wanted: str | None, slugs: Sequence[str]) -> frozenset[str]:
    """The slugs that a list of slugs, numbers (from 1) and ranges names; all of them for None. Raises UsageError."""
    if wanted is None:
        return frozenset(slugs)
    selected: set[str] = set()
    for part in filter(None, (piece.strip() for piece in wanted.split(","))):
        numbers = _RANGE.fullmatch(part)
        if part in slugs:
            selected.add(part)
        elif numbers:
            first, last = int(numbers[1]), int(numbers[2] or numbers[1])
            if not 1 <= first <= last <= len(slugs):
                raise UsageError(
                    f"--chapters: {part} is not within 1-{len(slugs)}",
                    hint="`narrate check -v` lists the chapters with their numbers and slugs",
                )
            selected.update(slugs[first - 1 : last])
        else:
            near = difflib.get_close_matches(part, slugs, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"the chapters are {', '.join(slugs[:12])}"
            raise UsageError(f"--chapters: there is no chapter '{part}'", hint=hint)
    if not selected:
        raise UsageError("--chapters names no chapter", hint="give numbers, ranges or slugs, such as 1,3-4,the-end")
    return frozenset(selected)
