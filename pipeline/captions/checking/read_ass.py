"""ASS and SSA: sections, a format line that names the fields, events in any order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pipeline.captions.checking.clocks import milliseconds
from pipeline.captions.checking.findings import Fault, ReadCaption, Reading

_SECTION = re.compile(r"\s*\[([^\[\]]+)\]\s*")
_STRICT = re.compile(r"\d+:[0-5]\d:[0-5]\d\.\d{2}", re.ASCII)
_FIELDS = ["layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text"]
_OVERRIDE = re.compile(r"(?<!\\)\{[^{}]*\}")
_PLACED = re.compile(r"(?<!\\)\{[^{}]*\\(?:an?\d|pos|move|clip)")
_DRAWING = re.compile(r"(?<!\\)\{[^{}]*\\p[1-9]")
_KARAOKE = re.compile(r"\\[kK][fot]?(\d{1,6})", re.ASCII)
_MOST_FIELDS = 40


def read_ass(lines: Sequence[str], reading: Reading) -> None:
    """Read dialogue lines and note what libass would have to guess."""
    section, fields, styles = "", list[str](), set[str]()
    seen: set[str] = set()
    for number, line in enumerate(lines, 1):
        if heading := _SECTION.fullmatch(line):
            section = heading[1].strip().lower()
            seen.add(section)
            continue
        key, colon, value = line.partition(":")
        key = key.strip().lower()
        if not colon or line.lstrip().startswith((";", "!")):
            continue
        if section == "script info" and key == "language":
            reading.language = value.strip() or None
        elif section.endswith("styles") and key == "style":
            styles.add(value.split(",", 1)[0].strip().lstrip("*").lower())
        elif section == "events" and key == "format":
            fields = [name.strip().lower() for name in value.split(",", _MOST_FIELDS)]
        elif section == "events" and key == "dialogue":
            _dialogue(value, number, _usable(fields, number, reading), styles, reading)
    if "script info" not in seen:
        reading.error(Fault.SYNTAX, 1, "no [Script Info] section")
    if not (reading.captions or reading.findings):
        reading.error(Fault.SYNTAX, 1, "no captions")
    reading.captions.sort(key=lambda caption: (caption.start_ms, caption.end_ms))


def _usable(fields: list[str], number: int, reading: Reading) -> list[str]:
    """The fields of a dialogue line; the usual ones where no format line says."""
    if {"start", "end", "text"} <= set(fields) and fields[-1] == "text":
        return fields
    if not any(finding.fault is Fault.SYNTAX for finding in reading.findings):
        reading.error(Fault.SYNTAX, number, "no Format line in [Events] names Start, End and, as the last, Text")
    return _FIELDS


def _dialogue(value: str, number: int, fields: list[str], styles: set[str], reading: Reading) -> None:
    caption = len(reading.captions) + 1
    values = value.split(",", len(fields) - 1)
    if len(values) < len(fields):
        reading.error(Fault.SYNTAX, number, f"{len(values)} fields where Format names {len(fields)}", at=caption)
        return
    event = dict(zip(fields, (part.strip() for part in values), strict=True))
    start, end = _time(event["start"], number, caption, reading), _time(event["end"], number, caption, reading)
    if start is None or end is None:
        return
    style = event.get("style", "").lstrip("*")
    if style and style.lower() not in styles:
        reading.warn(Fault.STYLE, number, f"the style {style[:40]} is not defined", at=caption)
    raw = event["text"]
    if _DRAWING.search(raw):
        return
    reading.captions.append(_caption(event, raw, caption, number, start, end))


def _caption(event: Mapping[str, str], raw: str, caption: int, number: int, start: int, end: int) -> ReadCaption:
    voice = event.get("name") or event.get("actor") or None
    return ReadCaption(
        number=caption,
        line=number,
        start_ms=start,
        end_ms=end,
        text=plain(raw),
        word_ms=_syllables(raw, start),
        voice=voice,
        placed=bool(_PLACED.search(raw)),
        track=f"{event.get('layer', '')} {event.get('style', '')}",
    )


def plain(raw: str) -> str:
    """The text of an event as it is shown."""
    text = _OVERRIDE.sub("", raw).replace("\\N", "\n").replace("\\n", "\n").replace("\\h", "\u00a0")
    return text.replace("\\{", "{").replace("\\}", "}")


def _syllables(raw: str, start_ms: int) -> tuple[int, ...]:
    """When each syllable of karaoke begins."""
    times, at = [], start_ms
    for match in _KARAOKE.finditer(raw):
        times.append(at)
        at += int(match[1]) * 10
    return tuple(times)


def _time(text: str, number: int, caption: int, reading: Reading) -> int | None:
    time = milliseconds(text)
    if time is None:
        reading.error(Fault.TIMES, number, f"a time that cannot be read: {text[:30]}", at=caption)
    elif not _STRICT.fullmatch(text):
        reading.error(Fault.TIMES, number, f"{text[:30]}: times are written H:MM:SS.cc", at=caption)
    return time
