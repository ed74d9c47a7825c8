"""Which files a project wants, and the digest of all that goes into each: a file whose digest stands is left alone."""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import orjson

from pipeline.assembly.dates import archive_time, modified_time
from pipeline.assembly.parts import retail_sample
from pipeline.project.captions import CAPTIONS as CAPTION_FORMATS
from pipeline.project.containers import PACKAGES as PACKAGE_FORMATS
from pipeline.project.containers import Per
from pipeline.project.formats import OutputFormat
from pipeline.project.models import Project
from pipeline.project.outputs import Output
from pipeline.render.plan import PlannedChapter

ASSEMBLY_VERSION = 3
"""Raised when the same takes and settings come to give other bytes."""

SOUND_VERSION = 3
"""Raised when the same takes and profile come to sound otherwise."""

TEXT_VERSION = 1
"""Raised when the same takes and settings come to give other captions or read-aloud books."""

PAGE_VERSION = 1
"""Raised when the page to listen on comes to look or work otherwise."""

PACKAGES = frozenset(map(OutputFormat, PACKAGE_FORMATS))
PER_CHAPTER = frozenset(OutputFormat) - {OutputFormat.M4B, OutputFormat.EPUB} - PACKAGES
CAPTIONS = frozenset(map(OutputFormat, CAPTION_FORMATS))
FOR_THE_BOOK = CAPTIONS - {OutputFormat.LRC} | {OutputFormat.M4B, OutputFormat.EPUB}
"""LRC accompanies one sound file, and counts minutes in two digits."""
_SUFFIXES = {OutputFormat.CAPTIONS_JSON: "captions.json"}


SAMPLE, SAMPLE_PATH = "sample", "retail-sample.mp3"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file to be made: ``path`` relative to the outputs, ``chapter`` its slug (None: the book)."""

    path: str
    kind: str
    chapter: str | None
    output: Output | None
    inputs: str


def wanted_files(project: Project, chapters: Sequence[PlannedChapter], *, partial: bool) -> list[Wanted]:
    """The files of whole chapters, and of the book where all are whole or a ``partial`` book is wanted."""
    outputs = project.outputs
    settings = _settings(project)
    whole = [(number, chapter) for number, chapter in enumerate(chapters, 1) if chapter.whole]
    digests = {chapter.script.slug: chapter_digest(project, chapter) for _, chapter in whole}
    wanted = []
    for number, chapter in whole:
        slug = chapter.script.slug
        for output in outputs:
            if output.format in PER_CHAPTER and output.per is not Per.BOOK:
                asked = [output.model_dump(mode="json"), *_text_version(output)]
                inputs = _digest([digests[slug], settings, *asked, number, len(chapters)])
                path = chapter_path(number, len(chapters), slug, output.format)
                wanted.append(Wanted(path, output.format, slug, output, inputs))
        wanted.append(Wanted(f"text/{slug}.txt", "text", slug, None, digests[slug]))
    wanted += _sample(project, chapters, settings)
    complete = len(whole) == len(chapters)
    if whole and (complete or partial):
        stem = project.slug if complete else f"{project.slug}.partial"
        book = _digest([[digests[chapter.script.slug] for _, chapter in whole], settings])
        for output in outputs:
            if output.format in FOR_THE_BOOK or output.per is Per.BOOK:
                written = _written(project, output, [chapter for _, chapter in whole])
                inputs = _digest([book, output.model_dump(mode="json"), *written, *_text_version(output)])
                wanted.append(Wanted(f"{stem}.{suffix(output.format)}", output.format, None, output, inputs))
        wanted += _package_files(project, book, whole=complete)
        wanted.append(Wanted("timeline.json", "timeline", None, None, book))
        wanted.append(Wanted("index.html", "page", None, None, _page_inputs(project, book, whole)))
    return wanted


def _text_version(output: Output) -> list[object]:
    return [TEXT_VERSION] if output.format in CAPTIONS | {OutputFormat.EPUB} else []


def _page_inputs(project: Project, book: str, whole: Sequence[tuple[int, PlannedChapter]]) -> str:
    """What goes into the page besides the book: which takes are heard, and which files it may play."""
    takes = [[number, [planned.key for planned in chapter.segments]] for number, chapter in whole]
    return _digest([book, PAGE_VERSION, takes, [output.model_dump(mode="json") for output in project.outputs]])


def _sample(project: Project, chapters: Sequence[PlannedChapter], settings: list[object]) -> list[Wanted]:
    """The retail sample, where the profile asks for one and its chapter is whole."""
    sample = retail_sample(project, chapters)
    if sample is None:
        return []
    output = Output(format=OutputFormat.MP3, bitrate_kbps=project.profile.mp3_kbps)
    inputs = _digest([chapter_digest(project, sample), settings])
    return [Wanted(SAMPLE_PATH, SAMPLE, sample.script.slug, output, inputs)]


def _written(project: Project, output: Output, chapters: Sequence[PlannedChapter]) -> list[object]:
    """What goes into a read-aloud book besides what is heard: its sources as they stand, how its sound is encoded."""
    if output.format is not OutputFormat.EPUB:
        return []
    files = sorted({block.source.file for chapter in chapters for block in chapter.script.blocks})
    digests = [hashlib.sha256((project.folder / name).read_bytes()).hexdigest() for name in files]
    made = cached_output(project, output)
    return [digests, modified_time(), made.model_dump(mode="json") if made else None]


def suffix(output: OutputFormat) -> str:
    """What the names of files of this format end in, without the dot."""
    return _SUFFIXES.get(output, output)


def chapter_path(number: int, count: int, slug: str, kind: OutputFormat) -> str:
    """Where a chapter's file of a format lies in the outputs."""
    return f"{kind}/{number:0{len(str(count))}d}-{slug}.{suffix(kind)}"


