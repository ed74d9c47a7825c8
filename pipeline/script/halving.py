"""Parting a row of items into groups under a ceiling so that an edit changes only the group it falls in.

Filling groups greedily makes every cut depend on all text before it: one sentence added re-makes the rest. Here a
row that is too long is parted in two at a place which its own words choose: of the joints in the middle half, the one
whose following words have the highest checksum. An edit elsewhere neither moves that choice nor any other, and the
middle half keeps the groups from becoming scraps.
"""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

ItemSpan = tuple[int, int]
"""Start and end of an item in its text (code points, half-open)."""

_WITNESS_CHARACTERS = 16
"""How much of the text after a joint decides its rank: enough to tell joints apart, and rarely touched by an edit."""


def grouped(text: str, items: Sequence[ItemSpan], ceiling: int) -> list[tuple[int, int]]:
    """Runs of ``items`` as (first, past last) indices, in order; each at most ``ceiling`` characters or one item."""
    ranks = [crc32(text[start : start + _WITNESS_CHARACTERS].encode("utf-8", "surrogatepass")) for start, _ in items]
    groups: list[tuple[int, int]] = []
    waiting = [(0, len(items))] if items else []
    while waiting:
        first, past = waiting.pop()
        if past - first == 1 or items[past - 1][1] - items[first][0] <= ceiling:
            groups.append((first, past))
        else:
            middle = _joint(items, ranks, first, past)
            waiting += [(middle, past), (first, middle)]
    return groups


def _joint(items: Sequence[ItemSpan], ranks: Sequence[int], first: int, past: int) -> int:
    """The index of the item that starts the second half of ``items[first:past]``."""
    start, end = items[first][0], items[past - 1][1]
    quarter, centre = (end - start) // 4, (start + end) // 2
    central = [i for i in range(first + 1, past) if start + quarter <= items[i][0] <= end - quarter]
    if central:
        return max(central, key=lambda i: (ranks[i], -abs(items[i][0] - centre)))
    return min(range(first + 1, past), key=lambda i: abs(items[i][0] - centre))
