"""Publishing: of all files that a project wants, make those that are not current, and say which ones are stale.

Whole chapters only; the book only when all its chapters are whole, or when a partial one was asked for (DESIGN, "What
is published").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.assembly.parts import delivered_chapters, part_slugs
from pipeline.assembly.sound import Sound
from pipeline.assembly.wanted import wanted_files
from pipeline.project.models import Project
from pipeline.render.events import Receiver
from pipeline.render.plan import Plan
from pipeline.reports.run_record import FileRecord, file_record, is_current, read_run_record
from pipeline.store.layout import Layout


@dataclass(frozen=True, slots=True)
class Published:
    """What publishing came to: all outputs that are current, how many were written, and what is stale."""

    files: tuple[FileRecord, ...]
    written: int
    stale: tuple[str, ...]
    audio_seconds: float
    caption_violations: Mapping[str, int]


def publish(
    project: Project,
    plan: Plan,
    layout: Layout,
    out: Path,
    *,
    selected: frozenset[str] | None,
    force: bool,
    partial: bool,
    threads: int,
    receiver: Receiver,
) -> Published:
    """Bring the outputs in ``out`` up to date; ``selected`` chapters alone leave the book's files untouched.

    Raises StorageError where a take is damaged or a file cannot be written; files made before stay.
    """
    plan = replace(plan, chapters=tuple(delivered_chapters(project, plan.chapters)))
    selected = part_slugs(plan.chapters, selected) if selected is not None else None
    previous = read_run_record(out)
    known = {record.path: record for record in previous.files} if previous else {}
    wanted = wanted_files(project, plan.chapters, partial=partial)
    allowed = [want for want in wanted if selected is None or want.chapter in selected]
    due = [want for want in allowed if force or not is_current(known.get(want.path), out, want.inputs)]
    sounds: Mapping[str, Sound] = {}
    written = {want.path for want in due}
    seconds, found = (previous.audio_seconds, previous.caption_violations) if previous else (0.0, {})
    if due:
        from pipeline.reports.writing import write_outputs  # noqa: PLC0415 - a run with nothing to do loads no codec

        done = write_outputs(project, plan, layout, out, due, threads=threads, receiver=receiver)
        seconds, found, sounds = done.audio_seconds, dict(done.caption_violations), done.sounds
        known |= done.books
        written -= done.books.keys()
    files = [
        file_record(out, want.path, want.kind, want.chapter, want.inputs, sounds.get(want.path))
        if want.path in written
        else known[want.path]
        for want in wanted
        if want.path in written or is_current(known.get(want.path), out, want.inputs)
    ]
    current = {file.path for file in files}
    older = {*known, *(previous.stale if previous else ())} - current
    stale = tuple(sorted(path for path in older if (out / path).exists()))
    return Published(tuple(files), len(due), stale, seconds, found)
