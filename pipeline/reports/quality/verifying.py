"""The verification: every take and every finished file of a project listened to, and all findings in one report."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from pipeline.assembly.parts import delivered_chapters, part_slugs, retail_sample
from pipeline.assembly.wanted import SAMPLE, Wanted, wanted_files
from pipeline.errors import UsageError
from pipeline.project.containers import Per
from pipeline.project.formats import OutputFormat
from pipeline.project.models import Project
from pipeline.project.profiles import profile_name
from pipeline.render.plan import Plan, PlannedChapter
from pipeline.reports.quality.altered_files import altered
from pipeline.reports.quality.book_files_heard import FileHeard, InFile, Part, hear_file
from pipeline.reports.quality.chapter_places import ChapterPlaces, around, places_of
from pipeline.reports.quality.file_checks import chapter_level_blemishes
from pipeline.reports.quality.findings import Blemish, Finding, Kind, Severity, worst_first
from pipeline.reports.quality.limits import LIMITS, Limits
from pipeline.reports.quality.next_steps import next_step
from pipeline.reports.quality.take_listening import TakesHeard, Transcript
from pipeline.reports.quality.voice_checks import Spoken, voice_blemishes
from pipeline.reports.run_record import FileRecord, read_run_record
from pipeline.store.layout import Layout

_SOUND = frozenset({OutputFormat.MP3, OutputFormat.M4A, OutputFormat.FLAC, OutputFormat.OPUS, OutputFormat.WAV})


@dataclass(frozen=True, slots=True)
class Verification:
    """What a project sounds like. ``takes`` counts those listened to, ``seconds`` their length; ``skipped`` says in
    words what was not listened to and why; ``chapters`` are the slugs that were."""

    title: str
    profile: str
    chapters: tuple[str, ...]
    takes: int
    seconds: float
    files: tuple[FileHeard, ...]
    findings: tuple[Finding, ...]
    skipped: tuple[str, ...]

    def count(self, severity: Severity) -> int:
        """How many findings are this severe."""
        return sum(finding.severity is severity for finding in self.findings)

    def counts(self) -> dict[str, int]:
        """How many there are of each kind, worst kinds first."""
        counted = Counter(finding.kind for finding in self.findings)
        return {kind.value: counted[kind] for kind in Kind if counted[kind]}


def verify_project(
    project: Project,
    plan: Plan,
    layout: Layout,
    out: Path,
    *,
    selected: frozenset[str] | None = None,
    threads: int = 1,
    transcript: Transcript | None = None,
    limits: Limits = LIMITS,
) -> Verification:
    """Listen to the takes that ``plan`` uses and to the files in ``out`` that were made of them.

    ``selected`` chapters alone leave out the book's files. Chapters that are not whole and files that are older than
    the manuscript are not listened to, and said to be skipped. Raises UsageError where there is nothing to listen to,
    StorageError where a take is damaged.
    """
    chapters = delivered_chapters(project, plan.chapters)
    slugs = part_slugs(chapters, selected) if selected is not None else None
    places = list(_places(project, chapters, layout, slugs))
    if not places:
        raise UsageError("there is nothing to listen to: no chapter is whole", hint="`narrate render` makes the takes")
    takes = TakesHeard(layout.takes, limits, transcript)
    records = _records(out)
    wanted, skipped = _files(project, chapters, records, slugs)
    sample = retail_sample(project, chapters) if any(want.kind == SAMPLE for want in wanted) else None
    extra = [places_of(project, sample, layout.takes, None)] if sample is not None else []
    with ThreadPoolExecutor(max_workers=threads, thread_name_prefix="listen") as pool:
        levels = list(pool.map(takes.hear_chapter, [*places, *extra]))
        for key, blemish in voice_blemishes(_in_order(takes.spoken, plan), limits):
            takes.blemishes[key].append(blemish)
        parts = [
            Part(each, expected, _known_clicks(each, takes.blemishes))
            for each, expected in zip([*places, *extra], levels, strict=True)
        ]
        by_slug = {part.places.slug: part for part in parts[: len(places)]}

        def hear(want: Wanted) -> tuple[FileHeard | None, list[Finding]]:
            chosen = parts[len(places) :] if want.kind == SAMPLE else parts[: len(places)]
            if want.chapter is not None and want.kind != SAMPLE:
                chosen = [by_slug[want.chapter]]
            return _heard(project, out / want.path, want, records[want.path], chosen, limits)

        heard = list(pool.map(hear, wanted))
    files = tuple(file for file, _ in heard if file is not None)
    findings = [
        *_take_findings(places, takes.blemishes),
        *(finding for _, found in heard for finding in found),
        *([] if project.profile.active else _chapter_levels(files, by_slug, limits)),
    ]
    whole = [*skipped, *_not_whole(chapters, slugs)]
    return Verification(
        title=project.title,
        profile=profile_name(project.profile),
        chapters=tuple(each.slug for each in places),
        takes=len(takes.spoken),
        seconds=takes.seconds,
        files=files,
        findings=tuple(worst_first(findings)),
        skipped=tuple(whole),
    )


def _places(
    project: Project, chapters: Sequence[PlannedChapter], layout: Layout, slugs: frozenset[str] | None
) -> Iterator[ChapterPlaces]:
    """The whole chapters that are wanted; their place in the book is known up to the first that is not whole."""
    book: float | None = 0.0
    for chapter in chapters:
        if not chapter.whole:
            book = None
            continue
        places = places_of(project, chapter, layout.takes, book)
        book = None if book is None else book + places.seconds
        if slugs is None or chapter.script.slug in slugs:
            yield places


def _in_order(spoken: Mapping[str, Spoken], plan: Plan) -> list[Spoken]:
    keys = dict.fromkeys(planned.key for planned in plan.segments())
    return [spoken[key] for key in keys if key in spoken]


def _not_whole(chapters: Sequence[PlannedChapter], slugs: frozenset[str] | None) -> Iterator[str]:
    for chapter in chapters:
        if not chapter.whole and (slugs is None or chapter.script.slug in slugs):
            yield f"chapter {chapter.script.slug}: not all of its takes are made"


def _records(out: Path) -> dict[str, FileRecord]:
    record = read_run_record(out)
    return {file.path: file for file in record.files} if record else {}


def _files(
    project: Project, chapters: Sequence[PlannedChapter], known: Mapping[str, FileRecord], slugs: frozenset[str] | None
) -> tuple[list[Wanted], list[str]]:
    """The files to be listened to, and what is to be said of the others."""
    wanted, skipped = [], []
    for want in wanted_files(project, chapters, partial=False):
        book = want.chapter is None and want.output is not None and want.output.per is Per.BOOK
        if want.kind not in _SOUND | {OutputFormat.M4B, SAMPLE} and not book:
            continue
        if slugs is not None and want.chapter not in slugs:
            continue
        record = known.get(want.path)
        if record is None or record.inputs != want.inputs:
            skipped.append(f"{want.path}: {'not made yet' if record is None else 'older than the manuscript'}")
        else:
            wanted.append(want)
    return wanted, skipped


def _heard(
    project: Project, path: Path, want: Wanted, record: FileRecord, parts: Sequence[Part], limits: Limits
) -> tuple[FileHeard | None, list[Finding]]:
    """A file and what is found in it."""
    if not path.is_file():
        gone = Blemish(Kind.MISSING_FILE, Severity.ERROR, 0.0, "the file is gone")
        return None, [_finding(gone, None, want.path, want.chapter)]
    sound, found = hear_file(path, parts, project.profile, limits, book=want.chapter is None)
    findings = [_in_file(each, want) for each in found]
    # What could not even be opened is found as that.
    if (sound is not None or os.access(path, os.R_OK)) and (other := altered(path, record)) is not None:
        findings.append(_finding(other, None, want.path, want.chapter))
    return FileHeard(want.path, want.kind, want.chapter, sound) if sound is not None else None, findings


def _in_file(found: InFile, want: Wanted) -> Finding:
    return _finding(found.blemish, found.chapter, want.path, want.chapter)


_WHOLE_FILE = frozenset({Kind.LEVEL, Kind.DC_OFFSET, Kind.FILE_LENGTH, Kind.CHAPTER_LEVEL})


def _finding(blemish: Blemish, places: ChapterPlaces | None, file: str, chapter: str | None) -> Finding:
    """A finding in a file; at a segment where it is about a place."""
    at = blemish.seconds if places is not None and blemish.kind not in _WHOLE_FILE else None
    planned = places.segment_at(at) if places is not None and at is not None else None
    return _made(
        blemish,
        chapter=places.slug if places is not None else chapter,
        seconds=at,
        book_seconds=_book(places, at),
        file=file,
        segment=f"{planned.segment.chapter}:{planned.segment.index}" if planned else None,
        key=planned.key if planned else None,
        text=places.text_at(at) if places is not None and at is not None else "",
    )


def _take_findings(places: Sequence[ChapterPlaces], blemishes: Mapping[str, Sequence[Blemish]]) -> Iterator[Finding]:
    """What was found in takes, wherever they are heard."""
    for each in places:
        for key in dict.fromkeys(planned.key for planned in each.chapter.segments):
            for blemish in blemishes[key]:
                for planned, at in each.times_of(key, blemish.seconds):
                    text = planned.segment.text
                    yield _made(
                        blemish,
                        chapter=each.slug,
                        seconds=round(at, 3),
                        book_seconds=_book(each, at),
                        file=None,
                        segment=f"{planned.segment.chapter}:{planned.segment.index}",
                        key=key,
                        text=each.text_at(at) if blemish.char is None else around(text, blemish.char),
                    )


def _made(
    blemish: Blemish,
    *,
    chapter: str | None,
    seconds: float | None,
    book_seconds: float | None,
    file: str | None,
    segment: str | None,
    key: str | None,
    text: str,
) -> Finding:
    return Finding(
        kind=blemish.kind,
        severity=blemish.severity,
        message=blemish.message,
        chapter=chapter,
        seconds=None if seconds is None else round(seconds, 3),
        book_seconds=book_seconds,
        file=file,
        segment=segment,
        key=key,
        text=text,
        value=None if blemish.value is None else round(blemish.value, 4),
        limit=None if blemish.limit is None else round(blemish.limit, 4),
        unit=blemish.unit,
        next_step=next_step(blemish.kind, in_take=file is None, segment=segment),
        excess=blemish.excess,
    )


def _book(places: ChapterPlaces | None, at: float | None) -> float | None:
    if places is None or places.book_start is None or at is None:
        return None
    return round(places.book_start + at, 3)


def _known_clicks(places: ChapterPlaces, blemishes: Mapping[str, Sequence[Blemish]]) -> tuple[float, ...]:
    return tuple(
        at
        for key in dict.fromkeys(planned.key for planned in places.chapter.segments)
        for blemish in blemishes[key]
        if blemish.kind is Kind.CLICK
        for _, at in places.times_of(key, blemish.seconds)
    )


def _chapter_levels(files: Sequence[FileHeard], parts: Mapping[str, Part], limits: Limits) -> Iterator[Finding]:
    """Chapters of one format that differ in loudness."""
    for kind in sorted({file.kind for file in files if file.chapter is not None and file.kind != SAMPLE}):
        same = [file for file in files if file.kind == kind and file.chapter is not None]
        for index, blemish in chapter_level_blemishes([file.sound.loudness_lufs for file in same], limits):
            slug = same[index].chapter
            assert slug is not None
            yield _finding(blemish, parts[slug].places, same[index].path, slug)
