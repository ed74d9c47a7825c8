"""The takes of one chapter while it is made, measured for the chapter's waveform as they are opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.assembly.reading import stored_audio
from pipeline.assembly.timeline import ChapterTimeline
from pipeline.reports.listening.kept_waveforms import keep_waveform
from pipeline.reports.listening.waveform import Envelope, take_envelope
from pipeline.store.sidecars import Take
from pipeline.store.takes import TakeStore


@dataclass(frozen=True, slots=True)
class ChapterTakes:
    """Opens a chapter's ``takes``; ``waveform`` is where what is seen of them is kept, None where no page shows it."""

    store: TakeStore
    takes: Mapping[str, Take]
    waveform: Path | None
    envelopes: dict[str, Envelope] = field(default_factory=dict)

    def open(self, key: str) -> NDArray[np.int16]:
        """The samples of a take at the timeline's rate. Raises DamagedTake."""
        pcm = stored_audio(self.store, self.takes[key])
        if self.waveform is not None and key not in self.envelopes:
            self.envelopes[key] = take_envelope(pcm)
        return pcm

    def keep_waveform(self, timeline: ChapterTimeline) -> None:
        """Keep the waveform of the chapter, all of whose takes were opened. Raises StorageError."""
        if self.waveform is not None:
            keep_waveform(timeline, self.waveform, self.envelopes)
            self.envelopes.clear()
