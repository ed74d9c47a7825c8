"""Assembling a rendered book with a delivery profile, and re-making it after a word changed, against the bare encoders.

    python benchmarks/book_assembly.py PROJECT [--profile acx] [--chapters 1-12]

PROJECT is rendered: its takes are all stored. They are linked into a scratch copy, from which `narrate render` makes
MP3 files (192 kbps with acx, else 64) and the M4B, once without a profile and once with it. The bare encoders make the
same from the same takes, already read, decoded and placed: PyAV with the same settings, one process a core, the longest
chapter first, nothing written. Then a word is changed in the chapter of median length, its take is made in a run of
its own, and the rebuild is set against that chapter's slowest bare encoding and one bare re-mux of the M4B.

Targets: at most 15 % of the bare encoders more for joining and 20 % for the profile; at most 1.25 times the chapter's
slowest encoding and a re-mux. Seconds by the clock, and processor seconds of all processes: go by the latter where the
machine has other work, and by the clock on a quiet one.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import yaml
from av.audio.codeccontext import AudioCodecContext
from numpy.typing import NDArray

from pipeline import workflow
from pipeline.assembly.formats import recipe
from pipeline.assembly.placing import TakeShape, place_chapter
from pipeline.assembly.reading import chapter_pcm, resampled
from pipeline.assembly.timeline import TIMELINE_RATE
from pipeline.project.formats import OutputFormat
from pipeline.project.models import Project
from pipeline.project.outputs import Output
from pipeline.render.plan import PlannedChapter
from pipeline.render.selection import select_chapters
from pipeline.store.layout import Layout
from pipeline.store.sidecars import Take

NARRATE = [sys.executable, "-m", "pipeline.cli.main"]
EDITED = "lantern"


@dataclass(frozen=True)
class Spent:
    """Seconds by the clock, and of processor time in all processes."""

    wall: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.wall:8.1f} s {self.cpu:8.1f} s cpu"


@dataclass(frozen=True)
class Encoding:
    """One encoder's work on a chapter: samples in a file, and what they become."""

    pcm: Path
    output: Output


@dataclass(frozen=True)
class Book:
    """A scratch copy: its folder, and its chapters."""

    folder: Path
    chapters: tuple[PlannedChapter, ...]
    project: Project


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("project", type=Path)
    parser.add_argument("--profile", default="acx")
    parser.add_argument("--chapters", help="only these, such as 1-12, for a quick look")
    parser.add_argument("--scratch", type=Path, help="a folder on the disk of PROJECT (default: beside it)")
    arguments = parser.parse_args()
    scratch = arguments.scratch or arguments.project.resolve().parent
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        kbps = 192 if arguments.profile == "acx" else 64
        outputs = [Output(format=OutputFormat.MP3, bitrate_kbps=kbps), Output(format=OutputFormat.M4B)]
        book = copied(arguments.project, Path(folder) / "book", arguments.profile, outputs, arguments.chapters)
        work = encodings(book, Path(folder), outputs)
        hours = sum(each.pcm.stat().st_size for each in work) / len(outputs) / 2 / TIMELINE_RATE / 3600
        cores = os.cpu_count() or 1
        print(f"{hours:.2f} h in {len(book.chapters)} chapters, MP3 {kbps} and M4B, {cores} cores", flush=True)
        whole_book(book, work, arguments.profile)
        one_word(book, work, arguments.profile)


def copied(source: Path, folder: Path, profile: str, outputs: Sequence[Output], chapters: str | None) -> Book:
    """The project with this profile and these outputs, and links to the takes of its chosen chapters."""
    skipped = shutil.ignore_patterns(".narration", "build")
    shutil.copytree(source, folder, ignore=skipped, copy_function=shutil.copyfile)
    (folder / ".narration").mkdir()
    configure(folder, profile, outputs)
    (folder / ".narration" / "takes").symlink_to((source / ".narration" / "takes").resolve())
    plan = workflow.plan(folder, offline=True)
    (folder / ".narration" / "takes").unlink()
    selected = select_chapters(chapters, [chapter.script.slug for chapter in plan.chapters])
    chosen = tuple(chapter for chapter in plan.chapters if chapter.script.slug in selected)
    link_takes(source, folder, chosen)
    if chapters:
        include(folder, [chapter.script.slug for chapter in chosen])
    return Book(folder, chosen, workflow.prepare(folder).project)


def include(folder: Path, slugs: Sequence[str]) -> None:
    """Leave all other chapters out of the book."""
    manifest = yaml.safe_load((folder / "project.yaml").read_text())
    if len(manifest["chapters"]) > 1:
        raise SystemExit("--chapters: a manifest with one entry under chapters is needed")
    manifest["chapters"][0]["include"] = list(slugs)
    (folder / "project.yaml").write_text(yaml.safe_dump(manifest, allow_unicode=True))


