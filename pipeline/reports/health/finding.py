"""One thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How things stand."""

    OK = "ok"
    WARN = "warn"
    """A render works, but not as well or as safely as it could."""
    FAIL = "fail"
    """A render would end badly."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at (``area`` and ``name``), how it stands, what was seen, and the next step where one is due."""

    area: str
    name: str
    level: Level
    message: str
    next_step: str = ""


def ok(area: str, name: str, message: str, next_step: str = "") -> Finding:
    """All is well; a next step is what one might wish for besides."""
    return Finding(area, name, Level.OK, message, next_step)


def warn(area: str, name: str, message: str, next_step: str) -> Finding:
    """It works, but."""
    return Finding(area, name, Level.WARN, message, next_step)


def fail(area: str, name: str, message: str, next_step: str) -> Finding:
    """It does not work."""
    return Finding(area, name, Level.FAIL, message, next_step)
