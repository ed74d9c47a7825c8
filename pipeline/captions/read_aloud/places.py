"""Which characters of a document's text nodes each character of a block comes from."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pipeline.errors import InputError, Problem
from pipeline.manuscript.folding import is_invisible
from pipeline.manuscript.traces import Origin, Traced

Place: TypeAlias = tuple[int, int, int]
"""The index of a run, and the characters of it from the one to the other (code points, half-open)."""

_PIECE = re.compile(r"\s+|\S+")


@dataclass(frozen=True, slots=True)
class PlacedBlock:
    """A block in a document: its runs, where each lies in the tree, and the place of every character of its text.

    ``char_start`` is the block's first character in the chapter's text. A character without a place (an engine's
    tag) is not shown.
    """

    char_start: int
    runs: tuple[str, ...]
    origins: tuple[Origin, ...]
    places: tuple[Place | None, ...]


def character_places(traced: Traced) -> tuple[Place, ...]:
    """The place of every character of the block's text: white space folded, the invisible taken out, NFC.

    Raises InputError, with the block's place in its document, where folding the runs does not give the block's
    text: better no book than one that lights up the wrong words.
    """
    written, places = _visible(traced.runs)
    if written != traced.block.text:
        written, places = _composed(written, places)
    if written != traced.block.text:
        source = traced.block.source
        message = f"{source.element}: the text of the document is not the text that was narrated; render again"
        raise InputError([Problem(source.file, source.line, 0, message)])
    return tuple(places)


def _visible(runs: Sequence[str]) -> tuple[str, list[Place]]:
    """The runs' text with one space for white space, none at its ends, and without what nobody sees."""
    texts: list[str] = []
    places: list[Place] = []
    after_space = True
    for index, text in enumerate(runs):
        plain = text.isprintable()
        for piece in _PIECE.finditer(text):
            start, end = piece.span()
            if text[start].isspace():
                if not after_space:
                    texts.append(" ")
                    places.append((index, start, start + 1))
                after_space = True
                continue
            seen = [at for at in range(start, end) if plain or not is_invisible(text[at])]
            texts.append("".join([text[at] for at in seen]))
            places += [(index, at, at + 1) for at in seen]
            after_space = after_space and not seen
    written = "".join(texts)
    return written.rstrip(" "), places[: len(written.rstrip(" "))]


def _composed(written: str, places: Sequence[Place]) -> tuple[str, list[Place]]:
    """NFC, cluster by cluster; what a cluster becomes lies where its first character lies."""
    text, moved = "", list[Place]()
    for start, end in _clusters(written):
        composed = unicodedata.normalize("NFC", written[start:end])
        first, last = places[start], places[end - 1]
        whole = (first[0], first[1], last[2]) if last[0] == first[0] else first
        text += composed
        moved += [whole] * len(composed)
    return text, moved


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """Runs that compose only among themselves: a starter with its marks; conjoining jamo with the syllable."""
    start = 0
    for at in range(1, len(text)):
        if not unicodedata.combining(text[at]) and not "\u1160" <= text[at] <= "\u11ff":
            yield start, at
            start = at
    if text:
        yield start, len(text)