def chapter_digest(project: Project, chapter: PlannedChapter) -> str:
    """Digest of what a chapter sounds like and says: its text, its takes' bytes and the pauses between them."""
    script = chapter.script
    clips = [
        [
            planned.take.sha256,
            planned.segment.after.value,
            planned.segment.char_start,
            planned.segment.joints,
            planned.segment.voice,
            planned.segment.language,
        ]
        for planned in chapter.segments
        if planned.take is not None
    ]
    sound = [SOUND_VERSION, project.profile.model_dump()] if project.profile.active else []
    content = [script.slug, script.title, script.text, clips, project.pauses.model_dump(), project.language, *sound]
    return _digest(content)


def _settings(project: Project) -> list[object]:
    """What of the manifest and the installation goes into every file."""
    cover = hashlib.sha256(project.cover.read_bytes()).hexdigest() if project.cover else None
    return [ASSEMBLY_VERSION, _codec_version(), project.title, project.author, project.language, cover,
            project.metadata.model_dump(exclude={"explicit"})]  # fmt: skip


@cache
def _codec_version() -> str:
    return importlib.metadata.version("av")


def _package_files(project: Project, book: str, *, whole: bool) -> list[Wanted]:
    """The files of the outputs that hold or name others, from the ``book``'s digest; they are written last."""
    outputs = [output for output in project.outputs if output.format in PACKAGES]
    if not outputs:
        return []
    from pipeline.assembly.packages import package_paths  # noqa: PLC0415 - reads the cover, for which it loads a codec

    wanted = []
    for output in outputs:
        made = cached_output(project, output) or chapter_output(project)
        told = ["explicit"] if project.metadata.explicit else []
        inputs = _digest([book, output.model_dump(mode="json"), made.model_dump(mode="json"), archive_time(), *told])
        paths = package_paths(project, output, whole=whole)
        wanted += [Wanted(path, output.format, None, output, inputs) for path in paths]
    return wanted


def cached_output(project: Project, output: Output) -> Output | None:
    """As what a file of the whole book keeps its chapters encoded, so that an edit costs one chapter's encoding: AAC
    where packets are copied, FLAC where one file is encoded anew; None where it holds no sound."""
    if output.per is Per.BOOK:
        return Output(format=OutputFormat.FLAC)
    if output.format is OutputFormat.M4B:
        return output
    if output.format not in (OutputFormat.AUDIOBOOKSHELF, OutputFormat.LPF, OutputFormat.EPUB):
        return None
    own = (each.bitrate_kbps for each in project.outputs if each.format is OutputFormat.M4B)
    return Output(format=OutputFormat.M4B, bitrate_kbps=output.bitrate_kbps or next(own, None))


def chapter_output(project: Project) -> Output:
    """The output whose chapter files a feed names; a manifest with a feed has one (``refused_feed``)."""
    asked = (OutputFormat.MP3, OutputFormat.M4A)
    fit = [each for each in project.outputs if each.format in asked and each.per is not Per.BOOK]
    return min(fit, key=lambda each: asked.index(each.format))


def _digest(content: object) -> str:
    return hashlib.sha256(orjson.dumps(content)).hexdigest()
