"""Where sentences end.

``sentencex`` knows the abbreviations of many languages, but never parts what stands in quotation marks or
brackets, and takes any capital after a stop for a new sentence. Here every terminal mark is judged from what stands
around it (:mod:`pipeline.script.stops`); sentencex, reading the text without its quotation marks, is asked about stops
that the rules do not decide. Measured on ``tests/script/hard_sentences.yaml``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import sentencex

from pipeline.script.stops import Stop, ends_sentence
from pipeline.script.words import has_word

_PARAGRAPHS = re.compile(r"(?:[^\n]|\n(?!\s*\n))+")
_OPENERS = "\"'“‘„‚«»‹›([{¿¡「『（《〈【〔"
_NARROW = ".!?…‽؟۔।॥։።"
_WIDE = "。！？｡．"
_DASHES = "—–-"
_MARK = re.compile(
    rf"(?P<mark>[{_NARROW}{_WIDE}{_DASHES}]+(?:(?<=\.)(?:[ \u00a0]\.){{2,}})?)"
    r"(?P<closers>[\"'”’»›)\]}“‘«」』》】〕）]*(?:[ \u00a0\u202f]»(?=[\s,.;:!?)]|$))?)"
)
_HORIZON = 300
_FOLLOWING = re.compile(rf"[\s{re.escape(_OPENERS)}—–\-*_]*")
_WORD = re.compile(r"\w[\w'’.\-]*")
_BLANKED = _OPENERS.replace("¿", "").replace("¡", "") + "”’›)]}」』）"


def sentences(text: str, language: str) -> list[tuple[int, int]]:
    """The sentences of ``text`` as (start, end) offsets in code points, half-open, in order.

    Outer white space belongs to none; a blank line always parts; each holds a written word unless the whole
    paragraph holds none. A quotation and what tags it (“Stop!” he said.) are one sentence. ``language`` is BCP 47.
    """
    primary = re.split("[-_]", language.lower(), maxsplit=1)[0]
    return [
        span for paragraph in _PARAGRAPHS.finditer(text) for span in _of_paragraph(text, *paragraph.span(), primary)
    ]


def _of_paragraph(text: str, start: int, end: int, language: str) -> list[tuple[int, int]]:
    paragraph = text[start:end]
    cuts = [0, *_cuts(paragraph, language), len(paragraph)]
    spans: list[tuple[int, int]] = []
    wordless_from: int | None = None
    for first, past in pairwise(cuts):
        piece = paragraph[first:past]
        if not has_word(piece):
            if spans and piece.strip():
                spans[-1] = (spans[-1][0], start + first + len(piece.rstrip()))
            elif piece.strip() and wordless_from is None:
                wordless_from = start + first + len(piece) - len(piece.lstrip())
            continue
        begin = start + first + len(piece) - len(piece.lstrip())
        spans.append((begin if wordless_from is None else wordless_from, start + first + len(piece.rstrip())))
        wordless_from = None
    if wordless_from is not None:
        spans.append((wordless_from, start + len(paragraph.rstrip())))
    return spans


def _cuts(text: str, language: str) -> Iterator[int]:
    """The offsets after which a new sentence starts."""
    known: set[int] | None = None
    sentence_start = 0
    for match in _MARK.finditer(text):
        mark, closers = match["mark"], _closers(text, match)
        end = match.end("mark") + len(closers)
        if end == len(text) or not _may_end(text, mark, closers, end):
            continue
        if known is None:
            known = _sentencex_starts(text, language)
        before = text[sentence_start : match.start()].lstrip()
        if ends_sentence(_stop(text, before, mark, closers, end, known), language):
            sentence_start = end
            yield sentence_start


def _closers(text: str, match: re.Match[str]) -> str:
    """The closing marks after a stop; those of “‘« that open the next quotation instead are left to it."""
    closers = match["closers"]
    following = text[match.end() : match.end() + 1]
    return closers.rstrip("“‘«") if following and not following.isspace() else closers


def _may_end(text: str, mark: str, closers: str, end: int) -> bool:
    """Whether a sentence can end here at all: before white space or the next quotation, wide marks anywhere.

    A dash ends one only where it breaks off speech (“You—” He stopped.), and ． is a point between digits.
    """
    following = text[end : end + 1]
    if mark[-1] in _WIDE:
        return mark[-1] != "．" or not following.isdigit()
    if mark[-1] in _DASHES and not closers:
        return False
    return following.isspace() or (following in "“«" and closers[-1:] in ("”", "»"))


def _stop(text: str, before: str, mark: str, closers: str, end: int, known: set[int]) -> Stop:
    next_start = _FOLLOWING.match(text, end).end()  # type: ignore[union-attr]  # it matches everywhere
    word = _WORD.match(text, next_start)
    return Stop(
        before=before,
        mark=mark,
        closers=closers,
        opening=text[end:next_start].strip(),
        next_word=word.group() if word else "",
        after=text[next_start : next_start + _HORIZON],
        wide=mark[-1] in _WIDE,
        known=next_start in known,
    )


def _sentencex_starts(text: str, language: str) -> set[int]:
    """Where sentencex starts a sentence, once nothing is quoted or bracketed."""
    for mark in _BLANKED:
        text = text.replace(mark, " ")
    return {boundary["start_index"] for boundary in sentencex.get_sentence_boundaries(language, text)}
