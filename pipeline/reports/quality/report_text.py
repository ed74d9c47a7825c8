"""A verification for people, one finding in three lines."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.reports.quality.findings import Finding, Severity
from pipeline.reports.quality.verifying import Verification

MOST_SHOWN = 50


def report_lines(report: Verification) -> Iterator[str]:
    """The findings, worst first, then what was listened to and what it comes to."""
    for finding in report.findings[:MOST_SHOWN]:
        yield from _finding_lines(finding)
    if len(report.findings) > MOST_SHOWN:
        yield f"… and {len(report.findings) - MOST_SHOWN} more; --json lists all"
    for why in report.skipped:
        yield f"not listened to: {why}"
    errors, warnings = report.count(Severity.ERROR), report.count(Severity.WARNING)
    counts = ", ".join(f"{kind} {count}" for kind, count in report.counts().items())
    yield (
        f"{report.title}: {len(report.chapters)} chapters, {report.takes} takes ({clock(report.seconds)}), "
        f"{len(report.files)} files; profile {report.profile}: {errors} errors, {warnings} warnings"
        f"{f' ({counts})' if counts else ''}"
    )


def _finding_lines(finding: Finding) -> Iterator[str]:
    place = finding.segment if finding.file is None else finding.file
    at = "" if finding.seconds is None else f" at {clock(finding.seconds)}"
    chapter = f" of {finding.chapter}" if finding.chapter and finding.seconds is not None else ""
    book = "" if finding.book_seconds is None else f" ({clock(finding.book_seconds)} in the book)"
    yield f"{finding.severity}: {finding.kind}: {place}{at}{chapter}{book}: {finding.message}"
    if finding.text:
        yield f"    “{finding.text}”"
    yield f"    {finding.next_step}"


def clock(seconds: float) -> str:
    """Seconds as a player shows them, with tenths: ``1:02:03.4``."""
    tenths = round(seconds * 10)
    whole, tenth = divmod(tenths, 10)
    hours, minutes = whole // 3600, whole % 3600 // 60
    return f"{f'{hours}:' if hours else ''}{minutes:0{2 if hours else 1}d}:{whole % 60:02d}.{tenth}"
