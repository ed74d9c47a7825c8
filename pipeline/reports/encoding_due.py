"""Encoding what is due: chapters in parallel, all formats of a chapter in one pass over its takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import orjson

from pipeline.assembly.chapters import encode_chapters
from pipeline.assembly.encoding import ChapterFile
from pipeline.assembly.making import ChapterJob
from pipeline.assembly.parts import retail_sample
from pipeline.assembly.sound import Sound
from pipeline.assembly.tags import Tags, one_line
from pipeline.assembly.timeline import ChapterTimeline
from pipeline.assembly.wanted import CAPTIONS, SAMPLE, Wanted, cached_output
from pipeline.render.plan import Plan
from pipeline.reports.chapter_takes import ChapterTakes
from pipeline.reports.desk import (
    Desk,
    announce,
    book_audio,
    placed,
    sound_file,
    waveform_name,
    waveforms_in,
)
from pipeline.reports.listening.kept_waveforms import keys_in, waveform_path
from pipeline.store.files import write_atomically


def encode_due(
    desk: Desk,
    plan: Plan,
    due: Sequence[Wanted],
    threads: int,
    *,
    tags: Tags,
    join: Callable[[], None],
    meanwhile: Callable[[], None],
) -> dict[str, Sound]:
    """Encode the due audio of every chapter, with the AAC that a due book lacks; return what the outputs sound like.
    A chapter's file has the book's ``tags`` but for its title and number.

    ``join`` is called when the last of what the book lacked is there, while other files may still be encoded;
    ``meanwhile`` once, as soon as encoding has begun or where there is nothing to encode.
    """
    jobs, lacking = _jobs(desk, plan, due, tags)

    def on_done(job: ChapterJob) -> None:
        for made in job.files:
            if made.path.is_relative_to(desk.out):
                announce(desk, made.path)

    def on_file(made: ChapterFile, sound: Sound | None) -> None:
        if made.path in lacking:
            if sound is not None:
                write_atomically(sound_file(made.path), orjson.dumps(sound))
            lacking.remove(made.path)
            if not lacking:
                join()

    sounds = encode_chapters(
        jobs,
        threads=threads,
        on_done=on_done,
        profile=desk.project.profile,
        on_file=on_file,
        meanwhile=meanwhile,
    )
    return {
        path.relative_to(desk.out).as_posix(): sound for path, sound in sounds.items() if path.is_relative_to(desk.out)
    }


def _jobs(desk: Desk, plan: Plan, due: Sequence[Wanted], tags: Tags) -> tuple[list[ChapterJob], set[Path]]:
    """What is to be encoded, and which of it a due book lacks. ``tags`` are the book's, whose cover is read once."""
    jobs: list[ChapterJob] = []
    files: dict[str, list[ChapterFile]] = defaultdict(list)
    for want in due:
        if want.output is None or want.output.format in CAPTIONS:
            continue
        if want.kind == SAMPLE:
            jobs.append(_sample_job(desk, plan, want, tags))
        elif want.chapter is not None:
            file = ChapterFile(desk.out / want.path, want.output, _chapter_tags(desk, want.chapter, tags))
            files[want.chapter].append(file)
    lacking: set[Path] = set()
    for slug, made in _lacking(desk, due):
        files[slug].append(made)
        lacking.add(made.path)
    paged = any(want.kind == "page" for want in due)
    for slug, made_of in files.items():
        waveform = waveform_path(waveforms_in(desk), waveform_name(desk, slug)) if paged else None
        jobs.append(_job(desk, desk.timelines[slug], made_of, waveform))
    return jobs, lacking


def _lacking(desk: Desk, due: Sequence[Wanted]) -> Iterator[tuple[str, ChapterFile]]:
    """The encoded chapters, by slug, that the due files of the book are made of and that are not there yet."""
    books = [want.output for want in due if want.chapter is None and want.output is not None]
    outputs = {made for output in books if (made := cached_output(desk.project, output)) is not None}
    for output in sorted(outputs, key=lambda each: (each.format, each.bitrate_kbps or 0)):
        for slug in desk.timelines:
            audio = book_audio(desk, slug, output)
            if not audio.exists() or (desk.project.profile.active and not sound_file(audio).exists()):
                yield slug, ChapterFile(audio, output, Tags(title=slug, album=""))


def _sample_job(desk: Desk, plan: Plan, want: Wanted, tags: Tags) -> ChapterJob:
    sample = retail_sample(desk.project, plan.chapters)
    assert sample is not None
    assert want.output is not None
    tags = replace(tags, title=one_line(sample.script.title))
    timeline = placed(sample, desk.project, desk.store)
    return _job(desk, timeline, [ChapterFile(desk.out / want.path, want.output, tags)], None)


def _job(desk: Desk, timeline: ChapterTimeline, files: Sequence[ChapterFile], waveform: Path | None) -> ChapterJob:
    takes = {key: desk.takes[key] for key in keys_in(timeline)}
    source = ChapterTakes(desk.store, takes, waveform)
    return ChapterJob(timeline, tuple(files), source.open, partial(source.keep_waveform, timeline))


def _chapter_tags(desk: Desk, slug: str, tags: Tags) -> Tags:
    title = one_line(desk.timelines[slug].title)
    return replace(tags, title=title, track=desk.numbers[slug], tracks=len(desk.numbers))
