"""Ledgers as files, for what reports on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from pipeline.reports.costs.periods import Period
from pipeline.reports.costs.report import CostReport, cost_report
from pipeline.reports.costs.sources import Source

Entry = dict[str, Any]


def entry(attempt: str, event: str = "ended", **changes: Any) -> Entry:
    """One ledger line, as the renderer writes it."""
    ended = {"outcome": "stored", "audio_seconds": 12.5, "cost_cents": "1.458333", "request_id": f"req-{attempt}"}
    return {
        "schema": 1, "at": "2026-11-23T09:30:00.000Z", "run": "run-1", "event": event, "attempt": attempt,
        "key": f"key-{attempt}", "chapter": "one", "index": 0, "engine": "kugelaudio", "provider": "kugelaudio",
        "account": "a1", "model": "kugel-3", "voice": "narrator", "number": 1, "outcome": None, "error_code": None,
        "request_id": None, "characters": 150, "audio_seconds": None, "reserved_cents": "3.5", "cost_cents": None,
        "rate": "7.0", "because": "new", "revision": "abc123", **(ended if event == "ended" else {}), **changes,
    }  # fmt: skip


def both(attempt: str, **changes: Any) -> list[Entry]:
    """The two lines of an attempt; what only an end knows stands in the second."""
    ends = ("outcome", "cost_cents", "audio_seconds", "request_id", "error_code")
    shared = {name: value for name, value in changes.items() if name not in ends}
    return [entry(attempt, "started", **shared), entry(attempt, **changes)]


def write_ledger(path: Path, *lines: Entry | bytes) -> Path:
    """Write lines, objects or raw bytes, to a ``.jsonl`` file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join((each if isinstance(each, bytes) else orjson.dumps(each)) + b"\n" for each in lines))
    return path


def report_on(*files: Path, by: tuple[str, ...] = ("chapter",), period: Period | None = None) -> CostReport:
    """The report on ledger files of one project."""
    return cost_report([Source("book", path) for path in files], [by], period or Period())
