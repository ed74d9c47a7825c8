"""Engine tags in a text: what they ask of the voice (KugelAudio API, "Text"; the embedded engine reads them alike)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.script.words import ENGINE_TAG

_TIME = re.compile(r"\btime\s*=\s*[\"']?\s*(\d{1,5}(?:\.\d{1,3})?)\s*(ms|s)\b", re.IGNORECASE)
_RATE = re.compile(r"\brate\s*=\s*[\"']?\s*(slow|medium|fast|\d(?:\.\d{1,3})?)", re.IGNORECASE)
_NAMED_RATES = {"slow": 0.8, "medium": 1.0, "fast": 1.2}
_BREAK_MS = 200
_LONGEST_BREAK_MS = 10_000
_SLOWEST, _FASTEST = 0.5, 2.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the text (code points, half-open, without tags inside but ``<spell>``) spoken at one rate."""

    start: int
    end: int
    rate: float


@dataclass(frozen=True, slots=True)
class Markup:
    """What the tags of a text ask for: stretches by rate, ranges to be spelled, and where the tags stand."""

    stretches: tuple[Stretch, ...]
    spelled: tuple[tuple[int, int], ...]
    tags: tuple[tuple[int, int], ...]


def parse_markup(text: str) -> Markup:
    """Read the tags of a text. An unclosed tag holds to the end, a stray closing tag is passed over."""
    stretches: list[Stretch] = []
    spelled: list[tuple[int, int]] = []
    tags: list[tuple[int, int]] = []
    rates, at, spell_start = [1.0], 0, -1
    for tag in ENGINE_TAG.finditer(text) if "<" in text else ():
        name, closing = _name(tag.group())
        tags.append(tag.span())
        if name == "spell":
            if closing and spell_start >= 0:
                spelled.append((spell_start, tag.start()))
            spell_start = -1 if closing else tag.end()
            continue
        stretches.append(Stretch(at, tag.start(), rates[-1]))
        at = tag.end()
        if name == "prosody" and not closing:
            rates.append(_rate(tag.group()))
        elif name == "prosody" and len(rates) > 1:
            rates.pop()
    stretches.append(Stretch(at, len(text), rates[-1]))
    if spell_start >= 0:
        spelled.append((spell_start, len(text)))
    return Markup(tuple(s for s in stretches if text[s.start : s.end].strip()), tuple(spelled), tuple(tags))


def break_ms(between: str) -> int:
    """The silence that the ``<break>`` tags in a part of a text ask for, in milliseconds, 0 where there is none."""
    return min(sum(_breaks(between)), _LONGEST_BREAK_MS)


def _breaks(between: str) -> Iterator[int]:
    for tag in ENGINE_TAG.finditer(between) if "<" in between else ():
        if _name(tag.group())[0] == "break":
            time = _TIME.search(tag.group())
            yield round(float(time.group(1)) * (1 if time.group(2).lower() == "ms" else 1000)) if time else _BREAK_MS


def _name(tag: str) -> tuple[str, bool]:
    """The tag's name in lower case, and whether it closes."""
    match = re.match(r"</?(\w+)", tag)
    return (match.group(1).lower() if match else "", tag.startswith("</"))


def _rate(tag: str) -> float:
    match = _RATE.search(tag)
    if match is None:
        return 1.0
    value = match.group(1).lower()
    rate = _NAMED_RATES.get(value)
    return rate if rate is not None else min(max(float(value), _SLOWEST), _FASTEST)
