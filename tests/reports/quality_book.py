"""A small rendered book of real speech, and ways to damage it."""

from __future__ import annotations

import shutil
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline import workflow
from pipeline.engines.protocol import Speech, WordTimes
from pipeline.project.loading import load_project
from pipeline.render.plan import Plan, PlannedSegment
from pipeline.reports.quality.findings import Finding, Kind
from pipeline.reports.quality.verifying import Verification
from pipeline.reports.run_record import read_run_record, write_run_record
from pipeline.store.edges import speech_bounds
from pipeline.store.layout import Layout

RATE = 24_000
PARAGRAPHS = (
    "The ferry came in late that evening, and nobody on the quay was surprised to see it.",
    "Old Marten counted the lamps along the wall, as he had counted them every night for thirty years.",
    "There were eleven of them, and then there were ten, because the wind had found its way into the last.",
    "He wrote the number down in his book, with the hour and the weather, and closed the cover again.",
    "In the morning a stranger asked him for the book, and offered more for it than the boat was worth.",
    "Marten laughed at him, and poured two cups of coffee, and said that the numbers were not for sale.",
)
MANIFEST = """\
title: The Quay
language: en
voices: {narrator: {hibari: {voice: heart}}}
casting: {default: narrator}
chapters: [{source: 'text/*.md', split: file}]
segment_target: 100
outputs: [{format: wav}]
"""


@dataclass(frozen=True)
class QualityBook:
    """A rendered project in a folder of its own, to be damaged."""

    folder: Path

    @property
    def layout(self) -> Layout:
        return Layout.of(load_project(self.folder))

    def plan(self) -> Plan:
        return workflow.plan(self.folder)

    def verify(self) -> Verification:
        return workflow.verify(self.folder, jobs=1)

    def wav(self) -> NDArray[np.int16]:
        with wave.open(str(self._wav()), "rb") as file:
            return np.frombuffer(file.readframes(file.getnframes()), np.int16).copy()

    def write_wav(self, pcm: NDArray[np.int16]) -> None:
        """Put other samples into the first chapter's file."""
        with wave.open(str(self._wav()), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(pcm.astype(np.int16).tobytes())

    def _wav(self) -> Path:
        return next(iter(sorted((self.folder / "build" / "wav").glob("*.wav"))))

    def take(self, index: int) -> tuple[PlannedSegment, NDArray[np.int16], WordTimes]:
        """A segment of the first chapter, with its audio and words."""
        planned = self.plan().chapters[0].segments[index]
        assert planned.take is not None
        store = self.layout.takes
        return planned, store.audio(planned.take).copy(), store.words(planned.take)

    def replace_take(self, planned: PlannedSegment, pcm: NDArray[np.int16], words: WordTimes) -> None:
        """Let the engine have made something else of a segment, and make the files of it."""
        assert planned.take is not None
        speech = Speech(pcm.astype(np.int16), RATE, words, planned.take.usage)
        self.layout.takes.put(planned.key, planned.inputs, speech, speech_bounds(speech.pcm), planned.take.attempt)


def render_book(folder: Path, manifest: str = MANIFEST, chapters: tuple[str, ...] = ("The Lamps",)) -> QualityBook:
    """Speak it with the embedded engine; all chapters say the same below their titles."""
    (folder / "text").mkdir(parents=True)
    for number, title in enumerate(chapters, 1):
        (folder / "text" / f"{number}.md").write_text(f"# {title}\n\n" + "\n\n".join(PARAGRAPHS) + "\n")
    (folder / "project.yaml").write_text(manifest)
    outcome = workflow.render(folder, engine=None, options=workflow.RenderOptions(jobs=1), receiver=lambda event: None)
    assert outcome.error is None
    return QualityBook(folder)


def copied(book: QualityBook, folder: Path) -> QualityBook:
    """A copy to be damaged."""
    shutil.copytree(book.folder, folder)
    return QualityBook(folder)


def without_files(book: QualityBook) -> QualityBook:
    """Only its takes are listened to."""
    record = read_run_record(book.layout.outputs)
    assert record is not None
    write_run_record(book.layout.outputs, record.model_copy(update={"files": ()}))
    return book


def of_kind(report: Verification, kind: Kind) -> list[Finding]:
    return [finding for finding in report.findings if finding.kind is kind]
