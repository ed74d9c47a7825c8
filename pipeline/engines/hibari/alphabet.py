"""Which letters an English voice can say."""

from __future__ import annotations

import re
import unicodedata

_LATIN = (
    r"a-zA-Z\u00aa\u00b5\u00ba\u00c0-\u02ff\u1d00-\u1dbf\u1e00-\u1eff\u2071\u207f\u2090-\u209c\u2100-\u214f"
    r"\ufb00-\ufb06\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d7ff"
)
_FOREIGN = re.compile(rf"(?![{_LATIN}])[^\W\d_]")
_GREEK_LETTER = re.compile(r"[\u0370-\u03ff]")
_PARTS_RUNS = re.compile(rf"[{_LATIN}0-9\n]|[^\S\n]{{2}}|.{{4}}", re.DOTALL)


def foreign_runs(text: str) -> list[tuple[int, int]]:
    """Runs of letters outside the Latin script (offsets, half-open), words of one phrase together.

    A Greek letter that stands alone ("π") is no run: it is said by its English name.
    """
    if text.isascii():
        return []
    runs: list[tuple[int, int]] = []
    for letter in _FOREIGN.finditer(text):
        if not letter.group().isalpha():
            continue
        if runs and not _PARTS_RUNS.search(text, runs[-1][1], letter.start()):
            runs[-1] = (runs[-1][0], letter.end())
        else:
            runs.append(letter.span())
    return [run for run in runs if not _is_greek_letter(text[slice(*run)])]


def _is_greek_letter(run: str) -> bool:
    return len(run) == 1 and _GREEK_LETTER.match(run) is not None


def script_name(letter: str) -> str:
    """What to call the letter's script in a message: the first word of its Unicode name."""
    word = unicodedata.name(letter, "foreign").split()[0].split("-")[0]
    return word if word == "CJK" else word.capitalize()
