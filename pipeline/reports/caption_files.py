"""The caption files among the outputs, and how well they keep their rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TypeAlias

from pipeline.assembly.timeline import ChapterTimeline, Timeline
from pipeline.assembly.wanted import CAPTIONS, FOR_THE_BOOK, Wanted, suffix
from pipeline.captions.captioned import CaptionedChapter
from pipeline.captions.captioning import BookCaptions, caption, caption_file, caption_violations, rules_of
from pipeline.captions.violations import count_violations
from pipeline.project.formats import OutputFormat
from pipeline.project.models import Project
from pipeline.project.outputs import Output
from pipeline.reports.timeline_reading import read_timeline
from pipeline.store.files import replacing

Captioner: TypeAlias = Callable[[str, Output], CaptionedChapter]
"""A chapter's captions, by its slug, as an output asks for them."""


def captioner(project: Project, timelines: Mapping[str, ChapterTimeline]) -> Captioner:
    """Captions made when they are first asked for, and kept: files, book and report share them."""
    book = book_captions(project, timelines)

    @cache
    def made(slug: str, output: Output) -> CaptionedChapter:
        return caption(book, timelines[slug], output)

    return made


def book_captions(project: Project, timelines: Mapping[str, ChapterTimeline]) -> BookCaptions:
    """What the captions of a project share; the default voice has the first colour, others as they come to speak."""
    speaking = dict.fromkeys(turn.voice for timeline in timelines.values() for turn in timeline.turns)
    ordered = dict.fromkeys([project.casting.default, *speaking])
    return BookCaptions(
        project.title, project.author, project.language, tuple(voice for voice in ordered if voice in speaking)
    )


def write_captions(
    project: Project,
    timelines: Mapping[str, ChapterTimeline],
    captions: Captioner,
    out: Path,
    due: Sequence[Wanted],
) -> Iterator[Path]:
    """Write the ``due`` caption files of ``timelines`` (by slug, in order), and name each. Raises StorageError."""
    book = book_captions(project, timelines)
    starts = dict(zip(timelines, Timeline(tuple(timelines.values())).starts(), strict=True))
    for want in due:
        output = want.output
        assert output is not None
        chapters = (
            (replace(captions(slug, output), offset_samples=start) for slug, start in starts.items())
            if want.chapter is None
            else [captions(want.chapter, output)]
        )
        path = out / want.path
        with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
            file.writelines(caption_file(book, chapters, output))
        yield path


def remake_captions(project: Project, outputs: Path, output: Output, folder: Path) -> Iterator[Path]:
    """Write one kind of captions into ``folder``, from the timeline that lies in ``outputs``, and name each file.

    One for each chapter and, where the format suits a book, one for it. Raises UsageError where no timeline is there,
    InputError where it is damaged, StorageError where a file cannot be written.
    """
    timelines = {chapter.slug: chapter for chapter in read_timeline(outputs).chapters}
    ending, width = suffix(output.format), len(str(len(timelines)))
    due = [
        Wanted(f"{number:0{width}d}-{slug}.{ending}", output.format, slug, output, "")
        for number, slug in enumerate(timelines, 1)
    ]
    if output.format in FOR_THE_BOOK:
        due.append(Wanted(f"{project.slug}.{ending}", output.format, None, output, ""))
    return write_captions(project, timelines, captioner(project, timelines), folder, due)


def caption_violation_counts(
    project: Project, timelines: Mapping[str, ChapterTimeline], captions: Captioner
) -> dict[str, int]:
    """How many cues break each rule, of the first captions that keep to rules; where none do, as srt would."""
    ruled = (output for output in project.outputs if output.format in CAPTIONS and rules_of(output))
    output = next(ruled, Output(format=OutputFormat.SRT))
    return count_violations(
        [found for slug in timelines for found in caption_violations(captions(slug, output), output)]
    )
