"""Text that remembers where each of its characters came from, through any number of rewritings."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

_TOKEN = re.compile(r"\w+")
_LONGEST_COMPARED = 60  # words in one replacement; beyond it, words are spread evenly instead of compared


@dataclass(frozen=True, slots=True, eq=False)
class Traced:
    """``text``, and for each of its characters the half-open range of the source that it stands for.

    Rewriting keeps the origin of what it does not touch. What is put in place of something takes the origin of the
    word it replaces: a word that stands on both sides keeps its own, the others share what lies between.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    @classmethod
    def of(cls, source: str, start: int, end: int) -> Self:
        """A part of ``source``, each character standing for itself."""
        return cls(source[start:end], range(start, end), range(start + 1, end + 1))

    def __contains__(self, part: str) -> bool:
        return part in self.text

    def __len__(self) -> int:
        return len(self.text)

    def cut(self, start: int, end: int) -> Traced:
        """The characters from ``start`` to ``end``."""
        return Traced(self.text[start:end], self.starts[start:end], self.ends[start:end])

    def strip(self) -> Traced:
        """Without the white space at both ends."""
        kept = self.text.strip()
        start = self.text.find(kept)
        return self.cut(start, start + len(kept))

    def replace(self, old: str, new: str) -> Traced:
        """Every ``old`` replaced by ``new``, as :meth:`str.replace`."""
        return self.sub(re.compile(re.escape(old)), lambda _: new) if old in self.text else self

    def sub(self, pattern: re.Pattern[str], replacement: Callable[[re.Match[str]], str]) -> Traced:
        """Every match of ``pattern`` replaced, as :meth:`re.Pattern.sub`."""
        edits = [(m.start(), m.end(), replacement(m)) for m in pattern.finditer(self.text)]
        return self.edited(edits)

    def edited(self, edits: Sequence[tuple[int, int, str]]) -> Traced:
        """The ranges (in order, apart) replaced by new text."""
        changed = [edit for edit in edits if self.text[edit[0] : edit[1]] != edit[2]]
        if not changed:
            return self
        text: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        at = 0
        for start, end, new in changed:
            text += (self.text[at:start], new)
            starts += self.starts[at:start]
            ends += self.ends[at:start]
            for low, high in _origins(self, start, end, new):
                starts.append(low)
                ends.append(high)
            at = end
        text.append(self.text[at:])
        starts += self.starts[at:]
        ends += self.ends[at:]
        return Traced("".join(text), starts, ends)


def _origins(old: Traced, start: int, end: int, new: str) -> list[tuple[int, int]]:
    """The origin of each character of ``new``, which replaces ``old.text[start:end]``."""
    if start == end:
        place = old.starts[start] if start < len(old) else (old.ends[-1] if len(old) else 0)
        return [(place, place)] * len(new)
    whole = (min(old.starts[start:end]), max(old.ends[start:end]))
    old_tokens = [(m.start() + start, m.end() + start) for m in _TOKEN.finditer(old.text[start:end])]
    if len(old_tokens) <= 1:
        return [whole] * len(new)
    new_tokens = [m.span() for m in _TOKEN.finditer(new)]
    origins = [whole] * len(new)
    old_words = [old.text[a:b] for a, b in old_tokens]
    for (low, high), place in zip(new_tokens, match_words(old_words, [new[a:b] for a, b in new_tokens]), strict=True):
        first, last = old_tokens[place]
        origins[low:high] = [(min(old.starts[first:last]), max(old.ends[first:last]))] * (high - low)
    return origins


def match_words(old: Sequence[str], new: Sequence[str]) -> list[int]:
    """For each word of ``new`` the place in ``old`` (not empty) that it stands for; places never go back.

    Words on both sides pair up (longest common run, case ignored); the words between two pairs share what lies
    between them, evenly; where nothing lies between, they belong to the word before.
    """
    pairs = [(-1, -1), *_common(old, new), (len(old), len(new))]
    places: list[int] = []
    for (old_before, new_before), (old_after, new_after) in pairwise(pairs):
        if new_before >= 0:
            places.append(old_before)
        gap_old, gap_new = old_after - old_before - 1, new_after - new_before - 1
        for j in range(gap_new):
            if gap_old:
                places.append(old_before + 1 + j * gap_old // gap_new)
            else:
                places.append(min(max(old_before, 0), len(old) - 1))
    return places


def _common(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """The longest common subsequence of two short word lists, as pairs of places."""
    if len(old) > _LONGEST_COMPARED or len(new) > _LONGEST_COMPARED:
        return []
    left, right = [w.casefold() for w in old], [w.casefold() for w in new]
    lengths = [[0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i in range(len(left) - 1, -1, -1):
        for j in range(len(right) - 1, -1, -1):
            same = left[i] == right[j]
            lengths[i][j] = lengths[i + 1][j + 1] + 1 if same else max(lengths[i + 1][j], lengths[i][j + 1])
    pairs, i, j = [], 0, 0
    while i < len(left) and j < len(right):
        if left[i] == right[j]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif lengths[i + 1][j] >= lengths[i][j + 1]:
            i += 1
        else:
            j += 1
    return pairs
