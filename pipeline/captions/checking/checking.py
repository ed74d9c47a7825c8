"""Checking a caption file: read it leniently, judge its times and text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from pipeline.captions.checking.decoding import lines_of
from pipeline.captions.checking.findings import Fault, Finding, Level, ReadCaption, Reading
from pipeline.captions.checking.judging import order_findings, rule_findings
from pipeline.captions.checking.read_ass import read_ass
from pipeline.captions.checking.read_lrc import read_lrc
from pipeline.captions.checking.read_srt import read_srt
from pipeline.captions.checking.read_vtt import read_vtt
from pipeline.captions.rules import CaptionRules


@dataclass(frozen=True, slots=True)
class _Format:
    """How a format is read; how finely its clock counts; whether captions may be shown together."""

    read: Callable[[Sequence[str], Reading], None]
    resolution_ms: int
    tracks: bool = False


_FORMATS: Mapping[str, _Format] = MappingProxyType(
    {
        "srt": _Format(read_srt, 1),
        "vtt": _Format(read_vtt, 1),
        "lrc": _Format(read_lrc, 10),
        "ass": _Format(read_ass, 10, tracks=True),
    }
)
_ENDINGS = MappingProxyType({"srt": "srt", "vtt": "vtt", "webvtt": "vtt", "lrc": "lrc", "ass": "ass", "ssa": "ass"})
_SIGNS = (
    ("vtt", re.compile(rb"\A(?:\xef\xbb\xbf)?WEBVTT\b")),
    ("ass", re.compile(rb"^\s*\[(?:Script Info|Events)\]", re.IGNORECASE | re.MULTILINE)),
    ("srt", re.compile(rb"\d\s*-->\s*\d")),
    ("lrc", re.compile(rb"^\s*\[\d+:\d+", re.MULTILINE)),
)


@dataclass(frozen=True, slots=True)
class CheckedCaptions:
    """What a check came to. ``format`` is None where the file is none of those known; findings by line."""

    format: str | None
    language: str
    captions: tuple[ReadCaption, ...]
    findings: tuple[Finding, ...]

    def count(self, level: Level) -> int:
        """How many findings are of this level."""
        return sum(finding.level is level for finding in self.findings)

    def counts(self) -> dict[str, int]:
        """How many findings there are of each fault that occurs."""
        found = Counter(finding.fault for finding in self.findings)
        return {fault.value: found[fault] for fault in Fault if found[fault]}


def check_captions(data: bytes, ending: str, rules: CaptionRules, language: str | None) -> CheckedCaptions:
    """Check a caption file of any origin; any bytes give findings, none an exception.

    ``ending``: that of the file's name, without the dot; the content decides where it is not one of a caption format.
    ``language`` (BCP 47) None: what the file says, else English. Lines of LRC have no ends, so that only their times
    and syntax are judged.
    """
    reading = Reading()
    name = _ENDINGS.get(ending.lower()) or next((name for name, sign in _SIGNS if sign.search(data)), None)
    if name is None:
        reading.error(Fault.SYNTAX, 1, "neither SRT, WebVTT, ASS nor LRC")
        return CheckedCaptions(None, language or "en", (), tuple(reading.findings))
    known = _FORMATS[name]
    known.read(lines_of(data, reading), reading)
    spoken = language or reading.language or "en"
    findings = [*reading.findings]
    if name == "lrc":
        findings += _lrc_word_times(reading.captions)
    else:
        findings += order_findings(reading.captions, tracks=known.tracks)
        findings += rule_findings(reading.captions, rules, spoken, known.resolution_ms)
    findings.sort(key=lambda finding: finding.line)
    return CheckedCaptions(name, spoken, tuple(reading.captions), tuple(findings))


def _lrc_word_times(captions: Sequence[ReadCaption]) -> list[Finding]:
    """Words that do not follow one another, or begin before their line."""
    return [
        Finding(
            Fault.WORD_TIMES,
            Level.ERROR,
            caption.line,
            "the times of its words do not rise from the line's on",
            caption.number,
            caption.start_ms,
        )
        for caption in captions
        if list(caption.word_ms) != sorted(caption.word_ms) or min(caption.word_ms, default=1 << 60) < caption.start_ms
    ]
