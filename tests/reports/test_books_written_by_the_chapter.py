"""However long a book is, its captions and its page are made and held a chapter at a time."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
import orjson
import pytest
from listening_books import rendered
from numpy.typing import NDArray

from pipeline.assembly.timeline import ChapterTimeline
from pipeline.captions.captioned import CaptionedChapter
from pipeline.captions.captioning import BookCaptions, caption
from pipeline.captions.cues import Cue
from pipeline.project.outputs import Output
from pipeline.reports import caption_files, chapter_takes
from pipeline.reports.chapter_takes import ChapterTakes
from pipeline.reports.listening import page_file
from pipeline.reports.listening.chapter_data import chapter_data
from pipeline.reports.listening.page import Page, PageChapter, page_html
from pipeline.reports.listening.waveform import Envelope, take_envelope
from pipeline.reports.timeline_json import chapters_written

BOOK = "\n\n".join(f"# Part {number}\n\nThe lamp was lit {number} times. Nobody saw it." for number in "12345")


class Cues(list[Cue]):
    """Cues that can be watched."""


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str, int]]]:
    """Chapter and format of all captions made, and how many others were still held then."""
    made: list[weakref.ref[Cues]] = []
    rows: list[tuple[str, str, int]] = []

    def watched(book: BookCaptions, timeline: ChapterTimeline, output: Output) -> CaptionedChapter:
        rows.append((timeline.slug, output.format, sum(each() is not None for each in made)))
        captioned = caption(book, timeline, output)
        cues = Cues(captioned.cues)
        made.append(weakref.ref(cues))
        return CaptionedChapter(timeline, cues, captioned.language)

    monkeypatch.setattr(caption_files, "caption", watched)
    yield rows
    assert rows


@pytest.mark.parametrize("formats", [["srt", "vtt"], ["lrc"]])
def test_every_chapter_is_captioned_once_an_output_and_let_go(
    tmp_path: Path, held: list[tuple[str, str, int]], formats: list[str]
) -> None:
    published = rendered(tmp_path, BOOK, f"[{', '.join(f'{{format: {each}}}' for each in formats)}]")
    assert [row[:2] for row in held] == [(f"part-{number}", each) for each in formats for number in "12345"]
    assert max(row[2] for row in held) <= 1  # the one whose file was just written
    assert ("sync" in published.caption_violations) == ("srt" in formats)  # lines of LRC follow no rules


def test_nothing_is_captioned_for_a_book_without_captions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caption_files, "caption", None)
    assert rendered(tmp_path, BOOK, "[{format: mp3}]").caption_violations == {}


def test_captions_of_one_chapter_are_those_of_the_book_from_its_start(tmp_path: Path) -> None:
    rendered(tmp_path, BOOK, "[{format: lrc}, {format: srt}]")
    chapters = [path.read_text().split("\n\n") for path in sorted((tmp_path / "build" / "srt").iterdir())]
    book = (tmp_path / "build" / "ada-the-lamp.srt").read_text().split("\n\n")
    texts = [[cue.split("\n", 2)[2] for cue in file if cue.strip()] for file in (*chapters, book)]
    assert len(chapters) == 5
    assert list(chain(*texts[:-1])) == texts[-1]


def test_the_page_asks_for_a_chapters_text_when_it_writes_it() -> None:
    asked: list[int] = []

    def data(number: int) -> dict[str, int]:
        asked.append(number)
        return {"number": number}

    chapters = tuple(PageChapter(f"c{number}", "C", 1.0, (), b"", partial(data, number)) for number in range(3))
    pieces = page_html(Page("book", "Book", "", "en", chapters, (), None))
    blocks = [(piece, list(asked)) for piece in pieces if '"number":' in piece]
    assert [seen for _, seen in blocks] == [[0], [0, 1], [0, 1, 2]]


def test_the_data_of_a_page_is_made_of_one_chapter_after_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def watched(timeline: ChapterTimeline, takes: dict[str, object]) -> dict[str, object]:
        made.append(timeline.slug)
        return chapter_data(timeline, takes)  # type: ignore[arg-type]

    monkeypatch.setattr(page_file, "chapter_data", watched)
    rendered(tmp_path, BOOK)
    assert made == [f"part-{number}" for number in "12345"]


def test_a_take_is_measured_while_its_chapter_is_made_and_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[int] = []
    left: list[int] = []
    keep = ChapterTakes.keep_waveform

    def watched(self: ChapterTakes, timeline: ChapterTimeline) -> None:
        assert set(self.envelopes) == {clip.key for clip in timeline.clips}
        keep(self, timeline)
        left.append(len(self.envelopes))

    def counted(pcm: NDArray[np.int16]) -> Envelope:
        measured.append(len(pcm))
        return take_envelope(pcm)

    monkeypatch.setattr(chapter_takes, "take_envelope", counted)
    monkeypatch.setattr(ChapterTakes, "keep_waveform", watched)
    monkeypatch.setattr(
        "pipeline.reports.listening.kept_waveforms.take_envelope", lambda pcm: pytest.fail("a take was read twice")
    )
    rendered(tmp_path, BOOK)
    assert left == [0] * 5
    assert len(measured) == 10  # five titles, five paragraphs
    assert len(list((tmp_path / ".narration" / "waveforms").iterdir())) == 5


def test_a_timeline_is_read_back_by_the_chapter_and_only_whole(tmp_path: Path) -> None:
    rendered(tmp_path, BOOK)
    path = tmp_path / "build" / "timeline.json"
    document = path.read_bytes()
    assert list(chapters_written(path)) == orjson.loads(document)["chapters"]
    for damage in (document[:-3], document[: len(document) // 2], b"", document.replace(b"\n", b"")):
        path.write_bytes(damage)
        with pytest.raises(ValueError, match=r"timeline\.json|JSON|unexpected"):
            list(chapters_written(path))