def configure(folder: Path, profile: str, outputs: Sequence[Output]) -> None:
    """Give a manifest another profile and other outputs."""
    manifest = yaml.safe_load((folder / "project.yaml").read_text())
    manifest |= {"profile": profile, "outputs": [each.model_dump(mode="json", exclude_none=True) for each in outputs]}
    (folder / "project.yaml").write_text(yaml.safe_dump(manifest, allow_unicode=True))


def link_takes(source: Path, folder: Path, chosen: Sequence[PlannedChapter]) -> None:
    """Link the chapters' takes into a project, and refuse a book that lacks one."""
    if missing := [planned.key for chapter in chosen for planned in chapter.segments if planned.take is None]:
        raise SystemExit(f"{len(missing)} takes of {source} are missing: render the book first")
    theirs, ours = (Layout(project / ".narration", project / "build").takes for project in (source, folder))
    for key in {planned.key for chapter in chosen for planned in chapter.segments}:
        for path, link in (
            (theirs.audio_path(key), ours.audio_path(key)),
            (theirs.sidecar_path(key), ours.sidecar_path(key)),
        ):
            link.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, link)


def encodings(book: Book, folder: Path, outputs: Sequence[Output]) -> list[Encoding]:
    """The chapters' audio as files of samples, with each output, the longest first."""
    store = Layout.of(book.project).takes
    work = []
    for number, chapter in enumerate(book.chapters):
        takes = {planned.key: planned.take for planned in chapter.segments if planned.take is not None}
        shapes = [
            TakeShape(take.key, take.samples, take.sample_rate, take.speech_start, take.speech_end, store.words(take))
            for take in (takes[planned.key] for planned in chapter.segments)
        ]
        timeline = place_chapter(chapter.script, shapes, book.project.pauses)
        path = folder / f"{number}.pcm"

        def open_take(key: str, of: Mapping[str, Take] = takes) -> NDArray[np.int16]:
            return resampled(store.audio(of[key]), of[key].sample_rate)

        with path.open("wb") as file:
            file.writelines(block.tobytes() for block in chapter_pcm(timeline, open_take))
        work += [Encoding(path, output) for output in outputs]
    return sorted(work, key=lambda each: -each.pcm.stat().st_size)


def encoded(work: Encoding) -> float:
    """Encode and drop what comes out; the processor seconds it took."""
    started = time.process_time()
    pcm, made = np.fromfile(work.pcm, np.int16), recipe(work.output)
    codec = av.CodecContext.create(made.codec, "w")
    assert isinstance(codec, AudioCodecContext)
    assert made.bitrate_kbps is not None
    codec.sample_rate, codec.layout, codec.bit_rate = made.rate, "mono", made.bitrate_kbps * 1000
    codec.format = "fltp" if made.codec == "aac" else "s16p"
    codec.options = dict(made.codec_options)
    for at in range(0, len(pcm), TIMELINE_RATE):
        frame = av.AudioFrame.from_ndarray(pcm[None, at : at + TIMELINE_RATE], format="s16", layout="mono")
        frame.sample_rate, frame.pts = TIMELINE_RATE, at
        codec.encode(frame)
    codec.encode(None)
    return time.process_time() - started


def bare(work: Sequence[Encoding]) -> Spent:
    """The encoders alone, a process on every core, which have started before the clock does."""
    cores = os.cpu_count() or 1
    with multiprocessing.get_context("spawn").Pool(cores) as pool:
        pool.map(time.sleep, [0.5] * cores, chunksize=1)
        started = time.perf_counter()
        cpu = sum(pool.imap_unordered(encoded, work))
        return Spent(time.perf_counter() - started, cpu)


def rendered(book: Book, *flags: str) -> Spent:
    """`narrate render`, all of it, with what it started."""
    started = time.perf_counter()
    command = [*NARRATE, "render", str(book.folder), "--events", "none", *flags]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"narrate render ended with {child.returncode}")
    return Spent(time.perf_counter() - started, usage.ru_utime + usage.ru_stime)


