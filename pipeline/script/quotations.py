"""Which stretches of a paragraph are quoted speech (manifest: ``casting.dialogue``).

English “…” and "…", German „…“ and »…«, French «…», Nordic ”…”, Japanese 「…」; British ‘…’ where a paragraph has no
double marks. Speech within speech belongs to the outer one. Words that are only named (he called it “progress”) are
no speech: that has punctuation inside its marks, or a comma, a tag or nothing more after them.
"""

from __future__ import annotations

import re

_MARKS = re.compile('[“”„‟"«»「」『』]')
_CLOSERS = {"“": "”", "„": "“”", "”": "”", '"': '"', "「": "」", "『": "』"}
_SINGLE = re.compile(r"(?<![\w’])‘(?P<said>[^‘]*?[,.!?…—\-])’(?!\w)")
_SAID_INSIDE = re.compile(r"[,.!?…‥—–\-;:。！？、][’'›)\]]*\s*$")
_SAID_AFTER = re.compile(
    r"\s*$|[,.!?;:…—–。！？、]|\s+[—–]|\s+(?:sagt|fragt|rief|ruft|antwortet|flüstert|meint|dit|demand|répond|dijo|preguntó)"
    r"|\s+\w+-(?:t-)?(?:il|elle|je|on|ils|elles)\b|(?:と|って)"
)
_LEAD_BEFORE = re.compile(r"(?:^|[:,.!?…—–;。！？、」])\s*$")
_TRAILING = re.compile(r"[,.;:!?…。！？、]*")


def quoted_speech(text: str) -> list[tuple[int, int]]:
    """The quoted speech in a paragraph as (start, end) offsets in code points, marks included, in order.

    Speech that is opened at the end of the paragraph and not closed (it goes on in the next) runs to its end.
    """
    if _MARKS.search(text) is None:
        return [match.span() for match in _SINGLE.finditer(text)] if "‘" in text else []
    return [(start, end) for start, end in _outermost(text) if _is_speech(text, start, end)]


def _outermost(text: str) -> list[tuple[int, int]]:
    """Quotations that lie in no other, marks and the punctuation right after them included."""
    inward = _opens_inward(text)
    found: list[tuple[int, int]] = []
    opening, start, depth = "", 0, 0
    for match in _MARKS.finditer(text):
        mark = match.group()
        if not depth:
            opening, start, depth = mark, match.start(), 1
        elif mark in _closers(opening, inward=inward):
            depth -= 1
        elif mark == opening:
            depth += 1
        if not depth:
            found.append((start, match.end()))
    if depth:
        found += _unclosed(text, start, opening, inward=inward)
    return found


def _opens_inward(text: str) -> bool:
    """Whether »…« is used (German, Danish) rather than «…»: by which of the two comes first."""
    inward, outward = text.find("»"), text.find("«")
    return inward >= 0 and (outward < 0 or inward < outward)


def _closers(opening: str, *, inward: bool) -> str:
    if opening in "«»":
        return "«" if inward else "»"
    return _CLOSERS.get(opening, "”")


def _unclosed(text: str, start: int, opening: str, *, inward: bool) -> list[tuple[int, int]]:
    """A quotation that the paragraph does not close: to its first closing mark if it has one, else to the end."""
    closers = _closers(opening, inward=inward)
    first_close = next((at for at in range(start + 1, len(text)) if text[at] in closers), None)
    if first_close is None:
        return [(start, len(text))]
    rest = text[first_close + 1 :]
    return [(start, first_close + 1)] + [(first_close + 1 + a, first_close + 1 + b) for a, b in _outermost(rest)]


def _is_speech(text: str, start: int, end: int) -> bool:
    """Whether what is quoted is said, rather than only named."""
    if end == len(text) or _SAID_INSIDE.search(text, start + 1, end - 1):
        return True
    return _LEAD_BEFORE.search(text[:start]) is not None and _SAID_AFTER.match(text, end) is not None


def with_trailing_punctuation(text: str, end: int) -> int:
    """Where a quotation ends for the ear: the comma after its mark („Ja“, sagte er) opens no new breath."""
    match = _TRAILING.match(text, end)
    return match.end() if match else end
