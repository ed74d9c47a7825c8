"""What a run of ``narrate render`` came to, for a job's summary."""

from __future__ import annotations

from collections import Counter

from pipeline.reports.markdown import escaped
from pipeline.reports.outcome import Outcome


def run_summary_markdown(outcome: Outcome) -> str:
    """Takes, money and files of a run, and what ended it badly."""
    record = outcome.record
    rows = [
        ("engine", f"{record.engine}, {record.model} ({record.provider})"),
        ("takes", f"{record.takes_made:,} made, {record.takes_reused:,} reused, {record.segments_failed:,} failed"),
        ("chapters", f"{record.chapters_whole:,} of {record.chapters:,} whole"),
        ("audio", f"{record.audio_seconds / 60:,.1f} min"),
        ("charged", _charged(outcome)),
        ("took", f"{record.wall_seconds:,.0f} s"),
    ]
    lines = [f"### Narration: {escaped(outcome.project.title)}", "", "| | |", "|---|---|"]
    lines += [f"| {name} | {escaped(value)} |" for name, value in rows]
    lines.append("")
    files = Counter(file.kind for file in record.files)
    if files:
        lines += [
            "Files: " + ", ".join(f"{count:,} {escaped(kind)}" for kind, count in sorted(files.items())) + ".",
            "",
        ]
    if record.stale:
        lines += ["Older than the manuscript:", "", *(f"- {escaped(path)}" for path in record.stale), ""]
    if outcome.error is not None:
        lines += [f"**Ended with exit {outcome.error.exit_code}:** {escaped(outcome.error.message)}", ""]
        lines += [escaped(outcome.error.hint), ""] if outcome.error.hint else []
    return "\n".join(lines)


def _charged(outcome: Outcome) -> str:
    record = outcome.record
    known = f"{record.spent_cents.normalize():f} cents" if record.spent_cents else "nothing"
    if not record.unknown_charges:
        return known
    return f"{known} + {record.unknown_charges:,} unknown, at most {record.reserved_cents.normalize():f} cents"
