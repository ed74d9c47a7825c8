"""Cutting a text that is longer than an engine takes: at sentences, then clauses, then words, then graphemes.

Each level is tried on what the level above left too long, so a sentence that fits is never cut. Where among its
candidates a text is cut is decided locally (:mod:`pipeline.script.halving`).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.script.graphemes import is_good_break, is_grapheme_boundary
from pipeline.script.halving import ItemSpan, grouped
from pipeline.script.model import Boundary
from pipeline.script.sentences import sentences
from pipeline.script.words import has_word

_CLAUSE_END = re.compile(r"(?:(?:[,;:،؛]|[!?…]+)[\"'”’»›)\]“]*|[—–)\]]+)\s+(?=\S)|[、，；：][」』）”’》]*|—+(?=\w)")
_SPACE = re.compile(r"\s+(?=\S)")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the text (code points, half-open) and what parts it from the next."""

    start: int
    end: int
    after: Boundary


@dataclass(frozen=True, slots=True)
class _Level:
    """A way to part a text: the offsets at which it may be cut, and what such a cut is to a listener.

    ``keeps_words``: punctuation that stands alone between two cuts stays with its neighbour.
    """

    places: Callable[[str, str], Sequence[int]]
    boundary: Boundary
    keeps_words: bool = False


def cut(text: str, limit: int, language: str, *, whole: Sequence[ItemSpan] = ()) -> list[Piece]:
    """Cut ``text`` into pieces of at most ``limit`` code points with only white space between them.

    No cut falls inside a stretch of ``whole`` (engine elements, words with a pronunciation of their own); those lie
    apart and are not longer than ``limit``. A grapheme cluster is parted only where it alone is longer than
    ``limit``. Every piece holds a written word but where a run of punctuation exceeds the limit. The last piece's
    ``after`` is PARAGRAPH, for the caller to replace. Raises ValueError for a limit under 1 or a whole stretch over it.
    """
    if limit < 1 or any(end - start > limit for start, end in whole):
        msg = f"cannot cut to {limit} characters: a stretch that must stay whole is longer"
        raise ValueError(msg)
    pieces: list[Piece] = []
    waiting = [(0, len(text), 0, Boundary.PARAGRAPH)]
    while waiting:
        start, end, level, after = waiting.pop()
        start, end = _stripped(text, start, end)
        if end - start <= limit:
            if end > start:
                pieces.append(Piece(start, end, after))
            continue
        parts = _parts(text, start, end, _LEVELS[level], language, limit, whole)
        kinds = [_LEVELS[level].boundary] * (len(parts) - 1) + [after]
        waiting += [(*part, level + 1, kind) for part, kind in zip(reversed(parts), reversed(kinds), strict=True)]
    return pieces


def _parts(
    text: str, start: int, end: int, level: _Level, language: str, limit: int, whole: Sequence[ItemSpan]
) -> list[ItemSpan]:
    """``text[start:end]`` in groups under ``limit`` at one level; items that no group can hold stand alone."""
    places = _outside([start + place for place in level.places(text[start:end], language)], whole)
    edges = [start, *(place for place in places if start < place < end), end]
    items = [item for first, past in pairwise(edges) if (item := _stripped(text, first, past))[0] < item[1]]
    if level.keeps_words:
        items = _with_words(text, items)
    return [(items[first][0], items[past - 1][1]) for first, past in grouped(text, items, limit)]


def _outside(places: list[int], whole: Sequence[ItemSpan]) -> list[int]:
    """The places (in order) that fall inside no stretch that must stay whole."""
    for first, past in whole:
        del places[bisect_right(places, first) : bisect_left(places, past)]
    return places


def _with_words(text: str, items: Sequence[ItemSpan]) -> list[ItemSpan]:
    """Items with a word each: one without is added to the item before, at the start to the one after."""
    merged: list[ItemSpan] = []
    last_has_word = True
    for start, end in items:
        this_has_word = has_word(text[start:end])
        if merged and not (this_has_word and last_has_word):
            merged[-1] = (merged[-1][0], end)
            last_has_word = last_has_word or this_has_word
        else:
            merged.append((start, end))
            last_has_word = this_has_word
    return merged


def _stripped(text: str, start: int, end: int) -> ItemSpan:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _sentence_places(text: str, language: str) -> list[int]:
    return [start for start, _ in sentences(text, language) if is_grapheme_boundary(text, start)]


def _clause_places(text: str, _language: str) -> list[int]:
    return [match.end() for match in _CLAUSE_END.finditer(text) if is_grapheme_boundary(text, match.end())]


def _word_places(text: str, _language: str) -> list[int]:
    return [match.end() for match in _SPACE.finditer(text) if is_grapheme_boundary(text, match.end())]


def _good_places(text: str, _language: str) -> list[int]:
    return [at for at in range(1, len(text)) if not text[at].isspace() and is_good_break(text, at)]


def _grapheme_places(text: str, _language: str) -> list[int]:
    return [at for at in range(1, len(text)) if not text[at].isspace() and is_grapheme_boundary(text, at)]


def _every_place(text: str, _language: str) -> list[int]:
    return list(range(1, len(text)))


_LEVELS = (
    _Level(_sentence_places, Boundary.SENTENCE, keeps_words=True),
    _Level(_clause_places, Boundary.CLAUSE, keeps_words=True),
    _Level(_word_places, Boundary.WORD, keeps_words=True),
    _Level(_good_places, Boundary.WORD),
    _Level(_grapheme_places, Boundary.WORD),
    _Level(_every_place, Boundary.WORD),
)
