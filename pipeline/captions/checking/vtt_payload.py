"""What stands in a WebVTT cue: text, tags that nest, character references, times (WebVTT, section 3.4)."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from pipeline.captions.checking.clocks import milliseconds
from pipeline.captions.checking.findings import Fault, Reading

_TOKEN = re.compile(r"<([^<>]*)>?|([^<]+)")
_TAG = re.compile(r"(/?)(b|i|u|c|v|lang|ruby|rt)((?:\.[^\s.<>]+)*)(?:[ \t\n]+([^<>]*))?")
_TIME = re.compile(r"(?:\d{2,}:)?[0-5]\d:[0-5]\d\.\d{3}", re.ASCII)
_REFERENCE = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]{1,31};|#\d{1,7};|#[xX][0-9A-Fa-f]{1,6};)", re.ASCII)
_CLOSED_BY_END = frozenset({"v", "lang", "rt"})


@dataclass(frozen=True, slots=True)
class Payload:
    """A cue's text as shown, the times in it, and its first voice."""

    text: str
    word_ms: tuple[int, ...]
    voice: str | None


@dataclass(slots=True)
class _State:
    """How far reading has come."""

    text: list[str]
    open: list[str]
    times: list[int]
    voice: str | None = None


def read_payload(raw: str, line: int, caption: int, reading: Reading) -> Payload:
    """Read the text of a cue that begins in ``line``."""
    state = _State([], [], [])
    at, seen = line, 0
    for token in _TOKEN.finditer(raw):
        at += raw.count("\n", seen, token.start())
        seen = token.start()
        if token[2] is not None:
            _text(token[2], at, caption, state, reading)
        elif not token[0].endswith(">"):
            reading.error(Fault.TAGS, at, f"a tag that does not end: {token[0][:30]}", at=caption)
        else:
            _tag(token[1], at, caption, state, reading)
    unclosed = [name for name in state.open if name not in _CLOSED_BY_END]
    if unclosed:
        reading.error(Fault.TAGS, line, f"<{unclosed[-1]}> is not closed", at=caption)
    return Payload("".join(state.text), tuple(state.times), state.voice)


def _text(text: str, line: int, caption: int, state: _State, reading: Reading) -> None:
    if text.count("&") > len(_REFERENCE.findall(text)):
        reading.warn(Fault.TAGS, line, "& stands for itself only as &amp;", at=caption)
    if ">" in text:
        reading.warn(Fault.TAGS, line, "> without a tag; write &gt;", at=caption)
    state.text.append(html.unescape(text) if "&" in text else text)


def _tag(inside: str, line: int, caption: int, state: _State, reading: Reading) -> None:
    if inside[:1].isdigit():
        time = milliseconds(inside)
        if time is None or not _TIME.fullmatch(inside):
            reading.error(Fault.WORD_TIMES, line, f"<{inside[:20]}> is no time", at=caption)
        if time is not None:
            state.times.append(time)
        return
    tag = _TAG.fullmatch(inside)
    if tag is None:
        reading.warn(Fault.TAGS, line, f"<{inside[:30]}> is no tag of WebVTT", at=caption)
    elif tag[1]:
        _close(tag[2], line, caption, state, reading)
    else:
        state.open.append(tag[2])
        if tag[2] == "v":
            name = html.unescape(tag[4] or "").strip()
            state.voice = state.voice or name or None
            if not name:
                reading.error(Fault.TAGS, line, "<v> without a name", at=caption)


def _close(name: str, line: int, caption: int, state: _State, reading: Reading) -> None:
    if name == "ruby" and state.open[-1:] == ["rt"]:
        state.open.pop()
    if state.open[-1:] == [name]:
        state.open.pop()
    else:
        reading.error(Fault.TAGS, line, f"</{name}> closes nothing that is open last", at=caption)
