"""What it costs the reader when a caption or a line is broken after a word.

Break after punctuation, before conjunctions and prepositions; never within a phrase: article and noun, adjective and
noun, first and last name, title and name, number and unit, pronoun and verb, auxiliary or negation and verb,
preposition and its noun (Netflix Timed Text Style Guide, "Line treatment"; BBC Subtitle Guidelines, "Breaks in
text").
"""

from __future__ import annotations

import re
from functools import lru_cache

from pipeline.captions.phrases import Role, roles
from pipeline.captions.units import Joint, Units

SENTENCE = 0
STOP = 4
LINE = 5
CLAUSE = 7
COMMA = 15
COMMA_LIST = 35
"""A comma beside an adjective."""
PLAIN = 70
POOR = 100
"""From here on a break splits what belongs together."""
GLUED = 1_000
"""No break at all: both sides are one written word, or the script forbids it."""

_BEFORE = {
    Role.CONJUNCTION: 24,
    Role.RELATIVE: 26,
    Role.PREPOSITION: 34,
    Role.INFINITIVE: 36,
    Role.SUBJECT: 36,
    Role.DETERMINER: 56,
    Role.TITLE: 58,
    Role.AUXILIARY: 60,
    Role.POSSESSIVE: 64,
    Role.INTENSIFIER: 64,
    Role.ADVERB: 64,
    Role.PRONOUN: 80,
    Role.PARTICLE: 105,
    Role.OBJECT: 140,
    Role.UNIT: 80,
    Role.NEGATION: 190,
    Role.HER: 70,
    Role.OF: 58,
    Role.LITTLE: 42,
    Role.COORDINATOR: 75,
    Role.ABBREVIATION: 58,
}
_AFTER = {
    Role.ABBREVIATION: 400,
    Role.HER: 220,
    Role.OF: 175,
    Role.LITTLE: 118,
    Role.COORDINATOR: 160,
    Role.TITLE: 400,
    Role.DETERMINER: 220,
    Role.INFINITIVE: 180,
    Role.NEGATION: 130,
    Role.PREPOSITION: 165,
    Role.SUBJECT: 160,
    Role.POSSESSIVE: 150,
    Role.NUMBER: 120,
    Role.INTENSIFIER: 135,
    Role.CONJUNCTION: 140,
    Role.RELATIVE: 120,
    Role.ADJECTIVE: 115,
    Role.AUXILIARY: 115,
    Role.ADVERB: 80,
    Role.PRONOUN: 84,
    Role.PARTICLE: 60,
}
_CLAUSE_STARTS = frozenset({Role.CONJUNCTION, Role.RELATIVE})
_PHRASE_STARTS = _CLAUSE_STARTS | {Role.PREPOSITION, Role.INFINITIVE, Role.SUBJECT}
_TOGETHER = {
    (Role.NAME, Role.NAME): 230,
    (Role.ADJECTIVE, Role.NAME): 130,
    (Role.INFLECTED, Role.NAME): 108,
    (Role.INFLECTED, Role.INFLECTED): 76,
    (Role.INFLECTED, Role.SUBJECT): 115,
    (Role.ADVERB, Role.INFLECTED): 84,
    (Role.ADVERB, Role.ADJECTIVE): 95,
    (Role.NUMBER, Role.UNIT): 260,
    (Role.NUMBER, Role.NUMBER): 200,
    (Role.NUMBER, Role.NAME): 150,
    (Role.PREPOSITION, Role.INFINITIVE): 150,
    (Role.DETERMINER, Role.PREPOSITION): 80,
    (Role.AUXILIARY, Role.SUBJECT): 170,
    (Role.AUXILIARY, Role.PRONOUN): 150,
    (Role.AUXILIARY, Role.PREPOSITION): 70,
    (Role.AUXILIARY, Role.INFINITIVE): 75,
    (Role.CONJUNCTION, Role.RELATIVE): 110,
}

_EITHER = frozenset({Role.HER, Role.PRONOUN, Role.AUXILIARY})
_NAMES = frozenset({Role.NAME, Role.TITLE, Role.ABBREVIATION})
_AFTER_OBJECT = _CLAUSE_STARTS | {Role.DETERMINER, Role.PREPOSITION, Role.INFINITIVE}

_CLOSERS = "\"'”’»›)]}｣」』】〉》）］｝"
_STOPS = frozenset(".!?…。！？｡؟।॥۔")
_CLAUSES = frozenset(";:—–―؛：；)]}）］」』】〉》")
_COMMAS = frozenset(",،、，､")
_KINSOKU_START = frozenset(
    "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ々〻ゝゞヽヾーｰ･・"
    "、。，．！？：；）］｝」』】〉》〕｠’”…‥％%ｧｨｩｪｫｬｭｮｯﾞﾟ"
)
_IDEOGRAPHIC = re.compile(
    r"[\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f]"
)
_ABBREVIATION = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")


