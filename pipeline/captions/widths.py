"""How much room text takes on a screen."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from pipeline.captions.rules import cells_per_character


def widths(texts: Sequence[str], language: str = "") -> list[int]:
    """How many cells each text takes.

    Most characters take one; wide ones (Unicode Standard Annex 11) two, in languages that are set in full width also
    the ambiguous ones, such as dashes and ellipses; combining and format marks take none.
    """
    alphabet: set[str] = set().union(*texts)
    wide = frozenset("WFA" if cells_per_character(language) == 2 else "WF")
    cells: dict[str, str | None] = dict.fromkeys(unseen_marks(alphabet))
    cells.update((c, "xx") for c in alphabet if c not in cells and unicodedata.east_asian_width(c) in wide)
    if not cells:
        return list(map(len, texts))
    table = str.maketrans(cells)
    return [len(text.translate(table)) for text in texts]


def unseen_marks(texts: Iterable[str]) -> str:
    """The characters in ``texts`` that combine with others or format them."""
    alphabet: set[str] = set().union(*texts)
    return "".join(sorted(c for c in alphabet if unicodedata.category(c) in {"Mn", "Me", "Cf"}))
