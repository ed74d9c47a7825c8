"""``build/verify.json``: the last verification of a whole book, kept beside what it is about and shown on its page."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pipeline.reports.listening.findings import VERIFY_FILE
from pipeline.reports.listening.page_file import show_findings
from pipeline.reports.quality.report_json import report_json
from pipeline.reports.quality.verifying import Verification
from pipeline.store.files import write_atomically


def write_report(out: Path, report: Verification) -> None:
    """Write the report into the outputs, and its findings into the page to listen on; nothing where the book is not
    whole, and has no timeline. Raises StorageError."""
    timeline = out / "timeline.json"
    if timeline.exists():
        digest = hashlib.sha256(timeline.read_bytes()).hexdigest()
        write_atomically(out / VERIFY_FILE, report_json(report, timeline_sha256=digest))
        show_findings(out)
