"""Names and rare words of a manuscript that a voice may get wrong, by how often they stand there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pipeline.manuscript.model import Block, BlockKind

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_POSSESSIVE = re.compile(r"['’]s?$")
_SENTENCE_END = re.compile(r"[.!?:…]['\"”’»)\]]*\s*$|[\"“”„«‘(\[]\s*$|[—–-]\s*$")
_SHORTEST = 3
_ROMAN = re.compile(r"[IVXLCDM]+")
_LONGEST_LINE = 90

Guessing = Callable[[Iterable[str]], frozenset[str]]
"""Of some words, those whose sound the voice has to guess."""


@dataclass(frozen=True, slots=True)
class RareWord:
    """A word as the manuscript has it, how often it is there, and its first place: ``file:line`` and what it says."""

    word: str
    count: int
    place: str
    line: str


@dataclass(slots=True)
class _Seen:
    count: int
    block: Block
    at: int


def rare_words(blocks: Iterable[Block], guessed: Guessing | None, *, most: int) -> list[RareWord]:
    """The ``most`` frequent words of which a voice may not know the sound.

    ``guessed`` tells them where there is a lexicon. Without one (None), they are the words that begin with a capital
    within a sentence and never stand there without.
    """
    seen, within, small = _count(blocks)
    names = [word for word in seen if word[:1].isupper() and within[word] and word.casefold() not in small]
    kept = guessed(seen) if guessed is not None else frozenset(names)
    ordered = sorted(kept, key=lambda word: (-seen[word].count, word.casefold(), word))
    return [_rare(word, seen[word]) for word in _each_once(ordered)[:most]]


def _count(blocks: Iterable[Block]) -> tuple[dict[str, _Seen], Counter[str], set[str]]:
    """Every word with its count and first place, how often it has a capital within a sentence, and what has none."""
    seen: dict[str, _Seen] = {}
    within: Counter[str] = Counter()
    small: set[str] = set()
    for block in blocks:
        if block.kind is BlockKind.HEADING:
            continue
        for match in _WORD.finditer(block.text):
            word = _POSSESSIVE.sub("", match.group())
            if len(word) < _SHORTEST or _ROMAN.fullmatch(word):
                continue
            found = seen.setdefault(word, _Seen(0, block, match.start()))
            found.count += 1
            if word[0].islower():
                small.add(word)
            elif match.start() and not _SENTENCE_END.search(block.text, 0, match.start()):
                within[word] += 1
    return seen, within, small


def _each_once(words: Sequence[str]) -> list[str]:
    """A word once whatever its capitals: an entry of a dictionary means all of them."""
    first: dict[str, str] = {}
    for word in words:
        first.setdefault(word.casefold(), word)
    return list(first.values())


def _rare(word: str, seen: _Seen) -> RareWord:
    source = seen.block.source
    place = f"{source.file}:{source.line}" if source.line else source.file
    return RareWord(word, seen.count, place, _around(seen.block.text, seen.at, len(word)))


def _around(text: str, at: int, length: int) -> str:
    """The line about the word, cut at words."""
    room = (_LONGEST_LINE - length) // 2
    start, end = max(0, at - room), min(len(text), at + length + room)
    if start:
        start = text.find(" ", start, at) + 1 or at
    if end < len(text):
        end = max(text.rfind(" ", at + length, end), at + length)
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"
