"""Where the entries of pronunciation dictionaries stand in a text.

The rules, the same for every engine:

- Whole words: an entry that starts or ends with a letter or digit does so at a word's edge. An apostrophe or a hyphen
  is an edge, so “Darcy” stands in “Darcy’s”. Scripts written without spaces have no edges.
- ``case_sensitive`` entries as written, others in any case. Curly and straight apostrophes, the kinds of hyphen and
  of space, and composed and decomposed accents are the same.
- An entry with a language holds for text in that language and its regions (RFC 4647, basic filtering).
- No two occurrences overlap: the leftmost wins, then the longest, then a case-sensitive entry, then the one with the
  more specific language, then the one listed first. Engine tags are not text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pipeline.project.dictionaries import DictionaryEntry
from pipeline.script.words import ENGINE_TAG

Occurrence = tuple[int, int, DictionaryEntry]
"""Start and end in the text (code points, half-open), and the entry that stands there."""

_Candidate = tuple[int, int, tuple[bool, int, int], DictionaryEntry]

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"[^\W{_UNSPACED}\U00020000-\U0003ffff]+")
_UNSPACED_CHARACTER = re.compile(rf"[{_UNSPACED}\U00020000-\U0003ffff]")
_SPACED_TOKEN = re.compile(r"\w+")
_SAME_CHARACTERS = (("’", "'"), ("ʼ", "'"), ("‘", "'"), ("\u00a0", " "), ("\u202f", " "), ("‐", "-"), ("‑", "-"))


@dataclass(frozen=True, slots=True)
class _Pattern:
    """An entry made ready: how it is found, and what it must not touch."""

    entry: DictionaryEntry
    folded: str
    exact: str
    lead: int
    guard_start: bool
    guard_end: bool
    rank: tuple[bool, int, int]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Entries made ready to be looked up: by their first spaced word, the others by their first character."""

    by_word: dict[str, tuple[_Pattern, ...]]
    by_character: dict[str, tuple[_Pattern, ...]]


def compile_entries(entries: Iterable[DictionaryEntry]) -> Lexicon:
    """Make entries ready for lookup; of equal rank, those given first win."""
    by_word: dict[str, list[_Pattern]] = {}
    by_character: dict[str, list[_Pattern]] = {}
    for order, entry in enumerate(entries):
        exact = _same(unicodedata.normalize("NFC", entry.word.strip()))
        folded = _lower(exact)
        token = _TOKEN.search(folded)
        if not folded:
            continue
        index, key = (by_word, token.group()) if token else (by_character, folded[0])
        index.setdefault(key, []).append(_pattern(entry, exact, folded, token.start() if token else 0, order))
    return Lexicon({k: tuple(v) for k, v in by_word.items()}, {k: tuple(v) for k, v in by_character.items()})


def _pattern(entry: DictionaryEntry, exact: str, folded: str, lead: int, order: int) -> _Pattern:
    rank = (not entry.case_sensitive, -len(entry.language or ""), order)
    return _Pattern(entry, folded, exact, lead, _is_word_character(folded[0]), _is_word_character(folded[-1]), rank)


def occurrences(text: str, entries: Sequence[DictionaryEntry]) -> list[Occurrence]:
    """Where ``entries`` stand in ``text``, in order and without overlaps; their languages are taken as checked.

    What an engine substitutes: called with a segment's text and entries it finds what the script found.
    """
    return occurrences_in(text, _compiled(tuple(entries))) if entries else []


@lru_cache(maxsize=256)
def _compiled(entries: tuple[DictionaryEntry, ...]) -> Lexicon:
    return compile_entries(entries)


def occurrences_in(text: str, lexicon: Lexicon, language: str | None = None) -> list[Occurrence]:
    """Where a lexicon's entries stand in a text of ``language`` (None: entries of any language), without overlaps."""
    if not lexicon.by_word and not lexicon.by_character:
        return []
    exact = _same(text)
    folded = _lower(exact)
    candidates = []
    for start, pattern in _sightings(folded, lexicon):
        end = start + len(pattern.folded)
        if _stands(pattern, folded, exact, start, end) and (
            pattern.entry.language is None or speaks(pattern.entry.language, language)
        ):
            candidates.append((start, -end, pattern.rank, pattern.entry))
    candidates.sort(key=_preference)
    tags = [tag.span() for tag in ENGINE_TAG.finditer(text)] if "<" in text else []
    return _leftmost(candidates, tags)


