"""What is wrong in a caption file, and how bad it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is: an error breaks playing, a warning breaks a readability rule or a good habit."""

    ERROR = "error"
    WARNING = "warning"


class Fault(StrEnum):
    """What can be wrong, in the order of gravity."""

    ENCODING = "encoding"
    SYNTAX = "syntax"
    TIMES = "times"
    """A time that cannot be read or is not written as the format wants it."""
    DURATION = "duration"
    """A caption ends where it starts, or before."""
    UNSORTED = "unsorted"
    OVERLAP = "overlap"
    WORD_TIMES = "word_times"
    """Times within a caption that do not rise, or lie outside it."""
    TAGS = "tags"
    IDENTIFIER = "identifier"
    """Numbers that do not run on, identifiers that occur twice."""
    SETTINGS = "settings"
    STYLE = "style"
    EMPTY = "empty"
    GAP = "gap"
    BRIDGE = "bridge"
    LINES = "lines"
    LINE_LENGTH = "line_length"
    SHORT = "short"
    LONG = "long"
    SPEED = "speed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong in ``line`` (from 1). ``caption`` counts from 1 in the order of the file.

    ``found`` and ``limit``: milliseconds for times, lines, characters, characters per second or words per minute, as
    ``fault`` says; None where there is nothing to measure.
    """

    fault: Fault
    level: Level
    line: int
    message: str
    caption: int | None = None
    start_ms: int | None = None
    found: float | None = None
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class ReadCaption:
    """A caption as it was read: ``text`` as shown, without tags, a line feed between lines.

    ``word_ms``: the times within it. ``placed``: it stands somewhere of its own, so that others may be shown with it.
    ``track``: captions of different tracks (layers and styles) may be shown together.
    """

    number: int
    line: int
    start_ms: int
    end_ms: int
    text: str
    word_ms: tuple[int, ...] = ()
    voice: str | None = None
    placed: bool = False
    track: str = ""


@dataclass(slots=True)
class Reading:
    """What a reader made of a file, collected while it reads. ``language`` is the file's own word, where it has one."""

    captions: list[ReadCaption] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    language: str | None = None

    def error(self, fault: Fault, line: int, message: str, *, at: int | None = None) -> None:
        """Note an error in ``line``, in caption number ``at``."""
        self.findings.append(Finding(fault, Level.ERROR, line, message, at))

    def warn(self, fault: Fault, line: int, message: str, *, at: int | None = None) -> None:
        """Note a warning."""
        self.findings.append(Finding(fault, Level.WARNING, line, message, at))
