"""Fenced divs, ``::: {voice=elsie}`` to ``:::``, as a rule for markdown-it; and the attributes in braces.

The syntax is Pandoc's: an opening fence has attributes or one class, a closing one has none, so divs nest without
counting colons.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from mdit_py_plugins.attrs.parse import ParseError, parse

_OPENING = re.compile(r":{3,}\s*(?:(?P<braces>\{.*\})|(?P<name>[^\s{}:]+))\s*:*\s*")
_CLOSING = re.compile(r":{3,}\s*")
_CODE_FENCE = re.compile(r"(`{3,}|~{3,})")
_LONGEST_FENCE = 500
_KEYS = ("voice", "lang", "ipa", "id", "class")


@dataclass(frozen=True, slots=True)
class Attributes:
    """What braces can say: ``{voice=elsie lang=de ipa="…" .class #id}``."""

    voice: str | None = None
    language: str | None = None
    ipa: str | None = None
    classes: tuple[str, ...] = ()


def add_fenced_divs(parser: MarkdownIt) -> None:
    """Teach ``parser`` fenced divs: ``div_open`` tokens carry their attributes, ``env["problems"]`` what is wrong."""
    parser.block.ruler.before(
        "fence", "fenced_div", _fenced_div, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )


def parse_braces(text: str) -> dict[str, str]:
    """The attributes in ``{…}``. Raises ValueError where they are malformed."""
    try:
        end, attributes = parse(text)
    except ParseError as exc:
        raise ValueError(f"'{text}' cannot be read; expected for example {{voice=elsie lang=de}}") from exc
    if end != len(text) - 1:
        raise ValueError(f"'{text}' cannot be read; expected for example {{voice=elsie lang=de}}")
    return attributes


def understood(attributes: Mapping[str, object]) -> Attributes:
    """Attributes as the manuscript knows them. Raises ValueError, with what was meant, for a key that means nothing."""
    unknown = next((key for key in attributes if key not in _KEYS), None)
    if unknown is not None:
        close = difflib.get_close_matches(unknown, [*_KEYS, "language"], n=1)
        meant = {"language": "lang"}.get(close[0], close[0]) if close else None
        hint = f"did you mean '{meant}'?" if meant else f"expected one of {', '.join(_KEYS[:3])}, .class, #id"
        raise ValueError(f"'{unknown}' is nothing that a voice can be cast by; {hint}")

    def text(key: str) -> str | None:
        return str(attributes[key]).strip() or None if key in attributes else None

    return Attributes(text("voice"), text("lang"), text("ipa"), tuple(str(attributes.get("class", "")).split()))


def is_stray_fence(text: str) -> bool:
    """Whether a paragraph begins like a fence, and so is one that went wrong."""
    return bool(re.match(r":{3,}\s*(?:\{|$)", text))


def _fenced_div(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    opening = _OPENING.fullmatch(_line(state, start)[:_LONGEST_FENCE])
    if opening is None:
        return False
    if silent:
        return True
    close = _closing_line(state, start, end)
    if close is None:
        _problem(state, start, "::: opens here and is never closed; add a line with ::: after what it covers")
    token = state.push("div_open", "div", 1)
    token.map = [start, (close or end) + 1]
    token.attrs = _attributes(state, start, opening)
    old_max, old_parent = state.lineMax, state.parentType
    state.lineMax, state.parentType = end if close is None else close, "fenced_div"
    state.md.block.tokenize(state, start + 1, state.lineMax)
    state.lineMax, state.parentType = old_max, old_parent
    state.push("div_close", "div", -1)
    state.line = end if close is None else close + 1
    return True


def _closing_line(state: StateBlock, start: int, end: int) -> int | None:
    depth, code = 1, ""
    for at in range(start + 1, end):
        if state.sCount[at] < state.blkIndent and not state.isEmpty(at):
            return None
        line = _line(state, at)[:_LONGEST_FENCE]
        fence = _CODE_FENCE.match(line)
        if fence and (not code or line.startswith(code)):
            code = "" if code else fence[1]
        if code:
            continue
        if _OPENING.fullmatch(line):
            depth += 1
        elif _CLOSING.fullmatch(line):
            depth -= 1
            if depth == 0:
                return at
    return None


def _attributes(state: StateBlock, start: int, opening: re.Match[str]) -> dict[str, str | int | float]:
    if opening["name"]:
        return {"class": opening["name"].removeprefix(".")}
    try:
        return dict(parse_braces(opening["braces"]))
    except ValueError as exc:
        _problem(state, start, f"::: {exc}")
        return {}


def _line(state: StateBlock, at: int) -> str:
    return state.src[state.bMarks[at] + state.tShift[at] : state.eMarks[at]]


def _problem(state: StateBlock, line: int, message: str) -> None:
    problems: list[tuple[int, str]] = state.env.setdefault("problems", [])
    problems.append((line + 1, message))


def problems_of(env: Mapping[str, object]) -> Iterable[tuple[int, str]]:
    """Lines and messages that the rule left in the environment of a parse."""
    found = env.get("problems", [])
    return found if isinstance(found, list) else []
