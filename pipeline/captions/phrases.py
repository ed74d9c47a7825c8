"""What a word does in its phrase, as far as a list can tell: the ground for breaking captions between phrases."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from functools import lru_cache

from pipeline.captions import phrases_de, phrases_en
from pipeline.captions.rules import primary_language


class Role(IntEnum):
    """The part a word plays; one for each word, the likeliest where several are possible."""

    PLAIN = 0
    NAME = 1
    """Capitalised, and in no list."""
    DETERMINER = 2
    PREPOSITION = 3
    PARTICLE = 4
    """A preposition that often closes a verb: up, out, away."""
    INFINITIVE = 5
    """The "to" of a verb."""
    CONJUNCTION = 6
    RELATIVE = 7
    SUBJECT = 8
    OBJECT = 9
    """What clings to the word before: me, him, herself."""
    AUXILIARY = 10
    NEGATION = 11
    ADJECTIVE = 12
    INTENSIFIER = 13
    TITLE = 14
    NUMBER = 15
    POSSESSIVE = 16
    ADVERB = 17
    UNIT = 18
    PRONOUN = 19
    """Subject or object alike: it, you, sie."""
    HER = 20
    """Determiner or object."""
    ABBREVIATION = 21
    """A title that is written with a full stop: Mr., Dr., St."""
    OF = 22
    """Ties two nouns more closely than other prepositions do."""
    COORDINATOR = 23
    """A conjunction between two names."""
    INFLECTED = 24
    """An adjective by its ending, if a noun follows (German)."""
    LITTLE = 25
    """A short word in a language without lists: it sooner begins a phrase than it ends one."""


def roles(words: Sequence[str], language: str) -> list[Role]:
    """What each word (without punctuation) most likely does in a sentence of ``language`` (BCP 47)."""
    primary = primary_language(language)
    return [_role(word, primary) for word in words]


@lru_cache(maxsize=65536)
def _role(word: str, language: str) -> Role:
    lower = word.lower().replace("’", "'")
    if any(map(str.isdigit, lower[:2])):
        return Role.NUMBER
    if (role := _LISTS.get(language, _NO_LISTS).get(lower)) is not None:
        return role
    if language in _GUESSES and (guessed := _GUESSES[language](word)) is not None:
        return Role[guessed]
    if word[:1].isupper():
        return Role.NAME
    return Role.LITTLE if language not in _LISTS and len(word) < 4 and word < _FIRST_HEBREW else Role.PLAIN


def _lists(source: dict[str, str]) -> dict[str, Role]:
    return {word: Role[name] for name, words in source.items() for word in words.split()}


_FIRST_HEBREW = "\u0590"
"""Latin, Greek, Cyrillic and Armenian lie before it: there, three letters are a little word."""
_NO_LISTS: dict[str, Role] = {}
_LISTS = {"de": _lists(phrases_de.WORDS), "en": _lists(phrases_en.WORDS)}
_GUESSES = {"de": phrases_de.guess, "en": phrases_en.guess}
