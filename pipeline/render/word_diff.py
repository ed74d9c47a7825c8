"""What became of a text, word by word and short: the words that changed, with a few around them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher

_WORD = re.compile(r"\S+")
_AROUND = 3
"""Unchanged words that are shown on either side of a change."""


def plainly(gone: str, new: str) -> str:
    """A change as ``git diff --word-diff`` writes it: ``[-old-]{+new+}``."""
    return (f"[-{gone}-]" if gone else "") + (f"{{+{new}+}}" if new else "")


def word_diff(before: str, now: str, *, mark: Callable[[str, str], str] = plainly, longest: int = 160) -> str:
    """The change from ``before`` to ``now`` in one line of about ``longest`` characters; ``mark`` writes a change."""
    old, new = _WORD.findall(before), _WORD.findall(now)
    pieces: list[str] = []
    length = 0
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    opcodes = matcher.get_opcodes()
    for place, (tag, first_old, past_old, first, past) in enumerate(opcodes):
        if tag == "equal":
            piece = _context(new[first:past], leads=place == 0, ends=place == len(opcodes) - 1)
        else:
            room = max(longest // 3, 20)
            piece = mark(_short(old[first_old:past_old], room), _short(new[first:past], room))
        pieces.append(piece)
        length += len(piece)
        if length > longest and place + 1 < len(opcodes):
            pieces.append("…")
            break
    return " ".join(filter(None, pieces))


def _context(words: Sequence[str], *, leads: bool, ends: bool) -> str:
    if leads and ends:
        return _short(words, 60)
    if leads:
        return ("… " if len(words) > _AROUND else "") + " ".join(words[-_AROUND:])
    if ends:
        return " ".join(words[:_AROUND]) + (" …" if len(words) > _AROUND else "")
    if len(words) <= 2 * _AROUND:
        return " ".join(words)
    return f"{' '.join(words[:_AROUND])} … {' '.join(words[-_AROUND:])}"


def _short(words: Sequence[str], longest: int) -> str:
    text = " ".join(words)
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"
