"""SRT as it is found in the wild: every time line starts a caption, whatever stands around it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.captions.checking.clocks import milliseconds
from pipeline.captions.checking.findings import Fault, ReadCaption, Reading

_TIMES = re.compile(r"([-\d:,. ]*?\d)\s*-{1,3}>\s*(\d[\d:,.]*)(.*)", re.ASCII)
_STRICT = re.compile(r"\d{2,}:[0-5]\d:[0-5]\d,\d{3} --> \d{2,}:[0-5]\d:[0-5]\d,\d{3}", re.ASCII)
_COORDINATES = re.compile(r"(?:\s+[XY][12]:\d+)+\s*")
_NUMBER = re.compile(r"\s*\d+\s*", re.ASCII)
_TAG = re.compile(r"</?(?:b|i|u|s|font|c|v|ruby|rt)\b[^<>]*>|\{\\[^{}]*\}", re.IGNORECASE)
_PLACED = re.compile(r"\{[^{}]*\\(?:an?\d|pos|move)")


@dataclass(frozen=True, slots=True)
class _Head:
    """Where a caption begins: its number line (None: it has none) and its time line, as indexes."""

    number: int | None
    times: int


def read_srt(lines: Sequence[str], reading: Reading) -> None:
    """Read captions and note what is not as the Matroska specification's ``subtitles.md`` has it."""
    heads = _heads(lines)
    first = len(lines) if not heads else heads[0].times if heads[0].number is None else heads[0].number
    if not heads:
        reading.error(Fault.SYNTAX, 1, "no captions")
    elif any(line.strip() for line in lines[:first]):
        reading.error(Fault.SYNTAX, 1, "text before the first caption")
    timed = {head.times for head in heads}
    for at, line in enumerate(lines):
        if "-->" in line and at not in timed:
            reading.error(Fault.TIMES, at + 1, f"times that cannot be read: {line.strip()[:60]}")
    expected = 1
    for at, head in enumerate(heads):
        onward = heads[at + 1] if at + 1 < len(heads) else None
        end = len(lines) if onward is None else onward.times if onward.number is None else onward.number
        expected = _number(lines, head, expected, at + 1, reading)
        times = _times(lines[head.times], head.times + 1, at + 1, reading)
        raw = _text(lines, head.times + 1, end, at + 1, reading, last=onward is None)
        if times is not None:
            shown = _TAG.sub("", raw)
            placed = bool(_PLACED.search(raw) or _COORDINATES.search(lines[head.times]))
            reading.captions.append(ReadCaption(at + 1, head.times + 1, *times, shown, placed=placed))


def _heads(lines: Sequence[str]) -> list[_Head]:
    heads: list[_Head] = []
    for at, line in enumerate(lines):
        if "->" in line and _TIMES.match(line.strip()):
            free = at > 0 and (not heads or at - 1 > heads[-1].times)
            heads.append(_Head(at - 1 if free and _NUMBER.fullmatch(lines[at - 1]) else None, at))
    return heads


def _number(lines: Sequence[str], head: _Head, expected: int, caption: int, reading: Reading) -> int:
    """Check that numbers run on; return the one to expect next."""
    if head.number is None:
        reading.warn(Fault.IDENTIFIER, head.times + 1, "a caption without a number", at=caption)
        return expected + 1
    digits = lines[head.number].strip().lstrip("0") or "0"
    if digits != str(expected):
        shown = digits if len(digits) < 12 else f"{digits[:9]}…"
        reading.warn(Fault.IDENTIFIER, head.number + 1, f"number {shown} where {expected} follows", at=caption)
    return int(digits) + 1 if len(digits) < 12 else expected + 1


def _times(line: str, number: int, caption: int, reading: Reading) -> tuple[int, int] | None:
    line = line.strip()
    match = _TIMES.match(line)
    assert match is not None
    start, end = milliseconds(match[1]), milliseconds(match[2])
    if start is None or end is None:
        reading.error(Fault.TIMES, number, f"times that cannot be read: {line[:60]}", at=caption)
        return None
    rest = match[3]
    if rest.strip() and not _COORDINATES.fullmatch(rest):
        reading.error(Fault.SYNTAX, number, f"after the times: {rest.strip()[:40]}", at=caption)
    elif rest.strip():
        reading.warn(Fault.SETTINGS, number, "coordinates, which most players pass over", at=caption)
    if not _STRICT.fullmatch(line[: match.end(2)]):
        reading.error(Fault.TIMES, number, "times are written HH:MM:SS,mmm --> HH:MM:SS,mmm", at=caption)
    return start, end


def _text(lines: Sequence[str], start: int, end: int, caption: int, reading: Reading, *, last: bool) -> str:
    """The lines of a caption's text, blank ones dropped and noted."""
    body = list(lines[start:end])
    if not last and (not body or body[-1].strip()):
        reading.error(Fault.SYNTAX, end + 1, "no blank line before the next caption", at=caption)
    while body and not body[-1].strip():
        body.pop()
    kept = [line for line in body if line.strip()]
    if len(kept) < len(body):
        at = next(row for row, line in enumerate(body) if not line.strip())
        reading.error(Fault.SYNTAX, start + at + 1, "a blank line ends the caption before its text does", at=caption)
    return "\n".join(line.strip() for line in kept)
