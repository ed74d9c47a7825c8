"""Where a text may be parted without breaking what a reader sees as one character.

A rule at least as careful as the extended grapheme clusters of Unicode (UAX #29, rules GB3-GB13): where that
standard forbids a break, so does this; it forbids a few more (all pairs after a zero-width joiner, a leading vowel
and its consonant in Thai and Lao, lines that would start with a closing mark), which costs nothing here.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_PREPENDED = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\u0d4e\U000110bd\U000110cd")
_LEADING_VOWELS = frozenset("เแโใไເແໂໃໄ")
_NO_LINE_END = frozenset("([{¿¡“‘„‚«‹「『（［｛《〈【〔")
_NO_LINE_START = frozenset(")]}”’»›」』）］｝》〉】〕、。，．！？；：…,.!?;:ー々")
_CONTROLS = frozenset("\r\n\u2028\u2029\u0085")


@lru_cache(maxsize=8192)
def _extends(character: str) -> bool:
    """Whether the character belongs to the one before it (GB9, GB9a)."""
    code = ord(character)
    return (
        unicodedata.category(character)[0] == "M"
        or code in (0x200C, 0x200D, 0xFF9E, 0xFF9F, 0x0E33, 0x0EB3)
        or 0x1F3FB <= code <= 0x1F3FF
        or 0xE0020 <= code <= 0xE007F
    )


@lru_cache(maxsize=4096)
def _jamo(character: str) -> str:
    """The Hangul syllable type, in the words of UAX #29: L, V, T, LV, LVT or nothing."""
    code = ord(character)
    if 0x1100 <= code <= 0x115F or 0xA960 <= code <= 0xA97C:
        return "L"
    if 0x1160 <= code <= 0x11A7 or 0xD7B0 <= code <= 0xD7C6:
        return "V"
    if 0x11A8 <= code <= 0x11FF or 0xD7CB <= code <= 0xD7FB:
        return "T"
    if 0xAC00 <= code <= 0xD7A3:
        return "LV" if (code - 0xAC00) % 28 == 0 else "LVT"
    return ""


_JAMO_TOGETHER = frozenset(
    {("L", "L"), ("L", "V"), ("L", "LV"), ("L", "LVT"), ("LV", "V"), ("LV", "T"), ("V", "V"), ("V", "T")}
    | {("LVT", "T"), ("T", "T")}
)


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _splits_flag(text: str, at: int) -> bool:
    """Whether a pair of regional indicators would be parted: an odd number of them stands before (GB12, GB13)."""
    first = at
    while first > 0 and _is_flag_half(text[first - 1]):
        first -= 1
    return (at - first) % 2 == 1


def _joins_conjunct(text: str, at: int) -> bool:
    """Whether a virama binds the next consonant (GB9c)."""
    return unicodedata.combining(text[at - 1]) == 9 and unicodedata.category(text[at]) == "Lo"


def is_grapheme_boundary(text: str, at: int) -> bool:
    """Whether ``text`` may be parted before offset ``at`` without breaking a grapheme cluster.

    The ends of the text always are boundaries.
    """
    if at <= 0 or at >= len(text):
        return True
    before, after = text[at - 1], text[at]
    if before.isascii() and after.isascii():
        return not (before == "\r" and after == "\n")
    if before in _CONTROLS or after in _CONTROLS:
        return True
    if _extends(after) or before == "\u200d" or before in _PREPENDED or before in _LEADING_VOWELS:
        return False
    if _is_flag_half(before) and _is_flag_half(after):
        return not _splits_flag(text, at)
    return (_jamo(before), _jamo(after)) not in _JAMO_TOGETHER and not _joins_conjunct(text, at)


def is_good_break(text: str, at: int) -> bool:
    """Whether a line could be broken before ``at``: between graphemes, not after opening or before closing marks."""
    return (
        is_grapheme_boundary(text, at)
        and (at <= 0 or text[at - 1] not in _NO_LINE_END)
        and (at >= len(text) or text[at] not in _NO_LINE_START)
    )
