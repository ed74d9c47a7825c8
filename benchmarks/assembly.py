"""Assembling two hours of takes: ours against the bare encoders, and against pydub's ``combined += segment``.

    python benchmarks/assembly.py [--quick] [--skip-pydub]

Builds 900 takes (12 chapters) from two minutes of rendered speech, stores them as the store does, and runs each
way in a process of its own: wall seconds of the whole process (imports and all), peak memory as the system
counted it. The bare encoders get their PCM from memory, on both cores, and nothing is muxed or written; only
their encoding is timed. pydub reads WAV files, as it needs an ffmpeg binary for anything else; it exports with
ffmpeg where there is one, and with PyAV at the encoders' default settings where there is none.
Targets: at most 1.15 times the bare encoders; at most 100 MiB and 15 MiB an hour of book; at least 3 times as fast
as pydub in less than a sixth of its memory.
"""

# ruff: noqa: PLC0415 - each way imports only what it needs, since its memory is measured

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
import wave
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from assembly_takes import take_in
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pipeline.assembly.timeline import ChapterTimeline

RATE = 24_000
SEGMENTS, CHAPTERS, SECONDS_EACH = 900, 12, 8.0
KBPS = 64
THREADS = 2
TEXT = (
    "The harbour lay under a thin skin of ice, and nobody had rowed out since Sunday. Agnes counted the boats twice, "
    "wrote the number down, and closed the ledger. \u201cSeventeen,\u201d she said. \u201cThere were eighteen when the "
    "light went out.\u201d Her brother shrugged, pulled the shutters to, and asked whether the soup was hot. It was "
    "not. Outside, something knocked against the quay, patient as a clock. They listened. Far off, past the breakwater "
    "and the fish sheds, a bell answered; then the wind came round to the north and took every other sound away. "
)


@dataclass(frozen=True)
class Result:
    """Seconds of audio made, of wall clock and of processor time (both cores), and the peak of memory in MiB."""

    audio: float
    wall: float = 0.0
    cpu: float = 0.0
    peak: float = 0.0


def rendered_speech(seconds: float) -> NDArray[np.int16]:
    """Speech of the embedded engine, at least this long."""
    from hibari import Hibari

    engine = Hibari(threads=THREADS)
    parts: list[NDArray[np.int16]] = []
    made = 0
    while made < seconds * RATE:
        speech = np.asarray(engine(TEXT, speed=0.9 + 0.03 * len(parts), seed=len(parts)))
        parts.append((np.clip(speech, -1, 1) * 32767).astype(np.int16))
        made += len(speech)
    return np.concatenate(parts)


def build(folder: Path) -> Result:
    """Takes as FLAC, as WAV for pydub, and the plan of the chapters; two hours, or what the folder's name says."""
    from pipeline.store.edges import speech_bounds
    from pipeline.store.flac import encode_flac

    speech = rendered_speech(120.0)
    segments, chapters = (60, 4) if folder.name == "quick" else (SEGMENTS, CHAPTERS)
    random = np.random.default_rng(7)
    takes = []
    for number in range(segments):
        samples = int(RATE * SECONDS_EACH * random.uniform(0.6, 1.4))
        start = int(random.integers(0, len(speech) - samples))
        pcm = (speech[start : start + samples] * random.uniform(0.6, 1.0)).astype(np.int16)
        data = encode_flac(pcm, RATE)
        (folder / f"{number}.flac").write_bytes(data)
        with wave.open(str(folder / f"{number}.wav"), "wb") as file:
            file.setparams((1, 2, RATE, 0, "NONE", ""))
            file.writeframes(pcm.tobytes())
        checksum = hashlib.sha256(data).hexdigest()
        takes.append({"samples": samples, "bounds": speech_bounds(pcm), "sha256": checksum})
    (folder / "book.json").write_text(json.dumps({"takes": takes, "chapters": chapters}))
    return Result(audio=segments * SECONDS_EACH)


def chapters_of(folder: Path) -> list[list[int]]:
    """The numbers of the takes, chapter by chapter."""
    book = json.loads((folder / "book.json").read_text())
    return [list(part) for part in np.array_split(np.arange(len(book["takes"])), book["chapters"])]


