"""Runs of source text folded into the text of a block: one space for white space, NFC, nothing invisible."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.manuscript.model import Emphasis, SkipReason, Span

# Soft hyphen, zero width space, word joiner, byte order mark, and control characters that are no white space:
# nobody sees them, and a synthesiser may stumble over them. Joiners within words (U+200C, U+200D) mean something.
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")


@dataclass(frozen=True, slots=True)
class Says:
    """What the source says of a run of text. ``ipa_id`` tells two neighbours with the same pronunciation apart."""

    voice: str | None = None
    language: str | None = None
    ipa: str | None = None
    ipa_id: int = 0
    classes: tuple[str, ...] = ()


NOTHING = Says()


@dataclass(frozen=True, slots=True)
class Run:
    """Text as the source has it; ``emphasis`` is ``em``, ``strong``, or empty."""

    text: str
    says: Says = NOTHING
    emphasis: str = ""


@dataclass(frozen=True, slots=True)
class Folded:
    """The text of a block, its spans, and the invisible characters that were taken out, by reason."""

    text: str
    spans: tuple[Span, ...]
    removed: tuple[tuple[SkipReason, str], ...]
    emphases: tuple[Emphasis, ...] = ()


def fold(runs: Iterable[Run]) -> Folded:
    """Fold ``runs`` into one text; offsets of the spans are code points of that text, half-open.

    Spans never overlap, never begin or end in white space, and are in order; neighbouring runs of which the same
    is said share one.
    """
    pieces: list[str] = []
    marks: list[tuple[int, int, Says]] = []
    emphases: list[tuple[int, int, Says]] = []
    removed: list[str] = []
    length, after_space = 0, True
    for run in runs:
        text = run.text if _is_folded(run.text) else _single_spaced(run.text)
        if not text.isprintable():  # cheaper than the pattern, and true of nearly all prose once it is folded
            removed += _INVISIBLE.findall(text)
            text = _single_spaced(_INVISIBLE.sub("", text))
        if after_space:
            text = text.removeprefix(" ")
        if not text:
            continue
        after_space = text.endswith(" ")
        pieces.append(text)
        if run.says is not NOTHING and run.says != NOTHING:
            marks.append((length, length + len(text), run.says))
        if run.emphasis:
            emphases.append((length, length + len(text), Says(classes=(run.emphasis,))))
        length += len(text)
    written = "".join(pieces).rstrip(" ")
    text, marks = _composed(written, _merged(marks))
    emphasised = _spans(text, _composed(written, _merged(emphases))[1]) if emphases else ()
    return Folded(
        text,
        _spans(text, marks),
        _by_reason(removed),
        tuple(Emphasis(span.start, span.end, "strong" in span.classes) for span in emphasised),
    )


def is_invisible(character: str) -> bool:
    """Whether folding takes the character out of the text: nobody sees it."""
    return _INVISIBLE.match(character) is not None


def _is_folded(text: str) -> bool:
    """Whether there is nothing to fold; of all white space, only the space itself is printable."""
    return "  " not in text and text.isprintable()


def _single_spaced(text: str) -> str:
    """``text`` with one space for each run of white space, at its ends too."""
    words = " ".join(text.split())
    if not words:
        return " " if text else ""
    start = " " if text[0].isspace() else ""
    return f"{start}{words} " if text[-1].isspace() else start + words


def _merged(marks: Sequence[tuple[int, int, Says]]) -> list[tuple[int, int, Says]]:
    merged: list[tuple[int, int, Says]] = []
    for start, end, says in marks:
        if merged and merged[-1][1] == start and merged[-1][2] == says:
            merged[-1] = (merged[-1][0], end, says)
        else:
            merged.append((start, end, says))
    return merged


def _composed(text: str, marks: list[tuple[int, int, Says]]) -> tuple[str, list[tuple[int, int, Says]]]:
    """NFC, with offsets carried over by the length of what stands before them."""
    if text.isascii() or unicodedata.is_normalized("NFC", text):
        return text, marks
    composed = unicodedata.normalize("NFC", text)

    def moved(offset: int) -> int:
        return min(len(unicodedata.normalize("NFC", text[:offset])), len(composed))

    return composed, [(moved(start), moved(end), says) for start, end, says in marks]


def _spans(text: str, marks: Iterable[tuple[int, int, Says]]) -> tuple[Span, ...]:
    spans = []
    for begin, finish, says in marks:
        start, end = begin, min(finish, len(text))
        while start < end and text[start] == " ":
            start += 1
        while end > start and text[end - 1] == " ":
            end -= 1
        if start < end:
            spans.append(Span(start, end, says.voice, says.language, says.ipa, says.classes))
    return tuple(spans)


def _by_reason(removed: Sequence[str]) -> tuple[tuple[SkipReason, str], ...]:
    if not removed:
        return ()
    hyphens = "".join(character for character in removed if character == "\u00ad")
    others = "".join(character for character in removed if character != "\u00ad")
    found = ((SkipReason.SOFT_HYPHEN, hyphens), (SkipReason.INVISIBLE, others))
    return tuple((reason, text) for reason, text in found if text)
