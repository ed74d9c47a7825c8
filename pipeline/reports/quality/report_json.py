"""A verification for machines (docs/formats.md, "`narrate verify --json`")."""

from __future__ import annotations

import orjson

from pipeline.reports.quality.findings import Finding, Severity
from pipeline.reports.quality.verifying import Verification

QUALITY_SCHEMA = 1


def report_json(report: Verification, *, timeline_sha256: str | None = None) -> bytes:
    """The report as indented JSON with a line feed; the digest tells which ``timeline.json`` it is about."""
    document = {
        "schema": QUALITY_SCHEMA,
        "title": report.title,
        "profile": report.profile,
        "chapters": report.chapters,
        "takes": report.takes,
        "seconds": round(report.seconds, 3),
        "errors": report.count(Severity.ERROR),
        "warnings": report.count(Severity.WARNING),
        "counts": report.counts(),
        "files": [
            {
                "path": file.path,
                "kind": file.kind,
                "chapter": file.chapter,
                "seconds": file.sound.seconds,
                "loudness_lufs": file.sound.loudness_lufs,
                "rms_db": file.sound.rms_db,
                "true_peak_dbtp": file.sound.true_peak_dbtp,
                "noise_floor_db": file.sound.noise_floor_db,
            }
            for file in report.files
        ],
        "findings": [finding_shape(finding) for finding in report.findings],
        "skipped": report.skipped,
        "timeline_sha256": timeline_sha256,
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def finding_shape(finding: Finding) -> dict[str, object]:
    """One finding as published."""
    return {
        "kind": finding.kind,
        "severity": finding.severity,
        "group": finding.group,
        "chapter": finding.chapter,
        "seconds": finding.seconds,
        "book_seconds": finding.book_seconds,
        "file": finding.file,
        "segment": finding.segment,
        "key": finding.key,
        "text": finding.text,
        "message": finding.message,
        "value": finding.value,
        "limit": finding.limit,
        "unit": finding.unit,
        "next_step": finding.next_step,
    }