def ours(folder: Path) -> Result:
    """Place, encode every chapter to MP3 and AAC in one pass, join the book."""
    from pipeline.assembly.book import BookChapter, write_m4b
    from pipeline.assembly.chapters import encode_chapters
    from pipeline.assembly.encoding import ChapterFile
    from pipeline.assembly.making import ChapterJob
    from pipeline.assembly.tags import Tags
    from pipeline.project.formats import OutputFormat
    from pipeline.project.outputs import Output

    takes = json.loads((folder / "book.json").read_text())["takes"]

    open_take = partial(take_in, folder, {str(key): take["sha256"] for key, take in enumerate(takes)})

    jobs, parts = [], []
    for number, keys in enumerate(chapters_of(folder), 1):
        timeline = placed(number, {str(key): takes[key] for key in keys})
        tags = Tags(timeline.title, "The Ledger", author="Anon", track=number)
        audio = folder / f"{number}.m4a"
        files = (
            ChapterFile(folder / f"{number}.mp3", Output(format=OutputFormat.MP3, bitrate_kbps=KBPS), tags),
            ChapterFile(audio, Output(format=OutputFormat.M4B, bitrate_kbps=KBPS), tags),
        )
        jobs.append(ChapterJob(timeline, files, open_take))
        parts.append(BookChapter(timeline.title, timeline.samples, audio))
    encode_chapters(jobs, threads=THREADS, on_done=lambda _: None)
    write_m4b(folder / "book.m4b", parts, Tags("The Ledger", "The Ledger", author="Anon"))
    return Result(audio=sum(job.timeline.samples for job in jobs) / RATE)


def placed(number: int, takes: Mapping[str, Any]) -> ChapterTimeline:
    """A chapter of takes with a paragraph's pause between them."""
    from pipeline.assembly.placing import TakeShape, place_chapter
    from pipeline.engines.protocol import WordTimes
    from pipeline.manuscript.model import Source
    from pipeline.project.models import Pauses
    from pipeline.script.model import Boundary, ChapterScript, Segment

    none = np.empty(0, np.int32)
    wordless = WordTimes(none, none, none, none)
    segments = tuple(
        Segment("c", at, "", 0, 0, "narrator", "en", Boundary.PARAGRAPH, Source("a.md")) for at in range(len(takes))
    )
    shapes = [
        TakeShape(key, take["samples"], RATE, take["bounds"][0], take["bounds"][1], wordless)
        for key, take in takes.items()
    ]
    script = ChapterScript(f"chapter-{number}", f"Chapter {number}", "", segments)
    return place_chapter(script, shapes, Pauses())


