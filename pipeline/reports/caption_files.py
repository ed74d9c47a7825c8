"""The caption files among the outputs, and how well they keep their rules."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.assembly.timeline import ChapterTimeline, Timeline
from pipeline.assembly.wanted import CAPTIONS, FOR_THE_BOOK, Wanted, suffix
from pipeline.captions.captioned import CaptionedChapter
from pipeline.captions.captioning import BookCaptions, caption, caption_file, caption_violations, rules_of
from pipeline.captions.violations import count_violations
from pipeline.project.models import Project
from pipeline.project.outputs import Output
from pipeline.reports.timeline_reading import read_timeline
from pipeline.store.files import replacing


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
    out: Path,
    due: Sequence[Wanted],
    *,
    on_written: Callable[[Path], None],
) -> dict[str, int]:
    """Write the ``due`` caption files of ``timelines`` (by slug, in order), and tell each once it is there.

    Returns how many cues break each rule, of the project's first captions that keep to rules; nothing where none do.
    Each output is captioned once, and of each no more than a chapter is held. Raises StorageError.
    """
    ruled = next((each for each in project.outputs if each.format in CAPTIONS and rules_of(each)), None)
    counts = dict.fromkeys(count_violations([]), 0) if ruled else {}

    def count(chapter: CaptionedChapter) -> None:
        assert ruled is not None
        for rule, broken in count_violations(caption_violations(chapter, ruled)).items():
            counts[rule] += broken

    for output in dict.fromkeys(each for each in [*(want.output for want in due), ruled] if each is not None):
        files = {want.chapter: out / want.path for want in due if want.output == output}
        _write_output(project, timelines, output, files, on_written, count if output == ruled else None)
    return counts


def _write_output(
    project: Project,
    timelines: Mapping[str, ChapterTimeline],
    output: Output,
    files: Mapping[str | None, Path],
    on_written: Callable[[Path], None],
    on_captioned: Callable[[CaptionedChapter], None] | None,
) -> None:
    """The files of one output, by chapter (None: the book), in one pass over the book."""
    book = book_captions(project, timelines)
    starts = Timeline(tuple(timelines.values())).starts()
    wants_all = None in files or on_captioned is not None

    def write(path: Path, chapters: Iterable[CaptionedChapter]) -> None:
        with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
            file.writelines(caption_file(book, chapters, output))
        on_written(path)

    def chapters() -> Iterator[CaptionedChapter]:
        for (slug, timeline), start in zip(timelines.items(), starts, strict=True):
            if not wants_all and slug not in files:
                continue
            made = caption(book, timeline, output)
            if on_captioned is not None:
                on_captioned(made)
            if slug in files:
                write(files[slug], [made])
            yield replace(made, offset_samples=start)

    if None in files:
        write(files[None], chapters())
    else:
        deque(chapters(), maxlen=0)


def remake_captions(project: Project, outputs: Path, output: Output, folder: Path) -> Sequence[Path]:
    """Write one kind of captions into ``folder``, from the timeline that lies in ``outputs``; return the files.

    One for each chapter and, where the format suits a book, one for it. Raises UsageError where no timeline is there,
    InputError where it is damaged, StorageError where a file cannot be written.
    """
    timelines = {chapter.slug: chapter for chapter in read_timeline(outputs).chapters}
    ending, width = suffix(output.format), len(str(len(timelines)))
    files: dict[str | None, Path] = {
        slug: folder / f"{number:0{width}d}-{slug}.{ending}" for number, slug in enumerate(timelines, 1)
    }
    if output.format in FOR_THE_BOOK:
        files[None] = folder / f"{project.slug}.{ending}"
    written: list[Path] = []
    _write_output(project, timelines, output, files, written.append, None)
    return written
