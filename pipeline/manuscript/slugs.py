"""The slug that a chapter is known by: from its title, so that it survives reordering."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from pipeline.manuscript.chapter_lines import numeral
from pipeline.project.slugs import slugify


def chapter_slug(title: str) -> str:
    """The slug of a title; a title that is only a number is a chapter's: "I." and "1" both give ``chapter-1``.

    A title without letter or digit gives ``chapter``.
    """
    plain = re.sub(r"[\W_]+", " ", title).strip()
    value = numeral(plain)
    if value is not None:
        return f"chapter-{value}"
    return slugify(title) or "chapter"


def numbered(slugs: Iterable[str]) -> list[str]:
    """Slugs of one book told apart: the second ``letter`` becomes ``letter-2``. The first keeps its name."""
    wanted = list(slugs)
    taken = set(wanted)
    seen: Counter[str] = Counter()
    unique = []
    for slug in wanted:
        seen[slug] += 1
        if seen[slug] == 1:
            unique.append(slug)
            continue
        number = seen[slug]
        while f"{slug}-{number}" in taken:
            number += 1
        taken.add(f"{slug}-{number}")
        unique.append(f"{slug}-{number}")
    return unique
