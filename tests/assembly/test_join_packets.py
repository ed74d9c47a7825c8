"""The book's packets are copied by their tables, and it is byte for byte the book that a muxer makes of them."""

from __future__ import annotations

import io
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.assembly import book as books
from pipeline.assembly.book import BookChapter, write_m4b
from pipeline.assembly.encoding import ChapterFile, encode_chapter, open_output
from pipeline.assembly.finishing import finish_file
from pipeline.assembly.formats import recipe
from pipeline.assembly.marks import container_chapters, marks_of
from pipeline.assembly.mp4_boxes import box
from pipeline.assembly.mp4_sound import head_for_sound, sound_of
from pipeline.assembly.tags import Tags, iso_639_2
from pipeline.errors import StorageError
from pipeline.project.formats import OutputFormat
from pipeline.project.outputs import Output

FRAME = 1024
BOOK = Tags("The Ledger", "The Ledger", author="M. Penrose", language="en")
USER_DATA = box(b"udta")
LONG = 64
"""Frames that make a model."""


def chapter(folder: Path, title: str, frames: int, kbps: int | None = None, loudness: int = 9000) -> BookChapter:
    """A chapter of noise with a frame of silence around it."""
    pcm = np.zeros(frames * FRAME, np.int16)
    if loudness:
        noise = np.random.default_rng(frames).integers(-loudness, loudness, (frames - 2) * FRAME)
        pcm[FRAME:-FRAME] = noise
    path = folder / f"{frames}.m4a"
    output = Output(format=OutputFormat.M4A, bitrate_kbps=kbps)
    blocks = (pcm[at : at + 24_000] for at in range(0, len(pcm), 24_000))
    encode_chapter(blocks, [ChapterFile(path, output, Tags(title, "The Ledger"))])
    return BookChapter(title, len(pcm), path)


def muxed(path: Path, chapters: list[BookChapter]) -> bytes:
    """The book as FFmpeg's muxer makes it, packet by packet."""
    marks = marks_of((each.title, each.samples) for each in chapters)
    with open_output(path, recipe(Output(format=OutputFormat.M4B))) as book:
        book.set_chapters(container_chapters(marks))
        with av.open(str(chapters[0].audio)) as first:
            stream = book.add_stream_from_template(first.streams.audio[0])
        stream.metadata["language"] = iso_639_2(BOOK.language)
        frame = -1
        for index, each in enumerate(chapters):
            with av.open(str(each.audio)) as part:
                packets = [packet for packet in part.demux(part.streams.audio[0]) if packet.size]
            for packet in packets[1:] if index else packets:
                packet.stream, packet.pts, packet.dts = stream, frame * FRAME, frame * FRAME
                book.mux(packet)
                frame += 1
    finish_file(path, OutputFormat.M4B, BOOK, marks)
    return path.read_bytes()


@pytest.mark.parametrize(
    ("frames", "kbps"),
    [
        pytest.param([30], None, id="one chapter"),
        pytest.param([30, 47, 12], None, id="three chapters"),
        pytest.param([1500, 3, 1501], 128, id="several chunks"),
        pytest.param([300, 211], 192, id="48 kHz"),
    ],
)
def test_it_is_the_muxer_s_book_byte_for_byte(tmp_path: Path, frames: list[int], kbps: int | None) -> None:
    chapters = [chapter(tmp_path, f"Zoë & {count}", count, kbps) for count in frames]
    write_m4b(tmp_path / "book.m4b", chapters, BOOK)
    assert (tmp_path / "book.m4b").read_bytes() == muxed(tmp_path / "muxed.m4b", chapters)


@pytest.mark.slow
def test_a_book_of_fifty_hours_is_too_whose_length_takes_64_bits(tmp_path: Path) -> None:
    hour = chapter(tmp_path, "An hour", 84_375, 32, loudness=0)
    chapters = [hour] * 50
    assert sum(each.samples for each in chapters) > 1 << 32
    write_m4b(tmp_path / "book.m4b", chapters, BOOK)
    assert (tmp_path / "book.m4b").read_bytes() == muxed(tmp_path / "muxed.m4b", chapters)


