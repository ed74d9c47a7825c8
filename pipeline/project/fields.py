"""What one value of a manifest may be: each kind reads the scalar as it was written and says what it expects.

A value from YAML arrives as :class:`Plain` (without quotes) or ``str`` (quoted); a value from Python arrives in
its own type. Numbers are read from their source text, so that money is exact.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from pipeline.project.languages import canonical_language
from pipeline.project.wording import did_you_mean

_WHOLE = re.compile(r"-?[0-9]{1,18}")
_NUMBER = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?")


class Plain(str):
    """A YAML scalar without quotes, as written."""

    __slots__ = ()


@dataclass(frozen=True, eq=False)  # as an annotation it must be hashable
class Expect:
    """Annotation of a field: what it expects in words, and ``read``, which gives the value.

    ``read`` raises ValueError where the value is none; the error's text, where there is one, is a suggestion that
    ends the message.
    """

    words: str
    read: Callable[[Any], object]
    schema: Mapping[str, object] = field(default_factory=dict)

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self._run, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return dict(self.schema)

    def _run(self, value: object) -> object:
        try:
            return self.read(value)
        except ValueError as exc:
            raise PydanticCustomError("expected", "{words}", {"words": self.words, "hint": str(exc)}) from exc


def refusal(words: str, *at: str | int, hint: str = "") -> PydanticCustomError:
    """What a model's validator raises: the value at the keys ``at`` below the model is not ``words``."""
    return PydanticCustomError("expected", "{words}", {"words": words, "hint": hint, "at": at})


def whole(low: int, high: int) -> Expect:
    """A whole number from ``low`` to ``high``."""

    def read(value: object) -> int:
        number = int(value) if isinstance(value, Plain) and _WHOLE.fullmatch(value) else value
        if not isinstance(number, int) or isinstance(number, bool) or not low <= number <= high:
            raise ValueError(_unquote(value, _WHOLE))
        return number

    return Expect(f"a whole number from {low} to {high}", read, {"type": "integer", "minimum": low, "maximum": high})


def real(low: float, high: float) -> Expect:
    """A number from ``low`` to ``high``."""

    def read(value: object) -> float:
        number = float(value) if isinstance(value, Plain) and _NUMBER.fullmatch(value) else value
        if not isinstance(number, (int, float)) or isinstance(number, bool) or not low <= number <= high:
            raise ValueError(_unquote(value, _NUMBER))
        return float(number)

    return Expect(f"a number from {low} to {high}", read, {"type": "number", "minimum": low, "maximum": high})


def cents() -> Expect:
    """EUR cents, read exactly from their source text."""
    highest = Decimal(100_000_000)

    def read(value: object) -> Decimal:
        amount = Decimal(value) if isinstance(value, Plain) and _NUMBER.fullmatch(value) else value
        if isinstance(amount, int) and not isinstance(amount, bool):
            amount = Decimal(amount)
        if not isinstance(amount, Decimal) or not amount.is_finite() or not 0 <= amount <= highest:
            raise ValueError(_unquote(value, _NUMBER))
        return amount

    return Expect(
        f"an amount in EUR cents from 0 to {highest:,}, such as 7.5",
        read,
        {"type": "number", "minimum": 0, "maximum": int(highest)},
    )


def flag() -> Expect:
    """True or false."""

    def read(value: object) -> bool:
        found = {"true": True, "True": True, "false": False, "False": False}.get(str(value))
        if found is None or not isinstance(value, (Plain, bool)):
            raise ValueError
        return found

    return Expect("true or false", read, {"type": "boolean"})


def plain_values(values: Mapping[object, object]) -> dict[str, str | int | float]:
    """Values of which only the one who gets them knows what they should be: numbers as numbers, the rest as text."""
    plain: dict[str, str | int | float] = {}
    for key, value in values.items():
        if not isinstance(value, str | int | float):
            raise refusal("a plain value (text or a number)", str(key))
        number = isinstance(value, Plain) and _NUMBER.fullmatch(value)
        plain[str(key)] = (float(value) if "." in str(value) else int(value)) if number else value
    return plain


def choice(kind: type[StrEnum]) -> Expect:
    """One of the names of ``kind``."""
    names = [str(member) for member in kind]

    def read(value: object) -> StrEnum:
        if not isinstance(value, str) or value not in names:
            raise ValueError(did_you_mean(value, names) if isinstance(value, str) else "")
        return kind(value)

    return Expect(f"one of {', '.join(names)}", read, {"type": "string", "enum": names})


def text(longest: int, *, lines: bool = False) -> Expect:
    """Text as written, in NFC, without the space around it; of one line unless ``lines``; never a control character,
    which no tag, feed or page can hold."""
    words = f"text of 1 to {longest} characters" + ("" if lines else " in one line")

    def read(value: object) -> str:
        if not isinstance(value, str):
            raise ValueError
        found = unicodedata.normalize("NFC", value).strip()
        if not 1 <= len(found) <= longest or (not lines and len(found.splitlines()) > 1):
            raise ValueError
        controls = [character for character in found if _is_control(character)]
        if controls:
            raise ValueError(f"it holds the control character U+{ord(controls[0]):04X}")
        return found

    # Editors read 1984 as a number where the manifest takes it as the text that it is.
    return Expect(words, read, {"type": ["string", "number", "boolean"]})