def bare(folder: Path) -> Result:
    """The same encoders with the same settings over PCM in memory; only the encoding is timed."""
    import av
    from av.audio.codeccontext import AudioCodecContext

    from pipeline.assembly.formats import recipe
    from pipeline.project.formats import OutputFormat
    from pipeline.project.outputs import Output

    chapters = []
    for keys in chapters_of(folder):
        parts = []
        for key in keys:
            with wave.open(str(folder / f"{key}.wav"), "rb") as file:
                parts.append(np.frombuffer(file.readframes(file.getnframes()), np.int16))
            parts.append(np.zeros(RATE * 7 // 10, np.int16))
        chapters.append(np.concatenate(parts))

    def encode(work: tuple[NDArray[np.int16], OutputFormat]) -> int:
        pcm, kind = work
        made = recipe(Output(format=kind, bitrate_kbps=KBPS))
        codec = av.CodecContext.create(made.codec, "w")
        assert isinstance(codec, AudioCodecContext)
        codec.sample_rate, codec.layout, codec.bit_rate = RATE, "mono", KBPS * 1000
        codec.format = "fltp" if made.codec == "aac" else "s16p"
        codec.options = dict(made.codec_options)
        size = 0
        for at in range(0, len(pcm), RATE):
            frame = av.AudioFrame.from_ndarray(pcm[None, at : at + RATE], format="s16", layout="mono")
            frame.sample_rate, frame.pts = RATE, at
            size += sum(packet.size for packet in codec.encode(frame))
        return size + sum(packet.size for packet in codec.encode(None))

    started, busy = time.perf_counter(), time.process_time()
    work = [(pcm, kind) for kind in (OutputFormat.MP3, OutputFormat.M4B) for pcm in chapters]
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(encode, work))
    return Result(audio=0.0, wall=time.perf_counter() - started, cpu=time.process_time() - busy)


def pydub_way(folder: Path) -> Result:
    """``combined += segment``: a file per chapter, then the book."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no ffmpeg binary: said in the report
        from pydub import AudioSegment

    def joined(keys: list[int]) -> AudioSegment:
        combined = AudioSegment.empty()
        for key in keys:
            combined += AudioSegment.from_wav(str(folder / f"{key}.wav"))
            combined += AudioSegment.silent(700, frame_rate=RATE)
        return combined

    chapters = chapters_of(folder)
    for number, keys in enumerate(chapters, 1):
        _export(joined(keys), folder / f"pydub-{number}.mp3", "mp3", "libmp3lame")
    book = joined([key for keys in chapters for key in keys])
    _export(book, folder / "pydub.m4b", "mp4", "aac")
    return Result(audio=book.duration_seconds)


def _export(segment: object, path: Path, container: str, codec: str) -> None:
    if shutil.which("ffmpeg"):
        segment.export(str(path), format=container, codec=codec, bitrate=f"{KBPS}k")  # type: ignore[attr-defined]
        return
    import av
    from av.audio.stream import AudioStream

    pcm = np.frombuffer(segment.raw_data, np.int16)  # type: ignore[attr-defined]
    with av.open(str(path), "w", format=container) as file:
        stream = file.add_stream(codec, rate=RATE)
        assert isinstance(stream, AudioStream)
        stream.layout, stream.bit_rate = "mono", KBPS * 1000
        for at in range(0, len(pcm), RATE):
            frame = av.AudioFrame.from_ndarray(pcm[None, at : at + RATE], format="s16", layout="mono")
            frame.sample_rate, frame.pts = RATE, at
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))


WAYS: dict[str, Callable[[Path], Result]] = {"build": build, "ours": ours, "bare": bare, "pydub": pydub_way}


def measured(way: str, folder: Path) -> Result:
    """What a way took in a process of its own: all of it, unless the way timed a part itself.

    A child inherits its parent's peak of memory, so this process stays small: it renders and encodes nothing.
    """
    started = time.perf_counter()
    command = [sys.executable, __file__, "--way", way, "--folder", str(folder)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{way} failed")
    own = Result(**json.loads(output))
    cpu = own.cpu or usage.ru_utime + usage.ru_stime
    return Result(own.audio, own.wall or wall, cpu, usage.ru_maxrss / 1024)


def report(folder: Path, *, skip_pydub: bool) -> None:
    """Run each way and print the ratios that are promised; the bare encoders run before and after ours."""
    before = measured("bare", folder)
    mine = measured("ours", folder)
    after = measured("bare", folder)
    wall, cpu = (before.wall + after.wall) / 2, (before.cpu + after.cpu) / 2
    allowed = 100 + 15 * mine.audio / 3600
    print(f"{mine.audio / 3600:.2f} h of audio to MP3 chapters and an M4B, {KBPS} kbps, {THREADS} threads")
    print(f"bare encoders  {wall:6.1f} s  (before {before.wall:.1f}, after {after.wall:.1f})  {cpu:6.1f} s cpu")
    print(f"ours           {mine.wall:6.1f} s  {mine.cpu:6.1f} s cpu  {mine.peak:4.0f} MiB (at most {allowed:.0f})")
    print(f"               {mine.wall / wall:.2f} of bare by the clock, {mine.cpu / cpu:.2f} by cpu (at most 1.15)")
    if skip_pydub:
        return
    theirs = measured("pydub", folder)
    how = "ffmpeg" if shutil.which("ffmpeg") else "exported with PyAV: no ffmpeg here"
    print(f"pydub +=       {theirs.wall:6.1f} s  {theirs.cpu:6.1f} s cpu  {theirs.peak:4.0f} MiB ({how})")
    print(f"               {theirs.wall / mine.wall:.1f} times our time (at least 3)")
    print(f"               {theirs.peak / mine.peak:.1f} times our memory (at least 6)")


def main() -> None:
    """Parse, build, measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="eight minutes instead of two hours")
    parser.add_argument("--skip-pydub", action="store_true")
    parser.add_argument("--way", choices=sorted(WAYS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.way:
        print(json.dumps(asdict(WAYS[arguments.way](arguments.folder))))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / ("quick" if arguments.quick else "full")
        folder.mkdir()
        measured("build", folder)
        report(folder, skip_pydub=arguments.skip_pydub)


if __name__ == "__main__":
    main()
