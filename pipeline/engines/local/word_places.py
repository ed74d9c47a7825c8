"""The written words of a text, found by offset."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence


class WordPlaces:
    """The written words of an order's text, found by offset."""

    def __init__(self, words: Sequence[tuple[int, int]]) -> None:
        self._starts = [start for start, _ in words]
        self._ends = [end for _, end in words]

    def at(self, start: int, end: int) -> int:
        """The index of the word that the range touches first, else of the last before it (0 where there is none)."""
        index = bisect_right(self._starts, start) - 1
        after = index + 1
        if after < len(self._starts) and self._starts[after] < end and (index < 0 or self._ends[index] <= start):
            return after
        return max(index, 0)
