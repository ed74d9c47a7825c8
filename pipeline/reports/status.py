"""What is stored, what is missing, and which outputs are current."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.assembly.parts import delivered_chapters
from pipeline.assembly.wanted import wanted_files
from pipeline.project.models import Project
from pipeline.render.plan import Plan
from pipeline.reports.run_record import is_current, read_run_record
from pipeline.store.layout import Layout
from pipeline.store.ledger import read_ledger


@dataclass(frozen=True, slots=True)
class Status:
    """A project's state. ``current`` and ``due`` hold how many outputs each chapter (None: the book) has of each."""

    project: Project
    plan: Plan
    current: Counter[str | None]
    due: Counter[str | None]
    runs: int
    attempts: int

    def outputs_of(self, chapter: str | None) -> str:
        """The outputs of a chapter, or of the book, in a phrase."""
        current, due = self.current[chapter], self.due[chapter]
        if not current and not due:
            return "not whole"
        return "outputs current" if not due else f"{due} of {current + due} outputs to be made"


def project_status(project: Project, plan: Plan, layout: Layout, out: Path) -> Status:
    """Compare the outputs in ``out`` with what the plan's stored takes would give."""
    record = read_run_record(out)
    known = {file.path: file for file in record.files} if record else {}
    chapters = delivered_chapters(project, plan.chapters)
    parts_of = {chapter.script.slug: chapter.segments[0].segment.chapter for chapter in chapters if chapter.segments}
    wanted = [
        replace(want, chapter=parts_of.get(want.chapter or "", want.chapter))
        for want in wanted_files(project, chapters, partial=False)
    ]
    fresh = {want.path for want in wanted if is_current(known.get(want.path), out, want.inputs)}
    lines = [line for line in read_ledger(layout.ledgers) if line.event == "started"]
    return Status(
        project=project,
        plan=plan,
        current=_count(want.chapter for want in wanted if want.path in fresh),
        due=_count(want.chapter for want in wanted if want.path not in fresh),
        runs=len({line.run for line in lines}),
        attempts=len(lines),
    )


def _count(chapters: Iterable[str | None]) -> Counter[str | None]:
    return Counter(chapters)
