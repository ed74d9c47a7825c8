"""Whether an output still is what was written: somebody else may have written to it since."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pipeline.reports.quality.findings import Blemish, Kind, Severity
from pipeline.reports.run_record import FileRecord


def altered(path: Path, record: FileRecord) -> Blemish | None:
    """What tells that a file is not the one on record, by its size or by its digest; None where it is.

    Raises OSError where it cannot be read.
    """
    size = path.stat().st_size
    if size != record.size_bytes:
        message = f"{size} bytes, written with {record.size_bytes}"
        return Blemish(Kind.ALTERED, Severity.WARNING, 0.0, message)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest == record.sha256:
        return None
    return Blemish(Kind.ALTERED, Severity.WARNING, 0.0, "not the bytes that were written (SHA-256)")
