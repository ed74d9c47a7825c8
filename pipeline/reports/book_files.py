"""Files of the whole book, made of chapters that are encoded already: M4B, one-file MP3, Opus and FLAC, packages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.assembly.audiobookshelf import METADATA, link_or_copy, metadata_json
from pipeline.assembly.book import BookChapter, write_m4b
from pipeline.assembly.marks import Mark, id3_shortfalls, marks_of, nero_shortfalls, vorbis_shortfalls
from pipeline.assembly.podcast import Episode, feed_xml
from pipeline.assembly.tags import Tags, one_line
from pipeline.assembly.timeline import ChapterTimeline
from pipeline.assembly.wanted import Wanted, cached_output, chapter_output, chapter_path
from pipeline.assembly.web_audiobook import Track, write_lpf
from pipeline.assembly.whole_book import write_whole_book
from pipeline.project.formats import OutputFormat
from pipeline.project.models import Project
from pipeline.project.outputs import Output
from pipeline.store.files import write_atomically


@dataclass(frozen=True, slots=True)
class BookSources:
    """What the book's files are made of: ``chapters`` in order with their numbers among ``count`` (chapters that are
    not whole leave gaps), and where the encoded chapter for an output lies."""

    project: Project
    out: Path
    chapters: tuple[tuple[int, ChapterTimeline], ...]
    count: int
    tags: Tags
    encoded: Callable[[str, Output], Path]


def write_book_file(sources: BookSources, want: Wanted) -> Iterator[str]:
    """Write one of the book's files; yield what it cannot hold, in sentences. Raises StorageError."""
    path = sources.out / want.path
    assert want.output is not None
    match want.output.format:
        case OutputFormat.M4B:
            yield from _write_m4b(sources, path, want.output)
        case OutputFormat.AUDIOBOOKSHELF:
            yield from _write_for_audiobookshelf(sources, path, want.output)
        case OutputFormat.LPF:
            _write_lpf(sources, path, want.output)
        case OutputFormat.RSS:
            _write_feed(sources, path, want.output)
        case _:
            yield from _write_whole(sources, path, want.output)


def _write_m4b(sources: BookSources, path: Path, output: Output) -> Iterator[str]:
    chapters = _book_chapters(sources, output)
    write_m4b(path, chapters, sources.tags)
    for sentence in nero_shortfalls(_marks(chapters)):
        yield f"{path.name}: {sentence}"


def _write_whole(sources: BookSources, path: Path, output: Output) -> Iterator[str]:
    chapters = _book_chapters(sources, output)
    write_whole_book(path, output, chapters, sources.tags)
    said = id3_shortfalls if output.format is OutputFormat.MP3 else vorbis_shortfalls
    for sentence in said(_marks(chapters)):
        yield f"{path.name}: {sentence}"


def _write_for_audiobookshelf(sources: BookSources, path: Path, output: Output) -> Iterator[str]:
    if path.name == METADATA:
        write_atomically(path, metadata_json(sources.tags, _marks(_book_chapters(sources, output))))
    elif sources.tags.cover is not None and path.name == sources.tags.cover.file_name:
        write_atomically(path, sources.tags.cover.data)
    elif (book := _same_m4b(sources, output)) is not None:
        link_or_copy(book, path)
    else:
        yield from _write_m4b(sources, path, output)


def _same_m4b(sources: BookSources, output: Output) -> Path | None:
    """The book's own M4B, where there is one with the same sound and every chapter in it."""
    made = cached_output(sources.project, output)
    own = next((each for each in sources.project.outputs if each.format is OutputFormat.M4B), None)
    path = sources.out / f"{sources.project.slug}.m4b"
    whole = len(sources.chapters) == sources.count
    return path if whole and own is not None and own == made and path.exists() else None


def _write_lpf(sources: BookSources, path: Path, output: Output) -> None:
    tracks = []
    for (number, timeline), chapter in zip(sources.chapters, _book_chapters(sources, output), strict=True):
        tags = replace(sources.tags, title=chapter.title, track=number, tracks=sources.count, cover=None)
        url = chapter_path(number, sources.count, timeline.slug, OutputFormat.M4A)
        tracks.append(Track(url, timeline.samples, chapter.audio, tags))
    write_lpf(path, tracks, sources.tags)


def _write_feed(sources: BookSources, path: Path, output: Output) -> None:
    cover = sources.tags.cover
    if cover is not None and path.name == cover.file_name:
        write_atomically(path, cover.data)
        return
    assert output.base_url is not None
    slug, name = sources.project.slug, cover.file_name if cover else None
    write_atomically(path, feed_xml(slug, sources.tags, output.base_url, name, list(_episodes(sources))))


def _episodes(sources: BookSources) -> Iterator[Episode]:
    kind = chapter_output(sources.project).format
    for number, timeline in sources.chapters:
        path = chapter_path(number, sources.count, timeline.slug, kind)
        size = (sources.out / path).stat().st_size
        title = one_line(timeline.title)
        yield Episode(timeline.slug, title, number, path, size, timeline.samples, timeline.text)


def _book_chapters(sources: BookSources, output: Output) -> list[BookChapter]:
    cached = cached_output(sources.project, output)
    assert cached is not None
    return [
        BookChapter(one_line(timeline.title), timeline.samples, sources.encoded(timeline.slug, cached))
        for _, timeline in sources.chapters
    ]


def _marks(chapters: Sequence[BookChapter]) -> tuple[Mark, ...]:
    return marks_of((chapter.title, chapter.samples) for chapter in chapters)
