"""Times as people write them, right or wrong."""

from __future__ import annotations

import re

_TIME = re.compile(r"(?:(\d{1,6}):)?(\d{1,6}):(\d{1,6})(?:[,.:](\d{1,9}))?", re.ASCII)


def milliseconds(text: str) -> int | None:
    """A time with or without hours and fractions in milliseconds; None where it is none."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    hours, minutes, seconds, fraction = match.groups(default="0")
    return ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(fraction.ljust(3, "0")[:3])


def shown(time_ms: int) -> str:
    """``HH:MM:SS.mmm``."""
    seconds, rest = divmod(max(0, time_ms), 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"
