"""A text cut into what is spoken in one breath: sentences, with the silence that follows each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from pipeline.engines.local.markup import Markup, Stretch, break_ms
from pipeline.script.sentences import sentences

SENTENCE_PAUSE_MS = 300
"""Between two sentences: what the voice itself leaves in running speech."""
PARAGRAPH_PAUSE_MS = 650
"""Where a further paragraph starts inside the text; assembly cuts there and puts the manifest's pause."""
JOINT_PAUSE_MS = 40
"""Between parts of one sentence that differ in rate."""

_PARAGRAPH_BREAK = re.compile(r"\s*\n\s*\n\s*")
_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]]*\s*$")


@dataclass(frozen=True, slots=True)
class Passage:
    """A range of the text (code points, half-open), spoken at ``rate``, followed by silence."""

    start: int
    end: int
    rate: float
    pause_ms: int = 0


def passages(text: str, language: str, markup: Markup, whole: Sequence[tuple[int, int]]) -> list[Passage]:
    """The sentences of ``text`` in order; none ends inside one of the ranges in ``whole`` (dictionary words)."""
    found = [
        Passage(start, end, stretch.rate)
        for stretch in markup.stretches
        for start, end in _sentences(text, language, stretch, whole)
    ]
    return [
        replace(passage, pause_ms=_pause(text, passage.end, following.start)) for passage, following in pairwise(found)
    ] + [replace(passage, pause_ms=break_ms(text[passage.end :])) for passage in found[-1:]]


def _sentences(
    text: str, language: str, stretch: Stretch, whole: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    for start, end in _paragraphs(text, stretch.start, stretch.end):
        opened = start
        for _, sentence_end in sentences(text[start:end], language):
            cut = start + sentence_end
            if not any(low < cut < high for low, high in whole) and text[opened:cut].strip():
                yield opened, cut
                opened = cut
        if text[opened:end].strip():
            yield opened, end


def _paragraphs(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    at = start
    for gap in _PARAGRAPH_BREAK.finditer(text, start, end):
        if gap.start() > at:
            yield at, gap.start()
        at = gap.end()
    if at < end:
        yield at, end


def _pause(text: str, end: int, start: int) -> int:
    """The silence between a passage that ends at ``end`` and the next, which starts at ``start``."""
    if _PARAGRAPH_BREAK.search(text[max(end - 2, 0) : start + 2]):
        own = PARAGRAPH_PAUSE_MS
    elif _SENTENCE_END.search(text, max(end - 12, 0), end):
        own = SENTENCE_PAUSE_MS
    else:
        own = JOINT_PAUSE_MS
    return max(own, break_ms(text[end:start]))
