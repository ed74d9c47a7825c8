"""What counts as a written word: the unit of word times and captions, the same for every engine.

A word is what stands between white space, without the punctuation around it; dashes and ellipses between words
part them, hyphens and apostrophes within a word do not. In scripts written without spaces (Han, Kana) every
character is a word of its own. "1815", "£9.99" and "o'clock" are one word each, however many are spoken.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

ENGINE_TAG = re.compile(r"</?(?:break|spell|prosody)\b[^<>]{0,80}>", re.IGNORECASE)
"""The only markup that engines interpret (KugelAudio API, "Text"); everything else in angle brackets is prose."""

_PIECE = re.compile(
    r"[\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf"
    r"\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff][\u3099\u309a\ufe00-\ufe0f]*"
    r"|(?:(?!--)[^\s\u2012-\u2015\u2e3a\u2e3b\u2026\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035"
    r"\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff])+"
)
_SPOKEN_PUNCTUATION = frozenset("%&@#§")


@lru_cache(maxsize=4096)
def _is_edge(character: str) -> bool:
    """Whether the character is punctuation that a word sheds at its ends."""
    return character not in _SPOKEN_PUNCTUATION and unicodedata.category(character)[0] in "PZC"


def written_words(text: str) -> list[tuple[int, int]]:
    """The words of ``text`` as (start, end) offsets in code points, half-open, in order; engine tags are none."""
    if "<" in text:
        text = ENGINE_TAG.sub(lambda tag: " " * len(tag.group()), text)
    words = []
    for piece in _PIECE.finditer(text):
        start, end = piece.span()
        while start < end and _is_edge(text[start]):
            start += 1
        while end > start and _is_edge(text[end - 1]):
            end -= 1
        if start < end:
            words.append((start, end))
    return words


_LETTER_OR_DIGIT = re.compile(r"[^\W_]")


def has_word(text: str) -> bool:
    """Whether ``text`` holds a written word, found faster than by listing them."""
    if "<" not in text and _LETTER_OR_DIGIT.search(text):
        return True
    return bool(written_words(text))
