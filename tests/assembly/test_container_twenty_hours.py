"""Over twenty hours, what is heard stays where marks and captions say, to the sample."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.assembly.book import BookChapter, write_m4b
from pipeline.assembly.encoding import ChapterFile, encode_chapter
from pipeline.assembly.marks import marks_of
from pipeline.assembly.tags import Tags
from pipeline.assembly.timeline import TIMELINE_RATE, ChapterTimeline, Timeline
from pipeline.engines.protocol import WordTimes
from pipeline.project.formats import OutputFormat
from pipeline.project.outputs import Output

FRAME = 1024
CLICK = 5 * FRAME + 300
"""A click stands this far behind a chapter's start and this far before its end."""
PIXEL_FRAME = TIMELINE_RATE // 24
"""A frame of film, which captions may be off by; what is measured is a sample."""


def clicked(folder: Path, frames: int) -> BookChapter:
    """A silent chapter with a click near either end."""
    pcm = np.zeros(frames * FRAME, np.int16)
    shape = (20_000 * np.hanning(9)).astype(np.int16)
    for at in (CLICK, len(pcm) - CLICK):
        pcm[at - 4 : at + 5] = shape
    path = folder / f"{frames}.m4a"
    output = Output(format=OutputFormat.M4A, bitrate_kbps=32)
    encode_chapter(
        (pcm[at : at + 24_000] for at in range(0, len(pcm), 24_000)), [ChapterFile(path, output, Tags("a", "b"))]
    )
    return BookChapter(f"{frames} frames", len(pcm), path)


def loudest_near(container: av.container.InputContainer, sample: int) -> int:
    """The sample of the book that is loudest within a quarter of a second of ``sample``, as a player finds it."""
    stream = container.streams.audio[0]
    container.seek(max(0, sample - TIMELINE_RATE // 2), stream=stream)
    parts, start = [], None
    for frame in container.decode(stream):
        if start is None:
            start = frame.pts
        parts.append(frame.to_ndarray().reshape(-1))
        if frame.pts + frame.samples > sample + TIMELINE_RATE // 4:
            break
    heard = np.abs(np.concatenate(parts))
    low = max(0, sample - TIMELINE_RATE // 4 - start)
    return start + low + int(np.argmax(heard[low : sample + TIMELINE_RATE // 4 - start]))


@pytest.mark.slow
def test_clicks_at_both_ends_of_every_chapter_are_heard_where_the_timeline_has_them(tmp_path):
    kinds = [clicked(tmp_path, frames) for frames in (14_001, 9_777, 16_384)]
    chapters = [kinds[n % 3] for n in range(128)]
    assert sum(each.samples for each in chapters) > 20 * 3600 * TIMELINE_RATE
    write_m4b(tmp_path / "book.m4b", chapters, Tags("Long", "Long"))
    none = np.empty(0, np.int32)
    words = WordTimes(none, none, none, none)
    starts = Timeline(
        tuple(ChapterTimeline(f"{n}", each.title, "", each.samples, (), words) for n, each in enumerate(chapters))
    ).starts()
    marks = marks_of((each.title, each.samples) for each in chapters)
    assert [mark.start_sample for mark in marks] == starts
    with av.open(str(tmp_path / "book.m4b")) as container:
        stream = container.streams.audio[0]
        assert stream.time_base.denominator == TIMELINE_RATE
        assert stream.duration == marks[-1].end_sample
        found = [each["start"] * each["time_base"] * TIMELINE_RATE for each in container.chapters()]
        assert max(abs(float(at) - start) for at, start in zip(found, starts, strict=True)) <= TIMELINE_RATE / 1000
        off = [
            loudest_near(container, at) - at
            for mark in marks
            for at in (mark.start_sample + CLICK, mark.end_sample - CLICK)
        ]
    assert max(map(abs, off)) <= 1 < PIXEL_FRAME
