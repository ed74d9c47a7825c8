"""Writing outputs: chapters are encoded in parallel, all formats of a chapter in one pass over its takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray
from pydantic import TypeAdapter

from pipeline.assembly.chapters import ChapterJob, encode_chapters
from pipeline.assembly.encoding import ChapterFile
from pipeline.assembly.parts import retail_sample
from pipeline.assembly.placing import TakeShape, place_chapter
from pipeline.assembly.project_tags import project_tags
from pipeline.assembly.reading import resampled
from pipeline.assembly.sound import Sound, book_sound
from pipeline.assembly.tags import Tags
from pipeline.assembly.timeline import TIMELINE_RATE, ChapterTimeline, Timeline
from pipeline.assembly.wanted import CAPTIONS, SAMPLE, Wanted, cached_output, chapter_digest
from pipeline.captions.read_aloud.edition import NarratedChapter
from pipeline.project.formats import OutputFormat
from pipeline.project.models import Project
from pipeline.project.outputs import Output
from pipeline.render.events import AssemblyStarted, FileWritten, Noticed, Receiver
from pipeline.render.plan import Plan, PlannedChapter
from pipeline.reports.book_files import BookSources, write_book_file
from pipeline.reports.caption_files import write_captions
from pipeline.reports.listening.kept_waveforms import chapter_waveforms, keep_waveform, keys_in, waveform_path
from pipeline.reports.listening.page_file import write_page
from pipeline.reports.listening.waveform import Envelope, take_envelope
from pipeline.reports.read_aloud_file import write_read_aloud_file
from pipeline.reports.timeline_json import timeline_json
from pipeline.script.model import ChapterScript
from pipeline.store.files import replacing, write_atomically
from pipeline.store.layout import Layout
from pipeline.store.takes import Take, TakeStore


@dataclass(frozen=True, slots=True)
class _Desk:
    """What every writer needs."""

    project: Project
    store: TakeStore
    out: Path
    encoded: Path
    receiver: Receiver
    numbers: Mapping[str, int]
    timelines: Mapping[str, ChapterTimeline]
    scripts: Mapping[str, ChapterScript]
    takes: Mapping[str, Take]
    digests: Mapping[str, str]
    envelopes: dict[str, Envelope]
    """Of the takes that were opened for chapters still being encoded."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: seconds of audio in all whole chapters, how often their captions break which rule, and what
    the files sound like (by path in the outputs; only where a profile says how they should)."""

    audio_seconds: float
    caption_violations: Mapping[str, int]
    sounds: Mapping[str, Sound]


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
    desk = _desk(project, plan, [chapter for chapter in plan.chapters if chapter.whole], layout, out, receiver)
    seconds = sum(timeline.samples for timeline in desk.timelines.values()) / TIMELINE_RATE
    receiver(AssemblyStarted(len(due), round(seconds, 1)))
    sources = _book_sources(desk)
    joined: dict[str, Sound | None] = {}

    def join() -> None:
        for want in due:
            if want.kind == OutputFormat.M4B:
                joined[want.path] = _write_book(desk, sources, want)

    sounds = _encode(desk, plan, due, threads, join)
    found = _write(desk, sources, due, joined)
    return Written(round(seconds, 3), found, sounds | {path: sound for path, sound in joined.items() if sound})


def _desk(
    project: Project, plan: Plan, chapters: Sequence[PlannedChapter], layout: Layout, out: Path, receiver: Receiver
) -> _Desk:
    return _Desk(
        project=project,
        store=layout.takes,
        out=out,
        encoded=layout.encoded,
        receiver=receiver,
        numbers={chapter.script.slug: number for number, chapter in enumerate(plan.chapters, 1)},
        timelines={chapter.script.slug: _placed(chapter, project, layout.takes) for chapter in chapters},
        scripts={chapter.script.slug: chapter.script for chapter in chapters},
        takes={planned.key: planned.take for planned in plan.segments() if planned.take is not None},
        digests={chapter.script.slug: chapter_digest(project, chapter) for chapter in chapters},
        envelopes={},
    )


def _placed(chapter: PlannedChapter, project: Project, store: TakeStore) -> ChapterTimeline:
    shapes = [
        TakeShape(take.key, take.samples, take.sample_rate, take.speech_start, take.speech_end, store.words(take))
        for take in (planned.take for planned in chapter.segments)
        if take is not None
    ]
    return place_chapter(chapter.script, shapes, project.pauses)


def _write_book(desk: _Desk, sources: BookSources, want: Wanted) -> Sound | None:
    """Make a file of the book; return what it sounds like where it is an M4B that a profile was asked for."""
    for shortfall in write_book_file(sources, want):
        desk.receiver(Noticed(shortfall))
    _announce(desk, desk.out / want.path)
    return _book_sound(desk, want) if want.kind == OutputFormat.M4B and desk.project.profile.active else None


def _write(desk: _Desk, sources: BookSources, due: Sequence[Wanted], joined: dict[str, Sound | None]) -> dict[str, int]:
    """What is made of encoded chapters, but for what is ``joined`` already; add to that what is, and return how often
    the captions break a rule, by rule."""
    files = [want for want in due if want.kind in CAPTIONS]
    violations = write_captions(
        desk.project, desk.timelines, desk.out, files, on_written=lambda path: _announce(desk, path)
    )
    for want in due:
        path = desk.out / want.path
        if want.kind == OutputFormat.EPUB:
            _write_read_aloud(desk, want)
        elif want.chapter is None and want.output is not None and want.kind not in CAPTIONS:
            if want.path not in joined:
                joined[want.path] = _write_book(desk, sources, want)
            continue
        elif want.kind == "timeline":
            with replacing(path) as temporary, temporary.open("wb") as file:
                file.writelines(timeline_json(Timeline(tuple(desk.timelines.values()))))
        elif want.kind == "page":
            _write_page(desk)
        elif want.kind == "text" and want.chapter is not None:
            write_atomically(path, f"{desk.timelines[want.chapter].text}\n".encode())
        else:
            continue
        _announce(desk, path)
    if any(want.chapter is None for want in due):
        _forget_encoded(desk)
    return violations


def _encode(desk: _Desk, plan: Plan, due: Sequence[Wanted], threads: int, join: Callable[[], None]) -> dict[str, Sound]:
    """Encode the due audio of every chapter, with the AAC that a due book lacks; return what the outputs sound like.

    ``join`` is called when the last of what the book lacked is there, while other files may still be encoded.
    """
    jobs, lacking = _jobs(desk, plan, due)

    paged = any(want.kind == "page" for want in due)

    def on_done(job: ChapterJob) -> None:
        _forget_envelopes(desk, job.timeline, keep=paged)
        for made in job.files:
            if made.path.is_relative_to(desk.out):
                _announce(desk, made.path)

    def on_file(made: ChapterFile, sound: Sound | None) -> None:
        if made.path in lacking:
            if sound is not None:
                write_atomically(_sound_file(made.path), orjson.dumps(sound))
            lacking.remove(made.path)
            if not lacking:
                join()

    sounds = encode_chapters(
        jobs,
        lambda key: _measured_audio(desk, key),
        threads=threads,
        on_done=on_done,
        profile=desk.project.profile,
        on_file=on_file,
    )
    return {
        path.relative_to(desk.out).as_posix(): sound for path, sound in sounds.items() if path.is_relative_to(desk.out)
    }


def _jobs(desk: _Desk, plan: Plan, due: Sequence[Wanted]) -> tuple[list[ChapterJob], set[Path]]:
    """What is to be encoded, and which of it a due book lacks."""
    jobs: list[ChapterJob] = []
    files: dict[str, list[ChapterFile]] = defaultdict(list)
    for want in due:
        if want.output is None or want.output.format in CAPTIONS:
            continue
        if want.kind == SAMPLE:
            jobs.append(_sample_job(desk, plan, want))
        elif want.chapter is not None:
            files[want.chapter].append(
                ChapterFile(desk.out / want.path, want.output, _chapter_tags(desk, want.chapter))
            )
    lacking: set[Path] = set()
    for slug, made in _lacking(desk, due):
        files[slug].append(made)
        lacking.add(made.path)
    jobs += [ChapterJob(desk.timelines[slug], tuple(made)) for slug, made in files.items()]
    return jobs, lacking


def _lacking(desk: _Desk, due: Sequence[Wanted]) -> Iterator[tuple[str, ChapterFile]]:
    """The encoded chapters, by slug, that the due files of the book are made of and that are not there yet."""
    books = [want.output for want in due if want.chapter is None and want.output is not None]
    outputs = {made for output in books if (made := cached_output(desk.project, output)) is not None}
    for output in sorted(outputs, key=lambda each: (each.format, each.bitrate_kbps or 0)):
        for slug in desk.timelines:
            audio = _book_audio(desk, slug, output)
            if not audio.exists() or (desk.project.profile.active and not _sound_file(audio).exists()):
                yield slug, ChapterFile(audio, output, Tags(title=slug, album=""))


def _sample_job(desk: _Desk, plan: Plan, want: Wanted) -> ChapterJob:
    sample = retail_sample(desk.project, plan.chapters)
    assert sample is not None
    assert want.output is not None
    tags = project_tags(desk.project, sample.script.title)
    timeline = _placed(sample, desk.project, desk.store)
    return ChapterJob(timeline, (ChapterFile(desk.out / want.path, want.output, tags),))


def _audio(desk: _Desk, key: str) -> NDArray[np.int16]:
    take = desk.takes[key]
    return resampled(desk.store.audio(take), take.sample_rate)


def _measured_audio(desk: _Desk, key: str) -> NDArray[np.int16]:
    """The audio of a take, its envelope kept until the chapter's waveform is."""
    pcm = _audio(desk, key)
    if key not in desk.envelopes:
        desk.envelopes[key] = take_envelope(pcm)
    return pcm