def _sightings(folded: str, lexicon: Lexicon) -> list[tuple[int, _Pattern]]:
    """Patterns whose key was seen, each with the offset at which it would have to stand."""
    seen: list[tuple[int, _Pattern]] = []
    if lexicon.by_word:
        token = _TOKEN if _UNSPACED_CHARACTER.search(folded) else _SPACED_TOKEN
        for word in lexicon.by_word.keys() & token.findall(folded):
            places = _places(folded, word)
            for pattern in lexicon.by_word[word]:
                seen += [(at - pattern.lead, pattern) for at in places]
    if lexicon.by_character:
        for character in lexicon.by_character.keys() & set(folded):
            patterns = lexicon.by_character[character]
            seen += [(at, pattern) for at in _places(folded, character) for pattern in patterns]
    return seen


def _places(text: str, wanted: str) -> list[int]:
    places = []
    at = text.find(wanted)
    while at >= 0:
        places.append(at)
        at = text.find(wanted, at + 1)
    return places


def _stands(pattern: _Pattern, folded: str, exact: str, start: int, end: int) -> bool:
    """Whether the whole entry stands at ``start`` of the text, as a whole word and in its case."""
    if start < 0 or not folded.startswith(pattern.folded, start):
        return False
    if pattern.entry.case_sensitive and not exact.startswith(pattern.exact, start):
        return False
    if pattern.guard_start and start > 0 and _is_word_character(folded[start - 1]):
        return False
    following = folded[end : end + 1]
    return not following or not (_is_mark(following) or (pattern.guard_end and _is_word_character(following)))


def _preference(candidate: _Candidate) -> tuple[int, int, tuple[bool, int, int]]:
    return candidate[:3]


def _leftmost(candidates: Sequence[_Candidate], tags: Sequence[tuple[int, int]]) -> list[Occurrence]:
    """Of candidates in order of preference, those that overlap no earlier one and no engine tag."""
    found: list[Occurrence] = []
    reached = 0
    for start, negative_end, _, entry in candidates:
        if start < reached or (tags and any(start < last and first < -negative_end for first, last in tags)):
            continue
        reached = -negative_end
        found.append((start, reached, entry))
    return found


def applying(text: str, lexicon: Lexicon, language: str) -> tuple[DictionaryEntry, ...]:
    """The entries that a text of ``language`` needs, in the order in which they first stand in it."""
    return tuple(dict.fromkeys(entry for _, _, entry in occurrences_in(text, lexicon, language)))


@lru_cache(maxsize=1024)
def speaks(wanted: str | None, language: str | None) -> bool:
    """Whether text in ``language`` is text in ``wanted``: equal, or ``wanted`` is a prefix of its subtags."""
    if wanted is None or language is None:
        return True
    asked, given = (tag.lower().replace("_", "-").split("-") for tag in (wanted, language))
    return given[: len(asked)] == asked


@lru_cache(maxsize=8192)
def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "M"


@lru_cache(maxsize=8192)
def _is_word_character(character: str) -> bool:
    """Whether the character is part of a word that spaces set apart."""
    return _TOKEN.match(character) is not None or _is_mark(character)


def _same(text: str) -> str:
    """Characters that readers take for one another made the same, offsets kept."""
    if text.isascii():
        return text
    for character, plain in _SAME_CHARACTERS:
        text = text.replace(character, plain)
    return text


def _lower(text: str) -> str:
    """Lower case with offsets kept: a letter whose lower case is longer (İ) stays; final sigma is sigma."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join(low if len(low := character.lower()) == 1 else character for character in text)
    return lower if lower.isascii() else lower.replace("ς", "σ")
