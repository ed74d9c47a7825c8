"""Which neighbouring paragraphs share a segment.

One word alone (“Bingley.”) is spoken worse than in company, and costs a request of its own. So a paragraph under
``SHORT_CHARACTERS`` goes with the paragraph that follows it, or, where that would pass the ceiling or nothing follows,
with the one before. Each link looks at two or three paragraphs and at nothing else; a row of links that grows past
the ceiling is parted where its own words say (:mod:`pipeline.script.halving`). So an edit changes the segment it falls
in, and a second one where it ends or makes a link (measured by ``benchmarks/edit_locality.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from pipeline.script.halving import ItemSpan, grouped

SHORT_CHARACTERS = 80
"""About five seconds of speech: below this a paragraph seeks company. In a novel of 2,100 paragraphs, 60 leaves 114
segments under 80 characters besides headings, 80 leaves 6, and an edit re-makes some 20 characters more for it."""


def joined(text: str, paragraphs: Sequence[ItemSpan], ceiling: int) -> list[tuple[int, int]]:
    """Groups of neighbouring ``paragraphs`` as (first, past last) indices, in order.

    ``paragraphs`` are offsets in ``text``, in order, all of one voice and language and with nothing between them that
    forbids joining. A group of several is at most ``ceiling`` characters.
    """
    links = _links(paragraphs, ceiling)
    if True not in links:
        return [(index, index + 1) for index in range(len(paragraphs))]
    groups: list[tuple[int, int]] = []
    first = 0
    for index in range(len(paragraphs)):
        if index == len(paragraphs) - 1 or not links[index]:
            row = grouped(text, paragraphs[first : index + 1], ceiling)
            groups += [(first + start, first + past) for start, past in row]
            first = index + 1
    return groups


def _links(paragraphs: Sequence[ItemSpan], ceiling: int) -> list[bool]:
    """For each paragraph but the last, whether it is linked to the next."""
    fits = [after[1] - before[0] <= ceiling for before, after in pairwise(paragraphs)]
    links = [False] * len(fits)
    for index, (start, end) in enumerate(paragraphs):
        if end - start >= SHORT_CHARACTERS:
            continue
        if index < len(fits) and fits[index]:
            links[index] = True
        elif index > 0 and fits[index - 1]:
            links[index - 1] = True
    return links
