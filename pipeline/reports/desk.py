"""What every writer of outputs needs, laid out once: placed chapters, their takes, where encoded chapters lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.assembly.placing import TakeShape, place_chapter
from pipeline.assembly.reading import stored_audio
from pipeline.assembly.timeline import ChapterTimeline
from pipeline.assembly.wanted import chapter_digest
from pipeline.project.formats import OutputFormat
from pipeline.project.models import Project
from pipeline.project.outputs import Output
from pipeline.render.events import FileWritten, Receiver
from pipeline.render.plan import Plan, PlannedChapter
from pipeline.script.model import ChapterScript
from pipeline.store.layout import Layout
from pipeline.store.sidecars import Take
from pipeline.store.takes import TakeStore


@dataclass(frozen=True, slots=True)
class Desk:
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


def desk_of(
    project: Project, plan: Plan, chapters: Sequence[PlannedChapter], layout: Layout, out: Path, receiver: Receiver
) -> Desk:
    """Place the whole ``chapters`` of a plan. Raises DamagedTake."""
    return Desk(
        project=project,
        store=layout.takes,
        out=out,
        encoded=layout.encoded,
        receiver=receiver,
        numbers={chapter.script.slug: number for number, chapter in enumerate(plan.chapters, 1)},
        timelines={chapter.script.slug: placed(chapter, project, layout.takes) for chapter in chapters},
        scripts={chapter.script.slug: chapter.script for chapter in chapters},
        takes={planned.key: planned.take for planned in plan.segments() if planned.take is not None},
        digests={chapter.script.slug: chapter_digest(project, chapter) for chapter in chapters},
    )


def placed(chapter: PlannedChapter, project: Project, store: TakeStore) -> ChapterTimeline:
    """The chapter's takes and pauses on one time axis. Raises DamagedTake."""
    shapes = [
        TakeShape(take.key, take.samples, take.sample_rate, take.speech_start, take.speech_end, store.words(take))
        for take in (planned.take for planned in chapter.segments)
        if take is not None
    ]
    return place_chapter(chapter.script, shapes, project.pauses)


def take_audio(desk: Desk, key: str) -> NDArray[np.int16]:
    """The samples of a take at the timeline's rate. Raises DamagedTake."""
    return stored_audio(desk.store, desk.takes[key])


def book_audio(desk: Desk, slug: str, output: Output) -> Path:
    """The chapter's AAC or FLAC, kept so that an edit elsewhere makes the book without encoding this chapter again."""
    suffix = "flac" if output.format is OutputFormat.FLAC else "m4a"
    return desk.encoded / f"{desk.digests[slug][:40]}-{output.bitrate_kbps or 0}.{suffix}"


def sound_file(audio: Path) -> Path:
    """What a chapter's AAC sounds like lies beside it: a book is remade from chapters that no run has measured anew."""
    return audio.with_suffix(".json")


def waveforms_in(desk: Desk) -> Path:
    """The folder of kept waveforms, one file for each chapter."""
    return desk.encoded.parent / "waveforms"


def waveform_name(desk: Desk, slug: str) -> str:
    """The name of a chapter's kept waveform: what the chapter is made of, in 40 digits."""
    return desk.digests[slug][:40]


def announce(desk: Desk, path: Path) -> None:
    """Tell of a file that is in its place."""
    desk.receiver(FileWritten(path, path.stat().st_size))
