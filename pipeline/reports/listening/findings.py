"""What `narrate verify` found (``verify.json``), as the page shows it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

VERIFY_FILE = "verify.json"


class Finding(BaseModel):
    """A place worth listening to. ``seconds`` count from the start of the chapter; None: all of it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: str
    severity: str
    chapter: str | None = None
    seconds: float | None = None
    message: str = ""
    text: str | None = None


class _Report(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    findings: tuple[Finding, ...]
    timeline_sha256: str | None = None


def read_findings(out: Path, *, current: bool = False) -> tuple[Finding, ...] | None:
    """The findings in ``out``; None where there are none of this timeline, or nothing that can be read.

    A report tells by the digest of ``timeline.json`` what it was made of; one without counts only where the caller
    knows it to be ``current``.
    """
    try:
        report = _Report.model_validate_json((out / VERIFY_FILE).read_bytes())
        digest = hashlib.sha256((out / "timeline.json").read_bytes()).hexdigest()
    except (FileNotFoundError, ValidationError):
        return None
    return report.findings if current or report.timeline_sha256 == digest else None


def findings_data(findings: tuple[Finding, ...] | None, chapters: Mapping[str, int]) -> list[list[Any]] | None:
    """Rows of chapter (its index among the page's, or null), seconds, severity, kind, message and text."""
    if findings is None:
        return None
    return [
        [
            chapters.get(found.chapter or ""),
            None if found.seconds is None else round(found.seconds, 2),
            found.severity,
            found.kind,
            found.message,
            found.text,
        ]
        for found in findings
    ]
