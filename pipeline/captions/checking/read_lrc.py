"""LRC with all its habits: several times before one line, words with times, offsets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from pipeline.captions.checking.clocks import milliseconds
from pipeline.captions.checking.findings import Fault, ReadCaption, Reading

_TIME_TAG = re.compile(r"\s*\[(\d+:\d+(?:[.:,]\d+)?)\]", re.ASCII)
_BROKEN_TAG = re.compile(r"\s*\[\s*-?\d[^\]]*\]?", re.ASCII)
_ID_TAG = re.compile(r"\s*\[([A-Za-z#][\w ]*):([^\]]*)\]\s*", re.ASCII)
_WORD_TIME = re.compile(r"<(\d+:\d+(?:[.:,]\d+)?)>", re.ASCII)
_STRICT = re.compile(r"\d{2,3}:[0-5]\d(?:\.\d{2,3})?", re.ASCII)
_OFFSET = re.compile(r"\s*[+-]?\d{1,9}\s*", re.ASCII)


def read_lrc(lines: Sequence[str], reading: Reading) -> None:
    """Read lines and note what players stumble over; a line ends where the next begins."""
    found: list[tuple[int, int, str, tuple[int, ...]]] = []
    repeated = False
    for number, line in enumerate(lines, 1):
        starts, text = _start_times(line, number, reading)
        repeated |= len(starts) > 1
        if starts:
            words = _word_times(text, number, reading)
            found += [(start, number, _WORD_TIME.sub("", text).strip(), words) for start in starts]
        elif line.strip():
            _other(line, number, reading)
    if not repeated:
        for before, after in pairwise(found):
            if after[0] < before[0]:
                reading.error(Fault.UNSORTED, after[1], "it starts before the line before it")
    found.sort(key=lambda line: line[0])
    ends = [start for start, *_ in found[1:]] + [found[-1][0] + 1] if found else []
    for (start, number, text, words), end in zip(found, ends, strict=True):
        if text:
            caption = len(reading.captions) + 1
            reading.captions.append(ReadCaption(caption, number, start, end, text, words))
    if not (reading.captions or reading.findings):
        reading.error(Fault.SYNTAX, 1, "no captions")


def _start_times(line: str, number: int, reading: Reading) -> tuple[list[int], str]:
    """The times before a line, and what follows them."""
    starts, at = [], 0
    while match := _TIME_TAG.match(line, at):
        at = match.end()
        _check(match[1], number, reading)
        if (start := milliseconds(match[1])) is not None:
            starts.append(start)
    return starts, line[at:]


def _check(time: str, number: int, reading: Reading) -> None:
    if not _STRICT.fullmatch(time):
        reading.error(Fault.TIMES, number, f"{time[:20]}: times are written mm:ss.xx")
    elif time.index(":") > 2:
        reading.warn(Fault.TIMES, number, f"{time}: from 100 minutes on, players differ")


def _word_times(text: str, number: int, reading: Reading) -> tuple[int, ...]:
    times = []
    for match in _WORD_TIME.finditer(text):
        _check(match[1], number, reading)
        if (time := milliseconds(match[1])) is not None:
            times.append(time)
    return tuple(times)


def _other(line: str, number: int, reading: Reading) -> None:
    """A line without a time: a tag, or what should not be there."""
    tag = _ID_TAG.fullmatch(line)
    if tag is None:
        if _BROKEN_TAG.match(line):
            reading.error(Fault.TIMES, number, f"a time that cannot be read: {line.strip()[:40]}")
        else:
            reading.error(Fault.SYNTAX, number, "a line without a time")
    elif tag[1].lower() == "offset" and not _OFFSET.fullmatch(tag[2]):
        reading.error(Fault.SYNTAX, number, f"an offset is a number of milliseconds, not {tag[2].strip()[:20]}")
    elif tag[1].lower() == "la":
        reading.language = tag[2].strip() or None
