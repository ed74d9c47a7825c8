"""Chapter files: as long as the timeline, tagged, the same bytes twice, whole or absent."""

from __future__ import annotations

import base64
import resource
import signal
import struct
import subprocess
import sys
import threading
import zlib
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.assembly.chapters import encode_chapters
from pipeline.assembly.cover import read_cover
from pipeline.assembly.encoding import ChapterFile, encode_chapter
from pipeline.assembly.formats import recipe
from pipeline.assembly.making import ChapterJob
from pipeline.assembly.marks import chapter_title
from pipeline.assembly.tags import DISCLOSURE, Tags, iso_639_2
from pipeline.assembly.timeline import ChapterTimeline, Clip
from pipeline.engines.protocol import WordTimes
from pipeline.errors import InputError, StorageError
from pipeline.project.formats import OutputFormat
from pipeline.project.outputs import Output

AUDIO = [OutputFormat.WAV, OutputFormat.FLAC, OutputFormat.MP3, OutputFormat.M4A, OutputFormat.OPUS]
SAMPLES = 1024 * 60


def png(width: int = 40, height: int = 30) -> bytes:
    def piece(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes([200, 30, 90]) * width for _ in range(height))
    header = piece(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + piece(b"IDAT", zlib.compress(rows)) + piece(b"IEND", b"")


def voice(samples: int = SAMPLES, seed: int = 1) -> np.ndarray:
    """Something like speech: harmonics of a moving pitch, in syllables, between silences."""
    at = np.arange(samples) / 24_000
    pitch = 2 * np.pi * np.cumsum(120 + 20 * np.sin(2 * np.pi * 0.7 * at + seed)) / 24_000
    tone = sum(np.sin(n * pitch) / n for n in range(1, 12))
    syllables = np.clip(np.sin(2 * np.pi * 3.1 * at + seed), 0, 1)
    edge = np.clip(np.minimum(np.arange(samples), np.arange(samples)[::-1]) - 2048, 0, 200) / 200
    return (6000 * tone * syllables * edge).astype(np.int16)


def blocks(pcm: np.ndarray) -> list[np.ndarray]:
    return [pcm[at : at + 24_000] for at in range(0, len(pcm), 24_000)]


def decoded(path: Path) -> tuple[np.ndarray, int]:
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    parts = [frame.to_ndarray().reshape(-1) for frame in frames]
    pcm = np.concatenate(parts)
    return (pcm if pcm.dtype == np.float32 else pcm / 32768), frames[0].sample_rate


@pytest.fixture
def cover(tmp_path: Path):
    (tmp_path / "cover.png").write_bytes(png())
    return read_cover(tmp_path / "cover.png")


@pytest.fixture
def tags(cover) -> Tags:
    return Tags(
        title="Der Wärter",
        album="The Ledger",
        author="M. Penrose",
        narrator="Heart",
        publisher="Own Press",
        series="Lights",
        isbn="9780000000002",
        date="2024",
        description="A keeper and his book.",
        language="en-GB",
        track=2,
        tracks=12,
        cover=cover,
    )


@pytest.mark.parametrize("kind", AUDIO)
def test_a_file_is_as_long_as_its_timeline_and_sounds_the_same(tmp_path, tags, kind):
    pcm = voice()
    path = tmp_path / f"one.{kind}"
    encode_chapter(blocks(pcm), [ChapterFile(path, Output(format=kind), tags)])
    heard, rate = decoded(path)
    assert len(heard) * 24_000 == len(pcm) * rate
    heard = heard[:: rate // 24_000]
    wanted = pcm / 32768
    noise = np.sum((heard - wanted) ** 2) / np.sum(wanted**2)
    if kind in (OutputFormat.WAV, OutputFormat.FLAC):
        assert noise == 0
    elif kind is not OutputFormat.OPUS:  # Opus keeps no wave form
        assert noise < 0.05
    envelope = [np.abs(part[: SAMPLES // 240 * 240].reshape(-1, 240)).max(axis=1) for part in (heard, wanted)]
    assert np.corrcoef(*envelope)[0, 1] > 0.98


@pytest.mark.parametrize("kind", AUDIO)
def test_the_same_chapter_gives_the_same_bytes(tmp_path, tags, kind):
    for name in ("first", "second"):
        encode_chapter(blocks(voice()), [ChapterFile(tmp_path / name, Output(format=kind), tags)])
    first = (tmp_path / "first").read_bytes()
    assert first == (tmp_path / "second").read_bytes()
    assert b"Lavc" not in first
    assert b"Lavf6" not in first


@pytest.mark.parametrize("kind", AUDIO)
def test_the_size_of_the_blocks_does_not_matter(tmp_path, tags, kind):
    pcm = voice()
    encode_chapter(blocks(pcm), [ChapterFile(tmp_path / "first", Output(format=kind), tags)])
    uneven = np.split(pcm, [1, 777, 30_000, 30_001, 50_000])
    encode_chapter(uneven, [ChapterFile(tmp_path / "second", Output(format=kind), tags)])
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_several_files_are_made_in_one_pass_as_if_alone(tmp_path, tags):
    together = [ChapterFile(tmp_path / f"all.{kind}", Output(format=kind), tags) for kind in AUDIO]
    encode_chapter(iter(blocks(voice())), together)
    for kind in AUDIO:
        encode_chapter(blocks(voice()), [ChapterFile(tmp_path / f"own.{kind}", Output(format=kind), tags)])
        assert (tmp_path / f"all.{kind}").read_bytes() == (tmp_path / f"own.{kind}").read_bytes()


EXPECTED = {
    "title": "Der Wärter",
    "artist": "M. Penrose",
    "album": "The Ledger",
    "composer": "Heart",
    "genre": "Audiobook",
    "date": "2024",
}


@pytest.mark.parametrize("kind", [OutputFormat.FLAC, OutputFormat.MP3, OutputFormat.M4A, OutputFormat.OPUS])
def test_tags_and_cover_are_read_back(tmp_path, tags, kind, cover):
    path = tmp_path / f"one.{kind}"
    encode_chapter(blocks(voice()), [ChapterFile(path, Output(format=kind), tags)])
    with av.open(str(path)) as container:
        found = {**container.metadata, **container.streams.audio[0].metadata}
        found = {name.lower(): value for name, value in found.items()}
        assert EXPECTED.items() <= found.items()
        assert (found["track"], found.get("tracktotal")) in (("2/12", None), ("2", "12"))
        assert DISCLOSURE in found["comment"]
        picture = next(packet for packet in container.demux(container.streams.video[0]) if packet.size)
        assert bytes(picture) == cover.data


def test_mp3_has_constant_bitrate_id3v2_3_and_no_other_rate_than_asked(tmp_path, tags):
    path = tmp_path / "one.mp3"
    encode_chapter(blocks(voice()), [ChapterFile(path, Output(format=OutputFormat.MP3, bitrate_kbps=48), tags)])
    data = path.read_bytes()
    assert data[:4] == b"ID3\x03"
    assert b"APIC" in data[:4096]
    assert b"TPUB" in data[:4096]
    with av.open(str(path)) as container:
        sizes = {packet.size for packet in container.demux(audio=0) if packet.size}
        assert container.streams.audio[0].bit_rate == 48_000
    assert sizes == {144}


@pytest.mark.parametrize(
    ("kind", "kbps", "rate"),
    [
        (OutputFormat.MP3, 160, 24_000),
        (OutputFormat.MP3, 192, 44_100),
        (OutputFormat.M4A, 128, 24_000),
        (OutputFormat.M4A, 192, 48_000),
    ],
)
def test_the_rate_rises_only_where_the_bitrate_needs_it(tmp_path, tags, kind, kbps, rate):
    path = tmp_path / "one"
    encode_chapter(blocks(voice()), [ChapterFile(path, Output(format=kind, bitrate_kbps=kbps), tags)])
    heard, found = decoded(path)
    assert found == rate == recipe(Output(format=kind, bitrate_kbps=kbps)).rate
    assert abs(len(heard) / rate - SAMPLES / 24_000) < 0.0001


def test_every_bitrate_that_a_manifest_may_ask_for_can_be_encoded(tmp_path, tags):
    kinds = {"mp3": (32, 112, 144, 320), "m4a": (24, 32, 128, 144, 320), "opus": (12, 64, 256)}
    for kind, rates in kinds.items():
        for kbps in rates:
            output = Output(format=OutputFormat(kind), bitrate_kbps=kbps)
            encode_chapter(blocks(voice(20_480)), [ChapterFile(tmp_path / f"{kbps}.{kind}", output, tags)])
            heard, rate = decoded(tmp_path / f"{kbps}.{kind}")
            assert abs(len(heard) / rate - 20_480 / 24_000) < 0.0001


def test_captions_are_not_encoded():
    with pytest.raises(ValueError, match="srt is not audio"):
        recipe(Output(format=OutputFormat.SRT))


def test_a_failure_while_reading_leaves_no_file(tmp_path, tags):
    def failing():
        yield voice()[:24_000]
        raise StorageError("take 12 is damaged")

    files = [ChapterFile(tmp_path / f"one.{kind}", Output(format=kind), tags) for kind in AUDIO]
    before = set(tmp_path.iterdir())
    with pytest.raises(StorageError, match="damaged"):
        encode_chapter(failing(), files)
    assert set(tmp_path.iterdir()) == before


def test_an_older_file_survives_a_failure(tmp_path, tags):
    path = tmp_path / "one.mp3"
    path.write_bytes(b"older")

    def failing():
        yield voice()
        raise StorageError("take 12 is damaged")

    with pytest.raises(StorageError):
        encode_chapter(failing(), [ChapterFile(path, Output(format=OutputFormat.MP3), tags)])
    assert path.read_bytes() == b"older"


def test_a_folder_that_cannot_be_made_is_a_storage_error_that_names_the_file(tmp_path, tags):
    (tmp_path / "file").write_text("in the way")
    path = tmp_path / "file" / "one.mp3"
    with pytest.raises(StorageError, match=r"one\.mp3"):
        encode_chapter(blocks(voice()), [ChapterFile(path, Output(format=OutputFormat.MP3), tags)])


@pytest.mark.skipif(sys.platform == "win32", reason="no file size limits on Windows")
@pytest.mark.parametrize("kind", AUDIO)
def test_a_full_disk_is_a_storage_error_and_leaves_nothing(tmp_path, kind):
    code = f"""
import numpy as np, pathlib
from pipeline.assembly.encoding import ChapterFile, encode_chapter
from pipeline.assembly.making import ChapterJob
from pipeline.assembly.tags import Tags
from pipeline.errors import StorageError
from pipeline.project.formats import OutputFormat
from pipeline.project.outputs import Output
noise = np.random.default_rng(1).integers(-9000, 9000, 24000).astype(np.int16)
try:
    output = Output(format=OutputFormat("{kind}"))
    encode_chapter([noise] * 90, [ChapterFile(pathlib.Path("one"), output, Tags("a", "b"))])
except StorageError as error:
    print("refused:", error)
"""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, preexec_fn=limit, capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("refused: cannot write one"), done
    assert list(tmp_path.iterdir()) == []


def job(slug: str, samples: int, path: Path, open_take=lambda key: voice()) -> ChapterJob:
    none = np.empty(0, np.int32)
    clips = (Clip(slug, 0, 1024, samples - 2048),)
    timeline = ChapterTimeline(slug, slug, "", samples, clips, WordTimes(none, none, none, none))
    return ChapterJob(timeline, (ChapterFile(path, Output(format=OutputFormat.MP3), Tags(slug, "Book")),), open_take)


def test_chapters_side_by_side_are_what_they_are_alone(tmp_path):
    jobs = [job(f"c{n}", 1024 * (20 + 10 * n), tmp_path / f"{n}.mp3") for n in range(5)]
    done = []
    encode_chapters(jobs, threads=3, on_done=lambda made: done.append(made.timeline.slug))
    assert sorted(done) == ["c0", "c1", "c2", "c3", "c4"]
    alone = job("c3", 1024 * 50, tmp_path / "alone.mp3")
    encode_chapters([alone], threads=1, on_done=lambda made: None)
    assert (tmp_path / "alone.mp3").read_bytes() == (tmp_path / "3.mp3").read_bytes()


def test_the_first_failure_stops_the_others_and_is_the_one_raised(tmp_path):
    def open_take(key: str) -> np.ndarray:
        if key == "c1":
            raise StorageError("take c1 is damaged")
        return voice()

    jobs = [job(f"c{n}", 1024 * 50, tmp_path / f"{n}.mp3", open_take) for n in range(40)]
    with pytest.raises(StorageError, match="c1 is damaged"):
        encode_chapters(jobs, threads=2, on_done=lambda made: None)
    made = list(tmp_path.iterdir())
    assert len(made) < 20
    assert not [path for path in made if path.suffix != ".mp3"]


def test_a_failure_stops_a_long_chapter_in_its_middle(tmp_path):
    started, opened = threading.Event(), []

    def open_take(key: str) -> np.ndarray:
        if key == "bad":
            started.wait(10)
            raise StorageError("take bad is damaged")
        opened.append(key)
        started.set()
        return voice()

    clips = tuple(Clip(f"{n}", 0, 1024 + n * SAMPLES, SAMPLES) for n in range(400))
    none = np.empty(0, np.int32)
    timeline = ChapterTimeline("long", "", "", 402 * SAMPLES, clips, WordTimes(none, none, none, none))
    file = ChapterFile(tmp_path / "long.mp3", Output(format=OutputFormat.MP3), Tags("a", "b"))
    jobs = [ChapterJob(timeline, (file,), open_take), job("bad", 1024 * 50, tmp_path / "bad.mp3", open_take)]
    with pytest.raises(StorageError, match="bad is damaged"):
        encode_chapters(jobs, threads=2, on_done=lambda made: None)
    assert len(opened) < 300
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_ends_it_and_keeps_what_was_finished(tmp_path):
    def interrupted(_made: ChapterJob) -> None:
        raise KeyboardInterrupt

    jobs = [job(f"c{n}", 1024 * 50, tmp_path / f"{n}.mp3") for n in range(40)]
    with pytest.raises(KeyboardInterrupt):
        encode_chapters(jobs, threads=2, on_done=interrupted)
    finished = list(tmp_path.iterdir())
    assert 1 <= len(finished) < 20
    assert {path.suffix for path in finished} == {".mp3"}


def test_a_title_is_cut_between_characters_at_255_bytes():
    assert chapter_title("Kapitel 1") == "Kapitel 1"
    assert chapter_title("é" * 200) == "é" * 127
    assert chapter_title("日" * 100) == "日" * 85
    assert len(chapter_title("x" * 300)) == 255


@pytest.mark.parametrize(("tag", "code"), [("en-GB", "eng"), ("de", "deu"), ("zh_Hant", "zho"), ("gsw", "gsw")])
def test_languages_get_their_three_letters(tag, code):
    assert iso_639_2(tag) == code
    assert iso_639_2(None) == iso_639_2("xx") == "und"


@pytest.mark.parametrize(
    ("data", "says"), [(b"GIF89a....", "neither JPEG nor PNG"), (png()[:60], "damaged"), (None, "cannot be read")]
)
def test_a_picture_that_players_do_not_show_is_refused_with_its_name(tmp_path, data, says):
    path = tmp_path / "cover.png"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(InputError, match=f"cover.png: .*{says}"):
        read_cover(path)


def test_opus_carries_the_cover_as_a_picture_block(tags):
    from pipeline.assembly.tags import container_metadata

    block = base64.b64decode(container_metadata(tags, OutputFormat.OPUS)["METADATA_BLOCK_PICTURE"])
    assert block[:4] == b"\0\0\0\3"
    assert block.endswith(tags.cover.data)
    assert struct.unpack(">II", block[4 + 4 + 9 + 4 :][:8]) == (40, 30)