def _forget_envelopes(desk: _Desk, timeline: ChapterTimeline, *, keep: bool) -> None:
    """Of an encoded chapter its waveform is kept where a page will show it, and its takes' envelopes no longer."""
    if desk.timelines.get(timeline.slug) is not timeline:
        return  # the sample, whose takes are its chapter's
    found = {key: desk.envelopes.pop(key, None) for key in keys_in(timeline)}
    envelopes = {key: envelope for key, envelope in found.items() if envelope is not None}
    if keep and len(envelopes) == len(found):  # one that another chapter speaks as well may have gone with it
        keep_waveform(timeline, waveform_path(_waveforms(desk), _waveform_name(desk, timeline.slug)), envelopes)


def _waveforms(desk: _Desk) -> Path:
    return desk.encoded.parent / "waveforms"


def _waveform_name(desk: _Desk, slug: str) -> str:
    return desk.digests[slug][:40]


def _write_page(desk: _Desk) -> None:
    waveforms = chapter_waveforms(
        desk.timelines, _waveforms(desk), partial(_waveform_name, desk), partial(_audio, desk)
    )
    write_page(desk.project, list(desk.timelines.values()), desk.numbers, desk.takes, waveforms, desk.out)


def _book_audio(desk: _Desk, slug: str, output: Output) -> Path:
    """The chapter's AAC or FLAC, kept so that an edit elsewhere makes the book without encoding this chapter again."""
    suffix = "flac" if output.format is OutputFormat.FLAC else "m4a"
    return desk.encoded / f"{desk.digests[slug][:40]}-{output.bitrate_kbps or 0}.{suffix}"


