"""Writing outputs: what is due is encoded, and from encoded chapters books, captions and the page are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pydantic import TypeAdapter

from pipeline.assembly.project_tags import project_tags
from pipeline.assembly.sound import Sound, book_sound
from pipeline.assembly.timeline import TIMELINE_RATE, Timeline
from pipeline.assembly.wanted import CAPTIONS, Wanted, cached_output
from pipeline.captions.read_aloud.edition import NarratedChapter
from pipeline.project.formats import OutputFormat
from pipeline.project.models import Project
from pipeline.render.events import AssemblyStarted, Noticed, Receiver
from pipeline.render.plan import Plan
from pipeline.reports.book_files import BookSources, write_book_file
from pipeline.reports.caption_files import write_captions
from pipeline.reports.desk import (
    Desk,
    announce,
    book_audio,
    desk_of,
    sound_file,
    take_audio,
    waveform_name,
    waveforms_in,
)
from pipeline.reports.encoding_due import encode_due
from pipeline.reports.listening.kept_waveforms import chapter_waveforms
from pipeline.reports.listening.page_file import write_page
from pipeline.reports.read_aloud_file import write_read_aloud_file
from pipeline.reports.run_record import FileRecord, file_record
from pipeline.reports.timeline_json import timeline_json
from pipeline.store.files import replacing, write_atomically
from pipeline.store.layout import Layout


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: seconds of audio in all whole chapters, how often their captions break which rule, what the
    chapters' files sound like (only where a profile says how they should), and the files of the book as they are
    recorded; both by path in the outputs."""

    audio_seconds: float
    caption_violations: Mapping[str, int]
    sounds: Mapping[str, Sound]
    books: Mapping[str, FileRecord]


def write_outputs(
    project: Project,
    plan: Plan,
    layout: Layout,
    out: Path,
    due: Sequence[Wanted],
    *,
    threads: int,
    receiver: Receiver,
) -> Written:
    """Make the ``due`` files in ``out``. Raises DamagedTake, or StorageError where a file cannot be written."""
    desk = desk_of(project, plan, [chapter for chapter in plan.chapters if chapter.whole], layout, out, receiver)
    seconds = sum(timeline.samples for timeline in desk.timelines.values()) / TIMELINE_RATE
    receiver(AssemblyStarted(len(due), round(seconds, 1)))
    sources = _book_sources(desk)
    books: dict[str, FileRecord] = {}
    broken: dict[str, int] = {}

    def join() -> None:
        for want in due:
            if want.kind == OutputFormat.M4B:
                books[want.path] = _write_book(desk, sources, want)

    def meanwhile() -> None:
        broken.update(_write_what_is_read(desk, due))

    sounds = encode_due(desk, plan, due, threads, tags=sources.tags, join=join, meanwhile=meanwhile)
    _write_what_is_heard(desk, sources, due, books)
    return Written(round(seconds, 3), broken, sounds, books)


def _write_what_is_read(desk: Desk, due: Sequence[Wanted]) -> dict[str, int]:
    """What needs no encoded chapter: captions, text, ``timeline.json``. Returns how often the captions break a rule, by
    rule."""
    files = [want for want in due if want.kind in CAPTIONS]
    violations = write_captions(
        desk.project, desk.timelines, desk.out, files, on_written=lambda path: announce(desk, path)
    )
    for want in due:
        path = desk.out / want.path
        if want.kind == "timeline":
            with replacing(path) as temporary, temporary.open("wb") as file:
                file.writelines(timeline_json(Timeline(tuple(desk.timelines.values()))))
        elif want.kind == "text" and want.chapter is not None:
            write_atomically(path, f"{desk.timelines[want.chapter].text}\n".encode())
        else:
            continue
        announce(desk, path)
    return violations


def _write_what_is_heard(desk: Desk, sources: BookSources, due: Sequence[Wanted], books: dict[str, FileRecord]) -> None:
    """What is made of encoded chapters, but for the ``books`` that are there already; others are added to them."""
    for want in due:
        if want.kind == OutputFormat.EPUB:
            _write_read_aloud(desk, want)
            announce(desk, desk.out / want.path)
        elif want.kind == "page":
            _write_page(desk)
            announce(desk, desk.out / want.path)
        elif want.path not in books and _is_book(want):
            books[want.path] = _write_book(desk, sources, want)
    if any(want.chapter is None for want in due):
        _forget_encoded(desk)


def _is_book(want: Wanted) -> bool:
    return want.chapter is None and want.output is not None and want.kind not in CAPTIONS


def _write_book(desk: Desk, sources: BookSources, want: Wanted) -> FileRecord:
    """Make a file of the book; an M4B for which a profile was asked is recorded with what it sounds like."""
    for shortfall in write_book_file(sources, want):
        desk.receiver(Noticed(shortfall))
    announce(desk, desk.out / want.path)
    heard = want.kind == OutputFormat.M4B and desk.project.profile.active
    sound = _book_sound(desk, want) if heard else None
    return file_record(desk.out, want.path, want.kind, want.chapter, want.inputs, sound)


def _write_page(desk: Desk) -> None:
    waveforms = chapter_waveforms(
        desk.timelines, waveforms_in(desk), partial(waveform_name, desk), partial(take_audio, desk)
    )
    write_page(desk.project, list(desk.timelines.values()), desk.numbers, desk.takes, waveforms, desk.out)


def _book_sound(desk: Desk, want: Wanted) -> Sound:
    assert want.output is not None
    files = [sound_file(book_audio(desk, slug, want.output)) for slug in desk.timelines]
    return book_sound([TypeAdapter(Sound).validate_json(file.read_bytes()) for file in files], desk.project.profile)


def _book_sources(desk: Desk) -> BookSources:
    return BookSources(
        project=desk.project,
        out=desk.out,
        chapters=tuple((desk.numbers[slug], timeline) for slug, timeline in desk.timelines.items()),
        count=len(desk.numbers),
        tags=project_tags(desk.project, desk.project.title),
        encoded=partial(book_audio, desk),
    )


def _write_read_aloud(desk: Desk, want: Wanted) -> None:
    assert want.output is not None
    cached = cached_output(desk.project, want.output)
    assert cached is not None
    chapters = [
        NarratedChapter(desk.scripts[slug], timeline, book_audio(desk, slug, cached))
        for slug, timeline in desk.timelines.items()
    ]
    write_read_aloud_file(desk.project, want.output, chapters, desk.out / want.path)


def _forget_encoded(desk: Desk) -> None:
    """Remove encoded chapters that no output's book is made of any more."""
    outputs = [made for output in desk.project.outputs if (made := cached_output(desk.project, output)) is not None]
    used = {book_audio(desk, slug, output) for slug in desk.timelines for output in outputs}
    for old in [*desk.encoded.glob("*.m4a"), *desk.encoded.glob("*.flac")]:
        if old not in used:
            old.unlink()
            sound_file(old).unlink(missing_ok=True)
