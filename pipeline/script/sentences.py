"""Where sentences end.

``sentencex`` knows the abbreviations of some 250 languages, but never parts what stands in quotation marks or
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
_STOP = re.compile(
    r"(?P<mark>\.(?:[ \u00a0]\.){2,}|[.!?…‽؟۔।॥։።]+)"
    r"(?P<closers>(?:[\"'”’»›)\]}“‘«]|[ \u00a0\u202f]»(?=[\s,.;:!?)]|$))*)"
    r"(?:(?=(?P<gap>\s+))|(?=[“«])(?<=[”»]))"
    r"|(?P<wide_mark>[。！？｡．]+)(?P<wide_closers>[」』）”’》】〕)\"'»]*)"
)
_FOLLOWING = re.compile(rf"[\s{re.escape(_OPENERS)}—–\-*_]*")
_WORD = re.compile(r"\w[\w'’.\-]*")
_BLANKED = {ord(mark): " " for mark in _OPENERS + "”’«»›)]}」』）"}


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
    for match in _STOP.finditer(text):
        if match.end() == len(text):
            return
        if known is None:
            known = _sentencex_starts(text, language)
        stop = _stop(text, match, sentence_start, known)
        if ends_sentence(stop, language):
            sentence_start = match.end()
            yield sentence_start


def _stop(text: str, match: re.Match[str], sentence_start: int, known: set[int]) -> Stop:
    following = _FOLLOWING.match(text, match.end())
    next_start = following.end() if following else match.end()
    word = _WORD.match(text, next_start)
    return Stop(
        before=text[sentence_start : match.start()].lstrip(),
        mark=match["mark"] or match["wide_mark"],
        closers=match["closers"] or match["wide_closers"] or "",
        opening=text[match.end() : next_start].strip(),
        next_word=word.group() if word else "",
        after=text[next_start : next_start + 300],
        wide=match["wide_mark"] is not None,
        known=next_start in known,
    )


def _sentencex_starts(text: str, language: str) -> set[int]:
    """Where sentencex starts a sentence, once nothing is quoted or bracketed."""
    return {
        boundary["start_index"] for boundary in sentencex.get_sentence_boundaries(language, text.translate(_BLANKED))
    }
