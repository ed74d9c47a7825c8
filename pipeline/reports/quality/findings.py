"""What a verification finds: kinds, severities, and findings in one order, worst first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An error breaks a limit; a warning is a place worth listening to."""

    ERROR = "error"
    WARNING = "warning"


class Group(StrEnum):
    """What is checked together: one JUnit test case per chapter and group."""

    FILES = "files"
    SYNC = "sync"
    JOINTS = "joints"
    TAKES = "takes"
    WORDS = "words"
    PACE = "pace"
    TRANSCRIPT = "transcript"


class Kind(StrEnum):
    """What can be found. The order is that of a report: what loses words first, what is a matter of taste last."""

    MISSING_FILE = "missing-file"
    UNREADABLE = "unreadable"
    SOUND_LOST = "sound-lost"
    SOUND_ADDED = "sound-added"
    OTHER_SOUND = "other-sound"
    WORDS_MISSING = "words-missing"
    WORD_SILENT = "word-silent"
    WORD_UNTIMED = "word-untimed"
    WORDS_REPEATED = "words-repeated"
    CLIPPING = "clipping"
    CLICK = "click"
    DRIFT = "drift"
    LENGTH = "length"
    DEAD_AIR = "dead-air"
    LEVEL = "level"
    TRUE_PEAK = "true-peak"
    NOISE_FLOOR = "noise-floor"
    DC_OFFSET = "dc-offset"
    FILE_LENGTH = "file-length"
    EDGE_SILENCE = "edge-silence"
    LEVEL_JUMP = "level-jump"
    VOICE_LEVEL = "voice-level"
    PACE = "pace"
    EXTRA_SOUND = "extra-sound"
    WORD_STRETCHED = "word-stretched"
    WORDS_OVERLAP = "words-overlap"
    LOW_SCORE = "low-score"
    PAUSE_MISSING = "pause-missing"
    PAUSE_LONG = "pause-long"
    CHAPTER_LEVEL = "chapter-level"
    ALTERED = "altered"


_GROUPS: dict[Group, tuple[Kind, ...]] = {
    Group.FILES: (
        *(Kind.MISSING_FILE, Kind.UNREADABLE, Kind.ALTERED, Kind.LEVEL, Kind.TRUE_PEAK, Kind.NOISE_FLOOR),
        *(Kind.DC_OFFSET, Kind.FILE_LENGTH, Kind.EDGE_SILENCE, Kind.CHAPTER_LEVEL),
    ),
    Group.SYNC: (Kind.SOUND_LOST, Kind.SOUND_ADDED, Kind.OTHER_SOUND, Kind.DRIFT, Kind.LENGTH),
    Group.JOINTS: (Kind.PAUSE_MISSING, Kind.PAUSE_LONG, Kind.LEVEL_JUMP),
    Group.TAKES: (Kind.CLIPPING, Kind.CLICK, Kind.DEAD_AIR, Kind.VOICE_LEVEL),
    Group.WORDS: (
        *(Kind.WORD_SILENT, Kind.WORD_UNTIMED, Kind.EXTRA_SOUND, Kind.WORD_STRETCHED, Kind.WORDS_OVERLAP),
        Kind.LOW_SCORE,
    ),
    Group.PACE: (Kind.PACE,),
    Group.TRANSCRIPT: (Kind.WORDS_MISSING, Kind.WORDS_REPEATED),
}
GROUP_OF = {kind: group for group, kinds in _GROUPS.items() for kind in kinds}
_RANK = {kind: rank for rank, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True)
class Blemish:
    """Something found, before its place in the book is known.

    ``seconds`` count from the start of what was listened to (a take, or a chapter); ``char`` is the offset in the
    segment's text that it is about. ``value`` and ``limit`` are in ``unit``; ``excess`` says how far beyond the limit
    it is, comparable within a kind.
    """

    kind: Kind
    severity: Severity
    seconds: float
    message: str
    value: float | None = None
    limit: float | None = None
    unit: str = ""
    excess: float = 0.0
    char: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something found, with its place: file, chapter, seconds in the chapter and in the book, segment, text around."""

    kind: Kind
    severity: Severity
    message: str
    chapter: str | None = None
    seconds: float | None = None
    book_seconds: float | None = None
    file: str | None = None
    segment: str | None = None
    key: str | None = None
    text: str = ""
    value: float | None = None
    limit: float | None = None
    unit: str = ""
    next_step: str = ""
    excess: float = 0.0

    @property
    def group(self) -> Group:
        """What it was checked with."""
        return Group.TAKES if self.kind is Kind.DC_OFFSET and self.key else GROUP_OF[self.kind]


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Errors before warnings, kinds in their order, the furthest beyond a limit first, then as the book goes."""

    def order(finding: Finding) -> tuple[bool, int, float, float, str, str]:
        at = -1.0 if finding.book_seconds is None else finding.book_seconds
        warning = finding.severity is Severity.WARNING
        return warning, _RANK[finding.kind], -finding.excess, at, finding.file or "", finding.message

    return sorted(findings, key=order)


def graded(value: float, warning: float, error: float) -> Severity | None:
    """The severity of a value by two limits, the error's being the higher; None where neither is passed."""
    if value > error:
        return Severity.ERROR
    return Severity.WARNING if value > warning else None