def pattern(words: str, form: str, suggest: Callable[[str], str] | None = None) -> Expect:
    """Text that matches the regular expression ``form`` as a whole; ``suggest`` makes such a text of another."""
    compiled = re.compile(form)

    def read(value: object) -> str:
        if not isinstance(value, str):
            raise ValueError
        if not compiled.fullmatch(value):
            other = suggest(value) if suggest else ""
            raise ValueError(f"did you mean '{other}'?" if other else "")
        return value

    return Expect(words, read, {"type": "string"})


def language() -> Expect:
    """A language tag, in canonical case."""

    def read(value: object) -> str:
        if not isinstance(value, str):
            raise ValueError
        return canonical_language(value)

    return Expect("a language tag (BCP 47) such as en, de or pt-BR", read, {"type": "string"})


def day() -> Expect:
    """A date of ISO 8601: a year, a month or a day."""

    def read(value: object) -> str:
        if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}(?:-[0-9]{2}){0,2}", value):
            raise ValueError
        try:
            date.fromisoformat(value + "-01-01"[len(value) - 4 :])
        except ValueError:
            raise ValueError from None  # its own words name no next step
        return str(value)

    return Expect("a date: YYYY, YYYY-MM or YYYY-MM-DD", read, {"type": ["string", "number"]})


def isbn() -> Expect:
    """An ISBN of 10 or 13 digits with the right check digit (ISO 2108); hyphens and spaces as written."""

    def read(value: object) -> str:
        digits = re.sub(r"[- ]", "", value) if isinstance(value, str) else ""
        if not (_isbn_13(digits) or _isbn_10(digits)):
            raise ValueError("check the digits" if re.fullmatch(r"[0-9]{9}(?:[0-9]{3})?[0-9X]", digits) else "")
        return str(value)

    return Expect("an ISBN of 10 or 13 digits", read, {"type": ["string", "number"]})


def inside_path() -> Expect:
    """A path relative to the project's folder that stays in it, with forward slashes."""

    def read(value: object) -> Path:
        return Path(_inside(value))

    return Expect("a path inside the project's folder, with forward slashes", read, {"type": "string"})


def inside_source() -> Expect:
    """A path or glob, kept as text."""
    return Expect(
        "a file or a glob such as manuscript/*.md, inside the project's folder, with forward slashes",
        _inside,
        {"type": "string"},
    )


def split_rule() -> Expect:
    """``auto``, ``file``, ``heading:N`` or a regular expression that a chapter's first line matches."""
    return Expect("auto, file, heading:1 to heading:6, or a regular expression", _split, {"type": "string"})


def inside_problem(path: str) -> str | None:
    """Why ``path`` cannot be a path inside the project's folder, judged by its text alone; None where it can."""
    if not path.strip():
        return "it is empty"
    if any(unicodedata.category(character) == "Cc" for character in path):
        return "it holds a control character"
    if "\\" in path:
        return "it holds a backslash"
    if PurePosixPath(path).is_absolute() or PureWindowsPath(path).drive or path.startswith("~"):
        return "it is not relative to the project's folder"
    return "it leaves the project's folder" if ".." in PurePosixPath(path).parts else None


def _inside(value: object) -> str:
    if not isinstance(value, (str, Path)):
        raise ValueError
    problem = inside_problem(str(value))
    if problem:
        raise ValueError(problem)
    return str(value)


def _is_control(character: str) -> bool:
    """A control character but tab and line ends, half of a surrogate pair, or a code point that is no character."""
    code = ord(character)
    stray = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    return stray or (unicodedata.category(character) in ("Cc", "Cs") and character not in "\t\n\r")


def _unquote(value: object, form: re.Pattern[str]) -> str:
    quoted = isinstance(value, str) and not isinstance(value, Plain) and form.fullmatch(value)
    return "write it without quotes" if quoted else ""


def _isbn_13(digits: str) -> bool:
    if not re.fullmatch(r"97[89][0-9]{10}", digits):
        return False
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits)) % 10 == 0


def _isbn_10(digits: str) -> bool:
    if not re.fullmatch(r"[0-9]{9}[0-9X]", digits):
        return False
    return sum((10 - place) * (10 if digit == "X" else int(digit)) for place, digit in enumerate(digits)) % 11 == 0


def _split(value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 200:
        raise ValueError
    if value in {"auto", "file"} or re.fullmatch(r"heading:[1-6]", value):
        return str(value)
    if re.fullmatch(r"(?i)heading\W*\d*", value):
        raise ValueError("did you mean 'heading:2'?")
    if re.fullmatch(r"[A-Za-z]+", value) and get_close_matches(value.lower(), ["auto", "file"], n=1, cutoff=0.7):
        raise ValueError(did_you_mean(value, ["auto", "file"]))
    if _compile(value).match(""):
        raise ValueError("it matches every line")
    return str(value)


def _compile(expression: str) -> re.Pattern[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return re.compile(expression)
        except (re.error, OverflowError, RecursionError, Warning) as exc:
            raise ValueError(f"as a regular expression it fails: {exc}") from exc
