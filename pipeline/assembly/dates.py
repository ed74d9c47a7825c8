"""The only times that are written into outputs: SOURCE_DATE_EPOCH's, and the book's own date. Never the clock's."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from pipeline.errors import UsageError

_EARLIEST = 315_532_800
_LATEST = 4_354_819_198
"""ZIP counts from 1980 to 2107."""


def archive_time() -> tuple[int, int, int, int, int, int]:
    """The time of entries in archives: SOURCE_DATE_EPOCH's (reproducible-builds.org), else the first of 1980, UTC.

    Raises UsageError where the variable holds no whole number of seconds.
    """
    at = datetime.fromtimestamp(max(_given() or 0, _EARLIEST), UTC)
    return at.year, at.month, at.day, at.hour, at.minute, at.second


def modified_time() -> str | None:
    """SOURCE_DATE_EPOCH's time as ``YYYY-MM-DDThh:mm:ssZ``; None where it is not set. Raises UsageError as above."""
    seconds = _given()
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _given() -> int | None:
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if given and not (given.isascii() and given.isdecimal()):
        raise UsageError(
            f"SOURCE_DATE_EPOCH is {given!r}; expected a whole number of seconds since 1970",
            hint="set it to the output of `git log -1 --format=%ct`, or unset it",
        )
    return min(int(given), _LATEST) if given else None
