"""The words of a chapter as they are shown: every word with the punctuation that belongs to it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from pipeline.engines.protocol import WordTimes
from pipeline.script.words import ENGINE_TAG, has_word, written_words

_PARAGRAPH = re.compile(r"\s*\n[^\S\n]*\n\s*")
_SPACE = re.compile(r"\s+")
_BREAK_TAG = re.compile(r"<break\b[^<>]{0,80}>(?=$|[\s“‘«„¿¡(\[])", re.IGNORECASE)
_DASHES = frozenset("-–—―")


class Joint(IntEnum):
    """What the manuscript has between one unit and the next."""

    NONE = 0
    SPACE = 1
    LINE = 2
    PARAGRAPH = 3


@dataclass(frozen=True, slots=True)
class Gap:
    """What stands between two words: what closes the first, a joint, what opens the second."""

    tail: str
    joint: Joint
    head: str


@dataclass(frozen=True, slots=True)
class Units:
    """Columns of equal length, one row a word of the timeline.

    ``text`` is ``head + word + tail``: the word with its punctuation, without engine tags, white space folded. The
    rows together hold every character of the chapter that is not white space, once. ``joint`` follows the unit.
    """

    text: list[str]
    word: list[str]
    head: list[str]
    tail: list[str]
    joint: list[Joint]

    def __len__(self) -> int:
        return len(self.text)


def units(text: str, words: WordTimes) -> Units:
    """Give every character of ``text`` to one of its ``words``; text without words has no units.

    Only written words that are not among ``words`` (segments without a take, ``--allow-partial``) are left out, with
    what stands between them: captions show what is heard.
    """
    starts, ends = words.char_start.tolist(), words.char_end.tolist()
    if not starts:
        return Units([], [], [], [], [])
    gaps = [split_gap(text[end:start]) for end, start in zip(ends, starts[1:], strict=False)]
    head = [_fold(_heard(_without_tags(text[: starts[0]]), first=True)).lstrip(), *(gap.head for gap in gaps)]
    tail = [*(gap.tail for gap in gaps), _fold(_heard(_without_tags(text[ends[-1] :]), last=True)).rstrip()]
    word = [_fold(text[start:end]) for start, end in zip(starts, ends, strict=True)]
    joint = [*(gap.joint for gap in gaps), Joint.PARAGRAPH]
    return Units([h + w + t for h, w, t in zip(head, word, tail, strict=True)], word, head, tail, joint)


@lru_cache(maxsize=8192)
def split_gap(gap: str) -> Gap:
    """Part the text between two words.

    Marks keep to the word they touch; between spaces they stay with the word before unless they open something. A
    paragraph parts them before anything else.
    """
    text = _heard(_without_tags(gap))
    if paragraphs := list(_PARAGRAPH.finditer(text)):
        start, end = paragraphs[-1].span()
        return Gap(_fold(text[:start]), Joint.PARAGRAPH, _fold(text[end:]))
    spaces = list(_SPACE.finditer(text))
    if not spaces:
        at = len(text) - _opening_length(text)
        return Gap(text[:at], Joint.NONE, text[at:])
    at = len(spaces) - 1
    while at and all(map(_opens, text[spaces[at - 1].end() : spaces[at].start()])):
        at -= 1
    start, end = spaces[at].span()
    joint = Joint.LINE if "\n" in spaces[at].group() else Joint.SPACE
    return Gap(_fold(text[:start]), joint, _fold(text[end:]))


def _heard(text: str, *, first: bool = False, last: bool = False) -> str:
    """What stands between two words, without words that nobody speaks and all that lies between them.

    A cut is a paragraph's end. At the ``first`` or ``last`` word of a chapter one side of the cut is all there is.
    """
    if not has_word(text):
        return text
    unspoken = written_words(text)
    before = "" if first else text[: unspoken[0][0]]
    after = "" if last else text[unspoken[-1][1] :]
    closing, opening = _SPACE.split(before)[0], _SPACE.split(after)[-1]
    return f"{closing}\n\n{opening}"


def _opening_length(text: str) -> int:
    """How many marks at the end of ``text``, which holds no space, open what follows; straight quotes after a dash."""
    at = len(text)
    while at and _opens(text[at - 1]):
        at -= 1
    if at and text[at - 1] in "\"'" and at >= 2 and text[at - 2] in _DASHES:
        at -= 1
    return len(text) - at


@lru_cache(maxsize=1024)
def _opens(mark: str) -> bool:
    return mark in "¿¡" or unicodedata.category(mark) in {"Ps", "Pi"}


def _without_tags(text: str) -> str:
    """The text without engine tags; a pause tag that nothing closes after parts words as a space does."""
    return ENGINE_TAG.sub("", _BREAK_TAG.sub(" ", text)) if "<" in text else text


def _fold(text: str) -> str:
    return _SPACE.sub(" ", text)
