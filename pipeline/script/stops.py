"""Whether a terminal mark ends its sentence, judged from the words around it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.script.abbreviations import STOP_RULES, StopRules


@dataclass(frozen=True, slots=True)
class Stop:
    """A terminal mark in its surroundings.

    ``before`` is the sentence so far; ``closers`` the closing marks after the stop; ``opening`` quotation marks and
    dashes before the next word; ``after`` the next 300 characters from that word on; ``wide``: a mark of scripts
    without spaces; ``known``: sentencex starts a sentence at the next word.
    """

    before: str
    mark: str
    closers: str
    opening: str
    next_word: str
    after: str
    wide: bool
    known: bool


_ELLIPSIS = re.compile(r"\.(?:[ \u00a0]\.){2,}|\.{2,}|\.*…+\.*")
_LABEL = re.compile(r"[(\[\"“„«'‘]*(?:\d{1,3}|[A-Za-z]|[IVXLC]+)$")
_LAST_WORD = re.compile(r"(?:\w{1,3}\.[ \u00a0\u202f]?)*[\w.'’\-°ª]+$")
_NUMBER = re.compile(r"\d|[IVXLC]{2,}\b")
_SPACES = re.compile(r"\.?[ \u00a0\u202f]")
_ROMAN = re.compile("[IVX]+")
_QUOTES_OR_LOW = frozenset("\"'”’»›“‘«」』„")
_ACRONYM = re.compile(r"(?:\w\.)+\w$")
_QUOTES = frozenset("\"'”’»›“‘«」』")
_SAYING = (
    "said|says|asked|asks|cried|cries|replied|replies|answered|answers|exclaimed|shouted|whispered|called|added|"
    "continued|repeated|returned|muttered|murmured|snapped|demanded|yelled|screamed|began|observed|remarked|insisted"
)
_ENGLISH_TAG = re.compile(
    rf"(?:I|(?:[A-Z][\w’'\-]*\.?\s+){{0,2}}[A-Z][\w’'\-]*)\s+(?:{_SAYING})\b"
    r"(?!\s+(?:nothing|that|it|so|goodbye|her|his|the|a|an|no|what|something|little|anything|good|yes|none|this|much)\b)"
)
_TIME_OPENS = re.compile(r"\W*(?:at|by|about|around|before|after|from|until|since|towards)\b", re.IGNORECASE)
_CHINESE_TAG = re.compile(r"[^，。！？；：、\s]{0,6}?(?:说|說|道[，：。]|问|問|喊|叫道|答|嚷)")
_JAPANESE_TAG = re.compile(
    r"(?:と(?!き|ころ|も|て)|って|なんて|とか|などと|[^。、！？「\s]{1,10}?(?:言|叫|答え|尋ね|聞い|訊|つぶや|呟|囁|怒鳴))"
)
_CLOSED_AGAIN = 400
_LONGEST_LABEL = 16
_LONGEST_WORD = 32


def ends_sentence(stop: Stop, language: str) -> bool:
    """Whether ``stop`` ends its sentence; ``language`` is a primary subtag (``en``)."""
    if stop.wide:
        return not (_is_in_wide_brackets(stop) or _quote_goes_on(stop, language))
    if _continues_in_lower_case(stop) or _is_in_brackets(stop) or _quote_goes_on(stop, language):
        return False
    rules = STOP_RULES.get(language)
    if _ELLIPSIS.fullmatch(stop.mark):
        return _ellipsis_ends(stop, rules)
    if stop.mark != ".":
        return True
    return _full_stop_ends(stop, rules, language)


def _continues_in_lower_case(stop: Stop) -> bool:
    """Whether the next word is lower case; iPhone and eBay, with a capital inside, are names that may start."""
    word = stop.next_word
    return word[:1].islower() and not any(character.isupper() for character in word[1:3])


def _is_in_brackets(stop: Stop) -> bool:
    """Whether the mark stands in round brackets that opened within the sentence and close later."""
    opened = stop.before.rfind("(")
    if opened <= 0 or ")" in stop.closers or stop.before.rfind(")") > opened:
        return False
    return bool(re.search(r"\w", stop.before[:opened])) and ")" in stop.after[:_CLOSED_AGAIN]


def _is_in_wide_brackets(stop: Stop) -> bool:
    """Whether the mark stands in （…） or in the title 《…》 within its sentence."""
    opened = max(stop.before.rfind("（"), stop.before.rfind("《"))
    closed = max(stop.before.rfind("）"), stop.before.rfind("》"))
    closes = not {"）", "》"}.isdisjoint(stop.closers + stop.after[:_CLOSED_AGAIN])
    return opened > closed and closes and bool(re.search(r"\w", stop.before[:opened]))


def _quote_goes_on(stop: Stop, language: str) -> bool:
    """Whether a closed quotation is followed by what tags it: said Mr Gray, と言った, 他说."""
    if _QUOTES.isdisjoint(stop.closers):
        return False
    if language == "en":
        return _ENGLISH_TAG.match(stop.after) is not None and not _starts(stop, STOP_RULES["en"], but_not="i")
    if language == "zh":
        return not stop.opening and _CHINESE_TAG.match(stop.after) is not None
    return language == "ja" and not stop.opening and _JAPANESE_TAG.match(stop.after) is not None


def _starts(stop: Stop, rules: StopRules, *, but_not: str = "") -> bool:
    """Whether the next word is one that, capitalised, starts sentences."""
    word = stop.next_word.lower().replace("’", "'").rstrip(".")
    return (
        stop.next_word[:1].isupper()
        and word != but_not
        and (word in rules.starters or word.split("'")[0] in rules.starters)
    )


def _ellipsis_ends(stop: Stop, rules: StopRules | None) -> bool:
    if stop.closers and not _QUOTES.isdisjoint(stop.closers):
        return True
    last = re.search(r"[\w'’]+$", stop.before[-_LONGEST_WORD:])
    if last and last.group().lower() == stop.next_word.lower().rstrip("."):
        return False
    if re.match(r"I\b", stop.next_word) and len(stop.before.split()) <= 3:
        return False
    if rules is not None and rules.nouns_capitalised:
        return _starts(stop, rules) or bool(stop.opening)
    return True


def _full_stop_ends(stop: Stop, rules: StopRules | None, language: str) -> bool:
    if len(stop.before) < _LONGEST_LABEL and not stop.closers and _LABEL.match(stop.before):
        return False
    match = _LAST_WORD.search(stop.before[-_LONGEST_WORD:])
    compound = match.group().strip("'’.-") if match else ""
    word = _SPACES.split(compound)[-1]
    if rules is None:
        return stop.known or not _QUOTES.isdisjoint(stop.closers)
    key = "".join(compound.split()).lower()
    if key not in rules.never_last and key not in rules.maybe_last:
        key = word.lower()
    return _word_ends(stop, rules, word, key, language)


def _word_ends(stop: Stop, rules: StopRules, word: str, key: str, language: str) -> bool:
    """Whether a sentence may end after ``word``, looked up as ``key``."""
    quoted = not _QUOTES.isdisjoint(stop.closers)
    starts = quoted or _starts(stop, rules) or not _QUOTES_OR_LOW.isdisjoint(stop.opening)
    if _NUMBER.match(stop.next_word) and _is_before_number(rules, word, key):
        ends = False
    elif word.isdigit() or (rules.nouns_capitalised and _ROMAN.fullmatch(word)):
        ends = starts or not rules.nouns_capitalised or len(word) > 3
    elif key in rules.never_last:
        ends = starts and _is_place_or_measure(stop, key)
    elif key in ("a.m", "p.m"):
        ends = _time_of_day_ends(stop, rules, starts=starts)
    elif len(word) == 1 and word.isupper():
        ends = _letter_ends(stop, word, starts, language)
    elif key in rules.list_ends and not rules.nouns_capitalised:
        ends = starts or stop.next_word[:1].isupper()
    elif key in rules.maybe_last or _ACRONYM.fullmatch(word):
        ends = starts
    else:
        ends = stop.known or starts or len(word) > 5 or not word.isalpha()
    return ends


def _time_of_day_ends(stop: Stop, rules: StopRules, *, starts: bool) -> bool:
    """They met at six p.m. Clara was late; but: at six p.m. Monday, and: At six p.m. Clara rose."""
    if not starts and _TIME_OPENS.match(stop.before) and len(stop.before.split()) <= 4:
        return False
    return stop.next_word[:1].isupper() and stop.next_word.lower().rstrip(".") not in rules.not_starters


def _is_before_number(rules: StopRules, word: str, key: str) -> bool:
    """No. 5, Hafenstr. 5, am 3. 5.: the number belongs to what stands before the stop."""
    ordinal = word.isdigit() and len(word) <= 2
    return key in rules.before_number or (rules.nouns_capitalised and (ordinal or key.endswith("str")))


def _letter_ends(stop: Stop, letter: str, starts: bool, language: str) -> bool:
    """Whether a single capital ends a sentence (plan B, than I, George V) rather than being an initial."""
    words = stop.before.split()
    previous = words[-2] if len(words) > 1 else ""
    after_common_word = previous[:1].islower() and not previous.endswith(".")
    if language == "en" and letter == "I" and (after_common_word or not _QUOTES.isdisjoint(stop.closers)):
        return True
    return starts and (after_common_word or (letter in "IVX" and previous[:1].isupper() and previous[-1:] != "."))


def _is_place_or_measure(stop: Stop, key: str) -> bool:
    """Main St., 6 ft.: words that are titles or names elsewhere and may end a sentence here."""
    words = stop.before.split()
    previous = words[-2] if len(words) > 1 else ""
    return (key == "st" and previous[:1].isupper()) or (key in ("ft", "mt", "min") and previous[-1:].isdigit())