@pytest.mark.parametrize(("hours", "kbps"), [(60.0, None), (13.0, 192), (0.01, 192)])
def test_a_book_is_as_long_as_its_packets_however_long_a_chapter_is(
    tmp_path: Path, hours: float, kbps: int | None
) -> None:
    made = chapter(tmp_path, "One", 30, kbps)
    rate = 48_000 if kbps else 24_000
    frames = int(hours * 3600 * rate) // FRAME
    marks = marks_of([("One", frames * FRAME * 24_000 // rate // 2), ("Two", frames * FRAME * 24_000 // rate // 2)])
    model = books._model(made, [frames // 2 + 1, frames + 1], BOOK, marks)
    with av.open(io.BytesIO(model)) as container:
        stream = container.streams.audio[0]
        assert stream.rate == rate
        assert stream.duration == frames * FRAME


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A file as the muxer leaves it, its index at the end."""
    folder = tmp_path_factory.mktemp("model")
    made = chapter(folder, "One", LONG)
    out = io.BytesIO()
    with open_output(out, recipe(Output(format=OutputFormat.M4B))) as book, av.open(str(made.audio)) as part:
        book.set_chapters(container_chapters(marks_of([("One", made.samples)])))
        stream = book.add_stream_from_template(part.streams.audio[0])
        for packet in part.demux(part.streams.audio[0]):
            if packet.size:
                packet.stream = stream
                book.mux(packet)
    return out.getvalue()


@settings(deadline=None)
@given(sizes=st.lists(st.integers(1, 700_000), min_size=1, max_size=200))
def test_any_packets_are_found_again_where_they_lie(model: bytes, sizes: list[int]) -> None:
    head = head_for_sound(model, np.array(sizes, np.uint32), FRAME, USER_DATA)
    found = sound_of(Padded(head, sum(sizes)))
    assert found.sizes.tolist() == sizes
    assert (found.start, found.rate) == (len(head), 24_000)


def test_sound_beyond_four_gigabytes_is_played_to_its_end(tmp_path: Path, model: bytes) -> None:
    """A file with a hole in it stands for 5 GiB of sound."""
    sizes = np.full(10_000, 536_870, np.uint32)
    sizes[-1] = 7
    head = head_for_sound(model, sizes, FRAME, USER_DATA)
    path = tmp_path / "large.m4b"
    with path.open("wb") as file:
        file.write(head)
        file.truncate(len(head) + int(sizes.sum()))
    with av.open(str(path), options={"ignore_editlist": "1"}) as book:
        stream = book.streams.audio[0]
        book.seek(9_998 * FRAME, stream=stream)
        packets = [packet for packet in book.demux(stream) if packet.size]
        assert packets[-1].size == 7
        assert packets[-1].pos == len(head) + int(sizes[:-1].sum())
    path.unlink()


def test_chunks_stay_below_a_mebibyte_where_packets_let_them(tmp_path: Path, model: bytes) -> None:
    sizes = np.array([1 << 19, (1 << 19) - 1, 1, 1 << 21, 5, 6], np.uint32)
    head = head_for_sound(model, sizes, FRAME, USER_DATA)
    at = head.index(b"stco") + 8
    count = int.from_bytes(head[at : at + 4])
    starts = [int.from_bytes(head[at + 4 * n : at + 4 * n + 4]) - len(head) for n in range(1, count + 1)]
    ends = np.cumsum(sizes)
    assert starts == [0, ends[1], ends[2], ends[3]]
    assert [second - first for first, second in pairwise(starts)] == [(1 << 20) - 1, 1, 1 << 21]


@settings(deadline=None)
@given(data=st.data())
def test_a_damaged_index_is_refused_or_tells_packets_within_the_file(model: bytes, data: st.DataObject) -> None:
    index = model.index(b"moov")
    damaged = bytearray(model[: data.draw(st.integers(0, len(model)) | st.just(len(model)))])
    for _ in range(data.draw(st.integers(0, 4))):
        if len(damaged) > index:
            damaged[data.draw(st.integers(index, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = sound_of(io.BytesIO(damaged))
    except ValueError:
        return
    assert 0 <= found.start < len(damaged)
    assert found.start + found.sizes.sum(dtype=np.int64) <= len(damaged)


def test_a_chapter_that_is_cut_off_is_named_and_the_older_book_stays(tmp_path: Path) -> None:
    made = chapter(tmp_path, "One", 30)
    made.audio.write_bytes(made.audio.read_bytes()[:-1])
    (tmp_path / "book.m4b").write_bytes(b"older")
    with pytest.raises(StorageError, match=r"30\.m4a: the chapter's audio cannot be read") as refused:
        write_m4b(tmp_path / "book.m4b", [made], BOOK)
    assert refused.value.hint == "remove the file and assemble again"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["30.m4a", "book.m4b"]
    assert (tmp_path / "book.m4b").read_bytes() == b"older"


class Padded(io.BytesIO):
    """A file whose end is sound that nobody reads."""

    def __init__(self, head: bytes, more: int) -> None:
        super().__init__(head)
        self._end = len(head) + more

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._end if whence == 2 else super().seek(offset, whence)
