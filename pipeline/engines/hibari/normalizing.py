"""hibari's own normaliser ("25 km" → "25 kilometers", "Henry VIII" → "Henry the eighth"), run over traced text.

hibari rewrites text without telling what became of each character. Its ``normalize`` is a list of regular
expression substitutions, so we run that very function with its patterns wrapped: each substitution is applied to a
:class:`Traced` text, and nothing of its rules is repeated here.
"""

from __future__ import annotations

import importlib
import re
import types
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import NamedTuple, cast

from pipeline.engines.local.traced import Traced

Replacement = str | Callable[[re.Match[str]], str]

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff\ufe00-\ufe0f\u202a-\u202e]")
_DASH = re.compile(r" *(?:-{2,}|[\u2014\u2015\u2e3a\u2e3b]+) *")
_COMBINING = re.compile(r"[^\W\d_][\u0300-\u036f]+")
_GREEK = re.compile(r"(?<![^\W\d_])[\u0370-\u03ff](?![^\W\d_])")
_OTHER_DIGIT = re.compile("[\u00b9\u0250-\u200f\u2028-\U0010ffff]")
_NO_PRONOUN = re.compile(r"\s*(?:[^\w\s]|$|of\b)")
_NUMBER = re.compile(r"\s*\d")
_DATE = re.compile(r",?\s+(?:the )?(?:\d|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)")
_NEEDED_AFTER = {
    **dict.fromkeys(("no.", "nos.", "fig.", "Fig.", "ch.", "Ch."), _NUMBER),
    **dict.fromkeys(("Sun.", "Sat.", "Mon.", "Wed.", "Mar.", "Jan.", "Dec."), _DATE),
}
_GLUED = re.compile(r"(?<=\S)[\u2012\u2013\u2026](?=\S)")


def normalized(text: Traced) -> Traced:
    """The text as hibari reads it. Dashes and ellipses between words stand apart, so that no token spans two words."""
    text = text.sub(_INVISIBLE, lambda _: "").sub(_COMBINING, _composed)
    text = text.sub(_OTHER_DIGIT, _plain_digit).sub(_GREEK, _letter_name).sub(_DASH, lambda _: " \u2014 ")
    text = cast("Traced", _tracing_normalizer()(text)) if text.text.strip() else text.strip()
    return text.sub(_GLUED, lambda m: f"{m.group()} ")


def _plain_digit(match: re.Match[str]) -> str:
    """A digit of another script or form as an ASCII digit: hibari stumbles over some ("¹")."""
    digit = unicodedata.digit(match.group(), None)
    return match.group() if digit is None else str(digit)


def _letter_name(match: re.Match[str]) -> str:
    """A Greek letter that stands alone, as the sciences use it: its English name."""
    words = unicodedata.name(match.group(), "").split()
    return words[3].lower() if words[:1] == ["GREEK"] and words[2:3] == ["LETTER"] else match.group()


def _composed(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFC", match.group())


class _TracingPattern(NamedTuple):
    """A compiled pattern that substitutes in traced text, where it ``accepts`` what it matched."""

    pattern: re.Pattern[str]
    accepts: Callable[[re.Match[str]], bool] = bool

    def sub(self, replacement: Replacement, text: Traced) -> Traced:
        return text.sub(self.pattern, lambda match: self._replaced(match, replacement))

    def _replaced(self, match: re.Match[str], replacement: Replacement) -> str:
        if not self.accepts(match):
            return match.group()
        return replacement(match) if callable(replacement) else match.expand(replacement)


def _tracing_sub(pattern: str, replacement: Replacement, text: Traced) -> Traced:
    return _TracingPattern(re.compile(pattern)).sub(replacement, text)


def _is_numeral(match: re.Match[str], *, titled: bool) -> bool:
    """Whether what stands after "Part" or "William" is a Roman numeral; hibari takes too much for one.

    Not "Lucas" (its pattern matches the empty numeral: "William the zeroth Lucas"), not the C of "Part C", and "I"
    only where a sentence could not go on with the pronoun: "Part I", "James I of Scotland", not "the book I read".
    """
    head, numeral = match.group(1), match.group(2)
    if numeral == "I":
        return (titled and head[0].isupper()) or _NO_PRONOUN.match(match.string, match.end()) is not None
    return len(numeral) > 1 or numeral in ("V", "X")


def _is_abbreviation(match: re.Match[str]) -> bool:
    """Whether an abbreviation is meant where a sentence may end with the word: "no. 5", not "She said no."."""
    needed = _NEEDED_AFTER.get(match.group(1))
    return needed is None or needed.match(match.string, match.end()) is not None


@cache
def _tracing_normalizer() -> types.FunctionType:
    module = importlib.import_module("hibari.g2p.normalize")
    scope = {
        name: _TracingPattern(value) if isinstance(value, re.Pattern) else value for name, value in vars(module).items()
    }
    cardinal, ordinal = module.RE_ROMAN_C, module.RE_ROMAN_O
    scope["RE_ROMAN_C"] = _TracingPattern(cardinal, lambda match: _is_numeral(match, titled=True))
    scope["RE_ROMAN_O"] = _TracingPattern(ordinal, lambda match: _is_numeral(match, titled=False))
    scope["RE_ABBREV"] = _TracingPattern(module.RE_ABBREV, _is_abbreviation)
    scope["re"] = types.SimpleNamespace(sub=_tracing_sub, escape=re.escape)
    return types.FunctionType(module.normalize.__code__, scope)
