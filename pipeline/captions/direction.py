"""Lines that run from right to left: isolated where a player would guess their direction wrong, never reordered.

Formats differ in who decides: WebVTT takes the direction of a line from its first strong character (WebVTT, section
6.4), players of the others mostly take every line as running from left to right, and punctuation at its end jumps.
"""

from __future__ import annotations

import unicodedata

from pipeline.captions.rules import primary_language

_LANGUAGES = frozenset("ar arc ckb dv fa he iw ji nqo pnb prs ps sd syr ug ur yi".split())  # noqa: SIM905 - a table
_SCRIPTS = frozenset({"adlm", "arab", "hebr", "mand", "nkoo", "rohg", "samr", "syrc", "thaa"})
_LRI, _RLI, _PDI = "\u2066", "\u2067", "\u2069"


def runs_right_to_left(language: str) -> bool:
    """Whether text in this language (BCP 47) is written from right to left; a script subtag decides first."""
    scripts = [part for part in language.lower().replace("_", "-").split("-")[1:] if len(part) == 4 and part.isalpha()]
    return scripts[0] in _SCRIPTS if scripts else primary_language(language) in _LANGUAGES


def isolation(line: str, language: str, *, detected: bool) -> tuple[str, str]:
    """What to put before and after a line (Unicode Standard Annex 9, isolates); two empty strings where nothing.

    ``detected``: whether players of the format look at the first strong character.
    """
    wanted = runs_right_to_left(language)
    shown = _first_strong_is_right_to_left(line) if detected else False
    if shown is None or shown == wanted:
        return "", ""
    return (_RLI if wanted else _LRI), _PDI


def isolated(text: str, language: str, *, detected: bool) -> str:
    """Every line of ``text``, isolated where it needs to be."""
    if not runs_right_to_left(language) and text.isascii():
        return text
    around = ((isolation(line, language, detected=detected), line) for line in text.split("\n"))
    return "\n".join(f"{before}{line}{after}" for (before, after), line in around)


def _first_strong_is_right_to_left(line: str) -> bool | None:
    for character in line:
        direction = unicodedata.bidirectional(character)
        if direction in {"L", "R", "AL"}:
            return direction != "L"
    return None
