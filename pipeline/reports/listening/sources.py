"""Where a page finds the sound of a chapter among the outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from pipeline.assembly.wanted import chapter_path, suffix
from pipeline.project.containers import Per
from pipeline.project.formats import OutputFormat
from pipeline.project.models import Project
from pipeline.project.outputs import Output

MEDIA_TYPES = {
    OutputFormat.MP3: "audio/mpeg",
    OutputFormat.M4A: "audio/mp4",
    OutputFormat.OPUS: "audio/ogg; codecs=opus",
    OutputFormat.FLAC: "audio/flac",
    OutputFormat.WAV: "audio/wav",
    OutputFormat.M4B: "audio/mp4",
}
"""What browsers play, what nearly all of them play first."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file that holds a chapter, from ``start_seconds`` on; ``url`` is relative to the page and escaped."""

    url: str
    media_type: str
    start_seconds: float = 0.0


def chapter_sources(
    project: Project, stem: str, slug: str, number: int, count: int, start_seconds: float
) -> list[Source]:
    """The files in which the page can play a chapter, best first: files of the chapter, then of the book.

    ``number`` among ``count`` names the chapter's files, ``stem`` the book's, ``start_seconds`` is where in the book
    it starts. Empty where no output is sound that a browser plays.
    """
    playable = [output for kind in MEDIA_TYPES for output in project.outputs if output.format is kind]
    apart = [_apart(output, slug, number, count) for output in playable if not _is_book(output)]
    together = [
        Source(quote(f"{stem}.{suffix(output.format)}"), MEDIA_TYPES[output.format], start_seconds)
        for output in playable
        if _is_book(output)
    ]
    return [*apart, *together]


def _apart(output: Output, slug: str, number: int, count: int) -> Source:
    return Source(quote(chapter_path(number, count, slug, output.format)), MEDIA_TYPES[output.format])


def _is_book(output: Output) -> bool:
    return output.format is OutputFormat.M4B or output.per is Per.BOOK


def audible_formats() -> Sequence[str]:
    """What an output may be for the page to have sound."""
    return tuple(map(str, MEDIA_TYPES))
