"""Days, months and time zones: where a report's period begins and ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pipeline.errors import UsageError
from pipeline.project.wording import did_you_mean


@dataclass(frozen=True, slots=True)
class Period:
    """Half-open: from ``since`` to before ``until``; None is open. Days and months are those of ``zone``."""

    zone: tzinfo = UTC
    zone_name: str = "UTC"
    since: datetime | None = None
    until: datetime | None = None

    def __contains__(self, at: datetime) -> bool:
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


def read_period(zone: str, since: str | None, until: str | None) -> Period:
    """The period that the command line names. A day or a month as ``until`` is included whole. Raises UsageError."""
    place = read_zone(zone)
    first = None if since is None else _bound("--since", since, place, end=False)
    last = None if until is None else _bound("--until", until, place, end=True)
    if first and last and first >= last:
        raise UsageError(f"the period from {since} until {until} is empty", hint="--since goes before --until")
    return Period(place, zone, first, last)


def read_zone(name: str) -> tzinfo:
    """The time zone of an IANA name; ``local`` is this machine's. Raises UsageError."""
    if name.upper() in ("UTC", "Z"):
        return UTC
    if name == "local":
        return _MachineZone()
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        known = available_timezones()
        if not known:
            hint = "this machine has no time zone database: `pip install tzdata`, or use --tz UTC"
        else:
            hint = did_you_mean(name, known) or "use an IANA name such as Europe/Berlin, UTC, or local"
        raise UsageError(f"there is no time zone '{name}'", hint=hint) from error


class _MachineZone(tzinfo):
    """The zone of this machine at each moment (summer time included), as the C library knows it."""

    def utcoffset(self, when: datetime | None) -> timedelta | None:
        return None if when is None else when.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, when: datetime | None) -> timedelta | None:  # noqa: ARG002 - the interface's
        return None

    def tzname(self, when: datetime | None) -> str | None:
        return None if when is None else when.replace(tzinfo=None).astimezone().tzname()

    def fromutc(self, when: datetime) -> datetime:
        return when.replace(tzinfo=UTC).astimezone().replace(tzinfo=self)


def _bound(option: str, text: str, zone: tzinfo, *, end: bool) -> datetime:
    try:
        if len(text) == 7:
            first = date.fromisoformat(f"{text}-01")
            day = (first + timedelta(days=31)).replace(day=1) if end else first
        elif len(text) == 10:
            day = date.fromisoformat(text) + timedelta(days=int(end))
        else:
            moment = datetime.fromisoformat(text)
            return _told_everywhere(moment.replace(tzinfo=zone) if moment.tzinfo is None else moment)
        return _told_everywhere(datetime.combine(day, time(), zone))
    except (ValueError, OverflowError):
        hint = "such as 2026-11, 2026-11-23 or 2026-11-23T09:30"
        raise UsageError(f"{option} {text}: no month, day or time", hint=hint) from None


def _told_everywhere(moment: datetime) -> datetime:
    """The moment, which UTC can tell too. Raises OverflowError, ValueError for one at the calendar's ends."""
    moment.astimezone(UTC)
    return moment