def break_costs(units: Units, sentence_ends: set[int], language: str) -> list[int]:
    """The cost of a break after each unit. ``sentence_ends`` holds the units that end a sentence."""
    closings = [_closing(tail) for tail in units.tail]
    parts = _roles(units.word, closings, language)
    costs = []
    for at in range(len(units) - 1):
        joint, closing, role = units.joint[at], closings[at], parts[at]
        if joint is Joint.PARAGRAPH:
            cost = SENTENCE
        elif joint is Joint.NONE:
            cost = _unspaced_cost(units.text[at], units.text[at + 1], units.tail[at], at in sentence_ends)
        elif role is Role.ABBREVIATION and closing == ".":
            cost = _AFTER[role]
        elif at in sentence_ends:
            cost = SENTENCE
        else:
            stopped_word = units.word[at] if closing == "." else ""
            cost = _cost(role, closing, stopped_word, parts[at + 1], units.head[at + 1])
        costs.append(min(cost, LINE) if joint is Joint.LINE else cost)
    return _without_stubs([*costs, SENTENCE]) if len(units) else []


def _roles(words: list[str], closings: list[str], language: str) -> list[Role]:
    """What every word does, where its neighbours decide: "her", "it" and "you" as objects, "and" between names."""
    found = roles(words, language)
    last = len(found) - 1
    for at, role in enumerate(found):
        if role in _EITHER:
            if closings[at] or (role is not Role.AUXILIARY and at < last and found[at + 1] in _AFTER_OBJECT):
                found[at] = Role.OBJECT
        elif role is Role.CONJUNCTION and 0 < at < last and found[at - 1] is Role.NAME and found[at + 1] in _NAMES:
            found[at] = Role.COORDINATOR
    return found


def _without_stubs(costs: list[int]) -> list[int]:
    """Make a break dearer that leaves one or two words between itself and a mark, before it or after it."""
    marked = [cost <= COMMA for cost in costs]
    result = costs.copy()
    for at, cost in enumerate(costs):
        if COMMA_LIST < cost < GLUED:
            before = 30 if at and marked[at - 1] else 14 if at > 1 and marked[at - 2] else 0
            after = 22 if at + 1 < len(costs) and marked[at + 1] else 0
            result[at] = cost + before + after
    return result


@lru_cache(maxsize=4096)
def _closing(tail: str) -> str:
    """The mark that decides what a word's tail closes: the last one, looking through quotation marks.

    A bracket or quotation mark closes something by itself where no other mark is.
    """
    bare = tail.rstrip(_CLOSERS + " ")
    return bare[-1:] or tail.strip()[-1:]


@lru_cache(maxsize=65536)
def _cost(role: Role, closing: str, stopped_word: str, following: Role, head: str) -> int:
    """The cost between two words with a space between them."""
    if closing in _STOPS and closing:
        if closing == "." and _ABBREVIATION.fullmatch(stopped_word) and following in _NAMES:
            return _AFTER[Role.TITLE]
        return STOP if following is not Role.PLAIN else CLAUSE
    if closing in _CLAUSES and closing:
        return CLAUSE
    if closing in _COMMAS and closing:
        return COMMA if following is not Role.ADJECTIVE and role is not Role.ADJECTIVE else COMMA_LIST
    inside = _inside_cost(role, following)
    if head:
        return max(28, inside - 40) if inside >= POOR else 28
    return max(20, inside - 40) if closing else inside


def _inside_cost(role: Role, following: Role) -> int:
    """The cost between two words with nothing but a space between them."""
    if (pair := _TOGETHER.get((role, following))) is not None:
        return pair
    if role in {Role.PREPOSITION, Role.PARTICLE, Role.PRONOUN, Role.ADVERB} and following in _PHRASE_STARTS:
        stranded = _BEFORE[following] + (12 if role is Role.PREPOSITION else 0)
        return stranded if following in _CLAUSE_STARTS or role is not Role.PREPOSITION else POOR
    after = _AFTER.get(role, 0)
    if role is Role.ADJECTIVE and following in _PHRASE_STARTS:
        after = 0
    return max(after, _BEFORE.get(following, PLAIN))


@lru_cache(maxsize=65536)
def _unspaced_cost(text: str, following: str, tail: str, ends_sentence: bool) -> int:
    """The cost where the manuscript has no space: after dashes, and between characters of Han and Kana."""
    if following[:1] in _KINSOKU_START:
        return GLUED
    closing = _closing(tail)
    if ends_sentence or (closing and closing in _STOPS):
        return STOP if _ideographic(text, following) else CLAUSE
    if closing and (closing in _CLAUSES or closing in "-‐‒"):
        return CLAUSE + 2
    if closing and closing in _COMMAS:
        return COMMA
    if not _ideographic(text, following):
        return GLUED
    return _ideographic_cost(text[-1], following[0])


def _ideographic(text: str, following: str) -> bool:
    return bool(_IDEOGRAPHIC.search(text[-2:]) or _IDEOGRAPHIC.search(following[:2]))


def _ideographic_cost(before: str, after: str) -> int:
    """Kana before Kanji mostly ends a phrase; Kanji before Kana mostly is a stem before its ending."""
    hiragana_before, hiragana_after = "\u3040" <= before <= "\u309f", "\u3040" <= after <= "\u309f"
    katakana_both = "\u30a0" <= before <= "\u30ff" and "\u30a0" <= after <= "\u30ff"
    if katakana_both:
        return 200
    if hiragana_before and not hiragana_after:
        return 45
    if hiragana_after:
        return 130 if not hiragana_before else 110
    return 80
