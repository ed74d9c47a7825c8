"""Which text was probably edited into which: by the words and pairs of words that both have."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

ALIKE = 0.5
"""From this resemblance on, two texts count as one text edited."""
_ENOUGH_FEATURES, _MANY_FEATURES = 9, 16
"""From so many features on (5 words, 8 words) a text that lies within another one counts as split from it or merged
into it; between the two, a few common words must not be enough."""
_BATCH = 2_000
"""Texts that are compared in one pass, so that memory stays flat over a library."""


def features(text: str) -> frozenset[str]:
    """The words of a text, without case and punctuation at their edges, and each two that follow one another."""
    words = [word for word in (raw.strip("“”‘’\"'()[]—–-…,.;:!?").casefold() for raw in text.split()) if word]
    return frozenset([*words, *(f"{one} {other}" for one, other in pairwise(words))])


def resemblance(one: frozenset[str], other: frozenset[str]) -> float:
    """0 (nothing in common) to 1. Of long texts the shorter one counts: half a paragraph resembles the whole."""
    return _resemblance(len(one & other), len(one), len(other))


def most_alike(texts: Sequence[str], among: Sequence[str]) -> dict[int, int]:
    """For each of ``texts`` the place of the most alike one ``among`` others; those without one are left out.

    Takes time in proportion to all the text together.
    """
    found: dict[int, int] = {}
    if not among:
        return found
    for start in range(0, len(texts), _BATCH):
        found.update(_batch(texts, range(start, min(start + _BATCH, len(texts))), among))
    return found


def _batch(texts: Sequence[str], places: range, among: Sequence[str]) -> Iterator[tuple[int, int]]:
    sizes: dict[int, int] = {}
    having: dict[str, list[int]] = defaultdict(list)
    for place in places:
        own = features(texts[place])
        sizes[place] = len(own)
        for feature in own:
            having[feature].append(place)
    # A feature that many texts have says little of any of them and costs the most.
    telling = {
        feature: found for feature, found in having.items() if " " in feature or len(found) <= len(places) // 50 + 5
    }
    best: dict[int, tuple[float, int]] = {}
    for candidate, text in enumerate(among):
        theirs = features(text)
        hits = Counter(place for feature in theirs & telling.keys() for place in telling[feature])
        for place, count in hits.most_common(3):
            if count * 4 < min(sizes[place], len(theirs)):
                continue
            score = resemblance(features(texts[place]), theirs)
            if score >= ALIKE and score > best.get(place, (0.0, 0))[0]:
                best[place] = (score, candidate)
    return iter({place: candidate for place, (_, candidate) in best.items()}.items())


def _resemblance(shared: int, one: int, other: int) -> float:
    if not shared:
        return 0.0
    small, alike = min(one, other), 2 * shared / (one + other)
    if small < _ENOUGH_FEATURES:
        return alike
    return max(alike, shared / small - (0.2 if small < _MANY_FEATURES else 0.0))
