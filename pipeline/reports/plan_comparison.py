"""Two plans compared, for machines and for the summary of a pull request."""

from __future__ import annotations

import orjson

from pipeline.render.comparing import Change, PlanComparison, SegmentChange
from pipeline.render.pace import Estimate
from pipeline.render.word_diff import word_diff
from pipeline.reports.ci.dictionary_effects import dictionary_markdown
from pipeline.reports.estimates import counted, shown_cost, shown_range
from pipeline.reports.markdown import escaped
from pipeline.reports.plan_json import PLAN_SCHEMA, estimate_json

MOST_ROWS = 50
"""Segments in a Markdown table: a summary is read by people and has a limit of size."""


def comparison_json(comparison: PlanComparison) -> bytes:
    """``plan --against --json``: totals, chapters that change, and one row per difference in reading order."""
    stored = sum(not planned.lacking for planned in comparison.to_make)
    document = {
        "schema": PLAN_SCHEMA,
        "engine": comparison.plan.engine,
        "provider": comparison.plan.provider,
        "model": comparison.plan.model,
        "against": {"name": comparison.against, "commit": comparison.commit, "existed": comparison.existed},
        "totals": {
            "segments": sum(1 for _ in comparison.plan.segments()),
            **{str(change): comparison.count(change) for change in (Change.ADDED, Change.CHANGED, Change.REMOVED)},
            "to_make": len(comparison.to_make) - stored,
            "stored": stored,
            "characters_to_make": sum(len(planned.segment.text) for planned in comparison.to_make if planned.lacking),
            "characters_removed": comparison.characters_removed,
            **estimate_json(comparison.estimate),
        },
        "manifest": list(comparison.manifest),
        "chapters": [
            {"slug": chapter.slug, "title": chapter.title, "change": str(chapter.change)}
            for chapter in comparison.chapters
            if chapter.change is not Change.UNCHANGED
        ],
        "segments": [_row(segment) for segment in comparison.segments()],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _row(segment: SegmentChange) -> dict[str, object]:
    planned, now, before = segment.planned, segment.now, segment.before
    return {
        "change": str(segment.change),
        "key": planned.key,
        "chapter": planned.segment.chapter,
        "index": planned.segment.index,
        "voice": planned.segment.voice,
        "why": segment.why,
        "characters": len(planned.segment.text),
        "state": None if now is None else now.state.value,
        "text": None if now is None else now.segment.text,
        "text_before": None if before is None else before.segment.text,
    }


def comparison_summary(comparison: PlanComparison) -> str:
    """One line: how many takes, why, how much audio and money."""
    new = "" if comparison.existed else f"{comparison.against} has no such project: everything is new. "
    if not comparison.to_make:
        gone = comparison.count(Change.REMOVED)
        return f"{new}no take has to be made" + (f"; {counted(gone, 'segment')} gone" if gone else "")
    counts = [
        f"{comparison.count(change):,} {change}"
        for change in (Change.CHANGED, Change.ADDED, Change.REMOVED)
        if comparison.count(change)
    ]
    missing = sum(planned.lacking for planned in comparison.to_make)
    stored = len(comparison.to_make) - missing
    line = f"{new}{counted(missing, 'take')} to be made ({', '.join(counts)}"
    line += f"; {stored:,} of them are stored already)" if stored else ")"
    return line if not missing else f"{line}: {_price(comparison.estimate)}"


def _price(estimate: Estimate) -> str:
    return f"{shown_range(estimate)} of audio, {shown_cost(estimate)}; by {estimate.basis}"


def comparison_markdown(comparison: PlanComparison) -> str:
    """The comparison as GitHub's Markdown. Everything of the manuscript is escaped: it cannot write a summary."""
    at = f" ({comparison.commit[:10]})" if comparison.commit else ""
    lines = [
        f"### Narration against {escaped(comparison.against)}{at}",
        "",
        f"{escaped(_sentence(comparison_summary(comparison)))}",
        "",
    ]
    lines += dictionary_markdown(comparison)
    changed = [chapter for chapter in comparison.chapters if chapter.change is not Change.UNCHANGED]
    if changed:
        lines += ["| chapter | | segments |", "|---|---|---:|"]
        lines += [f"| {escaped(chapter.title)} | {chapter.change} | {len(chapter.segments):,} |" for chapter in changed]
        lines.append("")
    rows = list(comparison.segments())
    if rows:
        lines += ["| segment | why | characters | text |", "|---|---|---:|---|"]
        lines += [_markdown_row(row) for row in rows[:MOST_ROWS]]
        lines.append("")
        if len(rows) > MOST_ROWS:
            lines += [f"… and {len(rows) - MOST_ROWS:,} more.", ""]
    if comparison.manifest:
        lines += ["Settings that changed:", "", *(f"- {escaped(change)}" for change in comparison.manifest), ""]
    return "\n".join(lines)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."


def _markdown_row(row: SegmentChange) -> str:
    segment = row.planned.segment
    place = escaped(f"{segment.chapter}:{segment.index}")
    return f"| {place} | {escaped(row.why)} | {len(segment.text):,} | {_markdown_text(row)} |"


def _markdown_text(row: SegmentChange) -> str:
    def mark(gone: str, new: str) -> str:
        return " ".join([*([f"\x02{gone}\x03"] if gone else []), *([f"\x04{new}\x05"] if new else [])])

    before = row.before.segment.text if row.before else ""
    now = row.now.segment.text if row.now else ""
    shown = escaped(word_diff(before, now, mark=mark))
    for sign, written in (("\x02", "~~"), ("\x03", "~~"), ("\x04", "**"), ("\x05", "**")):
        shown = shown.replace(sign, written)
    return shown