def whole_book(book: Book, work: Sequence[Encoding], profile: str) -> None:
    """Everything stored, nothing made yet: bare encoders, joining, joining with the profile, bare encoders again."""
    outputs = [each.output for each in work[: len({each.output.format for each in work})]]
    before = bare(work)
    print(f"bare encoders       {before}", flush=True)
    configure(book.folder, "none", outputs)
    plain = rendered(book)
    print(f"render, no profile  {plain}", flush=True)
    for folder in ("build", ".narration/encoded"):
        shutil.rmtree(book.folder / folder)
    configure(book.folder, profile, outputs)
    loud = rendered(book)
    print(f"render, {profile:11} {loud}", flush=True)
    after = bare(work)
    print(f"bare encoders       {after}", flush=True)
    wall, cpu = (before.wall + after.wall) / 2, (before.cpu + after.cpu) / 2
    for what, more, allowed in (
        ("joining", (plain.wall / wall - 1, plain.cpu / cpu - 1), 0.15),
        (profile, ((loud.wall - plain.wall) / wall, (loud.cpu - plain.cpu) / cpu), 0.20),
        ("both", (loud.wall / wall - 1, loud.cpu / cpu - 1), 0.35),
    ):
        print(f"  {what:10} {more[0]:+.1%} by the clock, {more[1]:+.1%} by processor time (at most {allowed:+.0%})")


def one_word(book: Book, work: Sequence[Encoding], profile: str) -> None:
    """Change a word in the chapter of median length, make its take, and time the rebuild of everything."""
    lengths = sorted({(each.pcm.stat().st_size, each.pcm) for each in work})
    pcm = lengths[len(lengths) // 2][1]
    chapter = book.chapters[int(pcm.stem)]
    edit(book.folder, chapter)
    outputs = [each.output for each in work if each.pcm == pcm]
    configure(book.folder, "none", [Output(format=OutputFormat.LRC)])
    # Of this chapter alone: a run over all of them would drop the others' AAC, which has another profile.
    takes = rendered(book, "--chapters", chapter.script.slug, "--out", str(book.folder / "captions"))
    configure(book.folder, profile, outputs)
    rebuilt = rendered(book)
    alone = {each.output.format: timed_encoding(each) for each in work if each.pcm == pcm}
    remux = remuxed(next((book.folder / "build").glob("*.m4b")))
    slowest = max(alone.values(), key=lambda spent: spent.cpu)
    print(f"one word of {chapter.script.title!r} ({pcm.stat().st_size / 2 / TIMELINE_RATE / 60:.1f} min)")
    print(f"  its take, and plan  {takes}")
    print(f"  rebuilding          {rebuilt}")
    for kind, spent in alone.items():
        print(f"  bare {kind:14} {spent}")
    print(f"  bare re-mux         {remux}")
    print(f"  {rebuilt.wall / (1.25 * slowest.wall + remux.wall):.2f} of what is allowed, by the clock (at most 1)")


def edit(folder: Path, chapter: PlannedChapter) -> None:
    """Change a word of a chapter in the EPUB, or in the text file, that it comes from."""
    middle = chapter.script.segments[len(chapter.script.segments) // 2]
    text = chapter.script.text[middle.char_start : middle.char_end]
    sought = re.findall(r"[a-z]+ [a-z]+ [a-z]+ [a-z]+", text)
    source = folder / middle.source.file
    parts = read_parts(source)
    for words in sought:
        holders = [name for name, data in parts.items() if data.count(words.encode()) == 1]
        if len(holders) == 1 and sum(data.count(words.encode()) for data in parts.values()) == 1:
            changed = f"{EDITED} {words.split(' ', 1)[1]}"
            parts[holders[0]] = parts[holders[0]].replace(words.encode(), changed.encode())
            write_parts(source, parts)
            return
    raise SystemExit(f"{source}: no place to change was found")


def read_parts(path: Path) -> dict[str, bytes]:
    """The files in an EPUB, in order; a text file is its only part."""
    if not zipfile.is_zipfile(path):
        return {"": path.read_bytes()}
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_parts(path: Path, parts: dict[str, bytes]) -> None:
    """Write what :func:`read_parts` read."""
    path.chmod(0o644)
    if "" in parts:
        path.write_bytes(parts[""])
        return
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data, zipfile.ZIP_STORED if name == "mimetype" else None)


def timed_encoding(work: Encoding) -> Spent:
    """One encoder alone."""
    started = time.perf_counter()
    cpu = encoded(work)
    return Spent(time.perf_counter() - started, cpu)


def remuxed(path: Path) -> Spent:
    """The packets of an M4B copied into another, with its index before the sound, as ours has it."""
    started, busy = time.perf_counter(), time.process_time()
    with (
        av.open(str(path)) as read,
        av.open(f"{path}.copy", "w", format="mp4", options={"movflags": "faststart"}) as out,
    ):
        stream = out.add_stream_from_template(read.streams.audio[0])
        for packet in read.demux(read.streams.audio[0]):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    return Spent(time.perf_counter() - started, time.process_time() - busy)


if __name__ == "__main__":
    main()
