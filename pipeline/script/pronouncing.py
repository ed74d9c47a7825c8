"""Which dictionary entries a segment carries: its own words' first (``ssml:ph``), then the book's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.project.dictionaries import DictionaryEntry
from pipeline.script.dictionary import Lexicon, Occurrence, applying, occurrences, occurrences_in


@dataclass(frozen=True, slots=True)
class Pronunciation:
    """How one stretch of a block's text (code points, half-open) is said, by the source itself (``ssml:ph``)."""

    start: int
    end: int
    entry: DictionaryEntry


def entries_for(
    text: str, language: str, lexicon: Lexicon, own: Sequence[Pronunciation] = ()
) -> tuple[DictionaryEntry, ...]:
    """The entries that a segment's text needs, in the order in which they first stand in it.

    A pronunciation of the segment's ``own`` displaces every entry of the lexicon that touches its words; where two of
    its own disagree about one word, the first holds.
    """
    if not own:
        return applying(text, lexicon, language)
    marked = occurrences(text, tuple(dict.fromkeys(said.entry for said in own)))
    book = occurrences_in(text, lexicon, language)
    displaced = {entry for start, end, entry in book if _touches(start, end, marked)}
    kept = [entry for _, _, entry in book if entry not in displaced]
    together = tuple(dict.fromkeys([*(entry for _, _, entry in marked), *kept]))
    return tuple(dict.fromkeys(entry for _, _, entry in occurrences(text, together)))


def _touches(start: int, end: int, others: Sequence[Occurrence]) -> bool:
    return any(start < past and first < end for first, past, _ in others)
