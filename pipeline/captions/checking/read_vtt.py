"""WebVTT block by block (W3C, "WebVTT", sections 3.1 and 6.1), lenient where a player is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.captions.checking.clocks import milliseconds
from pipeline.captions.checking.findings import Fault, ReadCaption, Reading
from pipeline.captions.checking.vtt_payload import read_payload

_HEADER = re.compile(r"WEBVTT(?:[ \t].*)?")
_STRICT_TIME = re.compile(r"(?:\d{2,}:)?[0-5]\d:[0-5]\d\.\d{3}", re.ASCII)
_TIMES = re.compile(r"\s*(\S+)\s*-->\s*(\S+)(.*)")
_SPACED = re.compile(r"[ \t]*\S+[ \t]+-->[ \t]+\S+(?:[ \t].*)?")
_PERCENT = r"(?:100(?:\.0+)?|\d{1,2}(?:\.\d+)?)%"
_SETTINGS = {
    "vertical": re.compile(r"rl|lr"),
    "line": re.compile(rf"(?:{_PERCENT}|-?\d+)(?:,(?:start|center|end))?", re.ASCII),
    "position": re.compile(rf"{_PERCENT}(?:,(?:line-left|center|line-right))?", re.ASCII),
    "size": re.compile(_PERCENT, re.ASCII),
    "align": re.compile(r"start|center|end|left|right"),
    "region": re.compile(r"\S+"),
}
_PLACING = frozenset({"vertical", "line", "position", "region"})


def read_vtt(lines: Sequence[str], reading: Reading) -> None:
    """Read cues and note what the specification does not allow."""
    if not _HEADER.fullmatch(lines[0]):
        reading.error(Fault.SYNTAX, 1, "a WebVTT file begins with WEBVTT")
    elif len(lines) > 1 and lines[1].strip() and "-->" in lines[1]:
        reading.error(Fault.SYNTAX, 2, "no blank line after WEBVTT")
    known: set[str] = set()
    start = 1 if _HEADER.fullmatch(lines[0]) else 0
    for first, block in _blocks(lines, start):
        if first > 0 or start == 0 or any("-->" in line for line in block):
            _block(block, first, known, reading)
    if not (reading.captions or reading.findings):
        reading.warn(Fault.SYNTAX, 1, "no captions")


def _blocks(lines: Sequence[str], start: int) -> Iterator[tuple[int, list[str]]]:
    """Blocks between blank lines, each with the index of its first line; the header's own lines are none."""
    at = start
    while at == 1 and at < len(lines) and lines[at] and "-->" not in lines[at]:
        at += 1
        start = at
    block: list[str] = []
    for row in range(start, len(lines) + 1):
        if row < len(lines) and lines[row].strip(" \t\f"):
            block.append(lines[row])
        elif block:
            yield row - len(block), block
            block = []


def _block(block: list[str], first: int, known: set[str], reading: Reading) -> None:
    """A note, a style, a region, or cues; a second time line in a block starts a cue of its own."""
    heads = [row for row, line in enumerate(block) if "-->" in line]
    if not heads:
        _without_times(block, first, reading)
        return
    if heads[0] > 1:
        reading.error(Fault.SYNTAX, first + 1, "an identifier is one line", at=len(reading.captions) + 1)
    elif heads[0] == 1:
        _identify(block[0].strip(), first + 1, known, reading)
    for at, row in enumerate(heads):
        end = heads[at + 1] if at + 1 < len(heads) else len(block)
        if at:
            reading.error(Fault.SYNTAX, first + row + 1, "--> within a cue, or no blank line before it")
        _cue(block[row], block[row + 1 : end], first + row + 1, reading)


def _without_times(block: list[str], first: int, reading: Reading) -> None:
    words = block[0].split()
    if words[:1] == ["NOTE"]:
        return
    if words in (["STYLE"], ["REGION"]):
        if reading.captions:
            reading.error(Fault.SYNTAX, first + 1, f"{words[0]} after the first cue is passed over")
    else:
        reading.error(Fault.SYNTAX, first + 1, "a block without times is passed over")


def _identify(identifier: str, line: int, known: set[str], reading: Reading) -> None:
    if identifier in known:
        reading.error(Fault.IDENTIFIER, line, f"the identifier {identifier[:40]} occurs twice")
    known.add(identifier)


def _cue(times: str, body: list[str], line: int, reading: Reading) -> None:
    caption = len(reading.captions) + 1
    match = _TIMES.fullmatch(times)
    start, end = (milliseconds(match[1]), milliseconds(match[2])) if match else (None, None)
    if match is None or start is None or end is None:
        reading.error(Fault.TIMES, line, f"times that cannot be read: {times.strip()[:60]}", at=caption)
        return
    if not (_STRICT_TIME.fullmatch(match[1]) and _STRICT_TIME.fullmatch(match[2]) and _SPACED.fullmatch(times)):
        reading.error(Fault.TIMES, line, "times are written HH:MM:SS.mmm --> HH:MM:SS.mmm", at=caption)
    placed = _settings(match[3], line, caption, reading)
    payload = read_payload("\n".join(body), line + 1, caption, reading)
    _check_word_times(payload.word_ms, start, end, line, caption, reading)
    reading.captions.append(
        ReadCaption(caption, line, start, end, payload.text, payload.word_ms, payload.voice, placed)
    )


def _settings(text: str, line: int, caption: int, reading: Reading) -> bool:
    """Check a cue's settings; whether they place it."""
    placed = False
    for setting in text.split():
        name, _, value = setting.partition(":")
        if name not in _SETTINGS or not _SETTINGS[name].fullmatch(value):
            reading.warn(Fault.SETTINGS, line, f"the setting {setting[:40]} is passed over", at=caption)
        placed |= name in _PLACING
    return placed


def _check_word_times(times: tuple[int, ...], start: int, end: int, line: int, caption: int, reading: Reading) -> None:
    """Timestamps in a cue rise strictly and lie inside it (WebVTT, section 3.3)."""
    before = start
    for time in times:
        if not before < time < end:
            where = "after the cue's end" if time >= end else "not after the time before it"
            reading.error(Fault.WORD_TIMES, line, f"a time within the cue is {where}", at=caption)
            return
        before = time
