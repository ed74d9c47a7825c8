"""Which lines of plain text announce a chapter: "Chapter 1", "CHAPTER THE FIRST", "II.", "Prologue"."""

from __future__ import annotations

import re
from functools import cache

_WORD = (
    "(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|"
    "eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|first|second|third|fourth|fifth|"
    "sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|"
    "eighteenth|nineteenth|twentieth|thirtieth|fortieth|fiftieth|sixtieth|seventieth|eightieth|ninetieth|hundredth|"
    "last|eins|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf|un|deux|trois|quatre|cinq|sept|huit|neuf|dix|"
    "premier|première|deuxième|troisième|quatrième|cinquième|sixième|septième|huitième|neuvième|dixième|uno|dos|tres|"
    "cuatro|cinco|seis|siete|ocho|nueve|diez|primero|primo|secondo|terzo|quarto|quinto)"
)
_GERMAN_ORDINAL = (
    "erste|zweite|dritte|vierte|fünfte|sechste|siebte|siebente|achte|neunte|zehnte|elfte|zwölfte|dreizehnte|"
    "vierzehnte|fünfzehnte|sechzehnte|siebzehnte|achtzehnte|neunzehnte|zwanzigste|letzte"
)

_ROMAN = r"(?=[IVXLCDM])M{0,3}(?:CM|CD|D?C{0,4})(?:XC|XL|L?X{0,4})(?:IX|IV|V?I{0,4})"
_NUMBER = rf"(?:the\s+)?(?:\d{{1,4}}|{_ROMAN}|{_WORD}(?:[-\s]{_WORD})?)"
_TITLE = r"(?:\s*[.:]|\s*[.:]?\s*[–—-]{1,2}\s*\S.{0,80}|\s*[.:]\s+\S.{0,80})?"
_PARTS = "part|book|volume|teil|buch|band|partie|livre|tome|parte|libro|deel|boek|część|часть"
_CHAPTERS = (
    "chapter|kapitel|chapitre|capítulo|capitulo|capitolo|hoofdstuk|kapittel|rozdział|kapitola|глава|canto|letter"
)
_ALONE = (
    "prologue|epilogue|preface|foreword|introduction|afterword|interlude|intermezzo|conclusion|postscript|"
    "prolog|epilog|vorwort|nachwort|einleitung|prólogo|epílogo|avant-propos|préface|épilogue"
)
_GERMAN = rf"(?:(?:{_GERMAN_ORDINAL})[rs]?|\d{{1,3}}\.)"

_NUMERAL_LINE = re.compile(rf"(?:(?P<roman>{_ROMAN})|(?P<arabic>\d{{1,3}}))\.?")
_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}

PART_LEVEL, CHAPTER_LEVEL, NUMERAL_LEVEL = 1, 2, 3
LONGEST_LINE = 100
"""Characters beyond which a line announces nothing."""
_LONGEST_NUMERAL = len("MMMDCCCLXXXVIII.")


def announced_level(line: str) -> int | None:
    """The heading level of a line that announces a part (1) or a chapter (2) in words; None for any other line.

    The first character must be a digit or a capital: prose that happens to wrap before "chapter two" is none.
    """
    if len(line) > LONGEST_LINE or not (line[:1].isdigit() or line[:1].isupper()):
        return None
    return next((level for level, pattern in _announcements() if pattern.fullmatch(line)), None)


@cache
def _announcements() -> tuple[tuple[int, re.Pattern[str]], ...]:
    """Made when first asked for: no other format than plain text needs them."""
    part = rf"(?:(?:{_PARTS})\s+{_NUMBER}|{_GERMAN}\s+(?:teil|buch|band)){_TITLE}"
    chapter = rf"(?:(?:{_CHAPTERS})\s+{_NUMBER}|{_GERMAN}\s+kapitel){_TITLE}"
    alone = rf"(?:{_ALONE})[.:]?"
    levels = ((PART_LEVEL, part), (CHAPTER_LEVEL, chapter), (CHAPTER_LEVEL, alone))
    return tuple((level, re.compile(pattern, re.IGNORECASE)) for level, pattern in levels)


def numeral(line: str) -> int | None:
    """The value of a line that is nothing but a number, roman (in capitals) or arabic, with or without a full stop."""
    match = _NUMERAL_LINE.fullmatch(line) if len(line) <= _LONGEST_NUMERAL else None
    if match is None:
        return None
    return roman_value(match["roman"]) if match["roman"] else int(match["arabic"])


def roman_value(text: str) -> int:
    """The value of a roman numeral in capitals."""
    values = [_VALUES[letter] for letter in text]
    return sum(-value if value < after else value for value, after in zip(values, [*values[1:], 0], strict=True))