def _sound_file(audio: Path) -> Path:
    """What a chapter's AAC sounds like lies beside it: a book is remade from chapters that no run has measured anew."""
    return audio.with_suffix(".json")


def _book_sound(desk: _Desk, want: Wanted) -> Sound:
    assert want.output is not None
    files = [_sound_file(_book_audio(desk, slug, want.output)) for slug in desk.timelines]
    return book_sound([TypeAdapter(Sound).validate_json(file.read_bytes()) for file in files], desk.project.profile)


def _book_sources(desk: _Desk) -> BookSources:
    return BookSources(
        project=desk.project,
        out=desk.out,
        chapters=tuple((desk.numbers[slug], timeline) for slug, timeline in desk.timelines.items()),
        count=len(desk.numbers),
        tags=project_tags(desk.project, desk.project.title),
        encoded=partial(_book_audio, desk),
    )


def _write_read_aloud(desk: _Desk, want: Wanted) -> None:
    assert want.output is not None
    cached = cached_output(desk.project, want.output)
    assert cached is not None
    chapters = [
        NarratedChapter(desk.scripts[slug], timeline, _book_audio(desk, slug, cached))
        for slug, timeline in desk.timelines.items()
    ]
    write_read_aloud_file(desk.project, want.output, chapters, desk.out / want.path)


def _forget_encoded(desk: _Desk) -> None:
    """Remove encoded chapters that no output's book is made of any more."""
    outputs = [made for output in desk.project.outputs if (made := cached_output(desk.project, output)) is not None]
    used = {_book_audio(desk, slug, output) for slug in desk.timelines for output in outputs}
    for old in [*desk.encoded.glob("*.m4a"), *desk.encoded.glob("*.flac")]:
        if old not in used:
            old.unlink()
            _sound_file(old).unlink(missing_ok=True)


def _chapter_tags(desk: _Desk, slug: str) -> Tags:
    tags = project_tags(desk.project, desk.timelines[slug].title)
    return replace(tags, track=desk.numbers[slug], tracks=len(desk.numbers))


def _announce(desk: _Desk, path: Path) -> None:
    desk.receiver(FileWritten(path, path.stat().st_size))
