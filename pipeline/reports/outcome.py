"""What a run came to, for whoever called it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import NarrateError
from pipeline.project.models import Project
from pipeline.reports.run_record import RunRecord


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to; ``error`` is what ended it badly, after everything finished was kept and published."""

    project: Project
    out: Path
    record: RunRecord
    nothing_to_do: bool
    error: NarrateError | None

    def file_groups(self) -> list[tuple[str, int, int]]:
        """The outputs as (folder or file, number of files, bytes), as a summary shows them."""
        groups: dict[str, list[int]] = {}
        for file in self.record.files:
            folder, slash, _ = file.path.partition("/")
            groups.setdefault(f"{self.out / folder}{slash}", []).append(file.size_bytes)
        return [(name, len(sizes), sum(sizes)) for name, sizes in groups.items()]
