"""What a delivery profile costs: the processor time of encoding with one against encoding without, in one run.

    python benchmarks/loudness.py [--minutes 20]

Stores rendered speech as takes (FLAC, 8 s each), then makes the MP3 and the AAC of one chapter in one thread, without a
profile and with each, and measures every file with FFmpeg's own meter (ebur128 with true peaks) besides ours. Last,
speech is cut hard at loud samples, and the true peaks that both meters read are set against 32 points a sample.
Targets: at most a fifth more processor time than encoding alone; within 0.3 LU and 0.3 dB of the other meter.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np
from assembly import RATE, rendered_speech
from numpy.typing import NDArray

from pipeline.assembly.chapters import encode_chapters
from pipeline.assembly.encoding import ChapterFile
from pipeline.assembly.loudness import measure, peak_db
from pipeline.assembly.making import ChapterJob
from pipeline.assembly.sound import Sound
from pipeline.assembly.tags import Tags
from pipeline.assembly.timeline import ChapterTimeline, Clip
from pipeline.engines.protocol import WordTimes
from pipeline.project.formats import OutputFormat
from pipeline.project.outputs import Output
from pipeline.project.profiles import ACX, EBU_R128, NONE, PODCAST, Profile
from pipeline.store.flac import decode_flac, encode_flac

TAKE_SAMPLES, PAUSE_SAMPLES = 8 * RATE, RATE * 7 // 10
HEAD_SAMPLES, TAIL_SAMPLES = RATE * 3 // 4, RATE * 5 // 2


def book(minutes: float) -> tuple[ChapterTimeline, dict[str, bytes]]:
    """A chapter of takes with pauses between them."""
    speech = rendered_speech(120)
    takes, clips, starts, ends = {}, [], [], []
    at = HEAD_SAMPLES
    for number in range(round(minutes * 60 / 8.7)):
        start = number * 7919 * 13 % (len(speech) - TAKE_SAMPLES)
        key = f"take-{number}"
        takes[key] = encode_flac(speech[start : start + TAKE_SAMPLES], RATE)
        clips.append(Clip(key, 0, at, TAKE_SAMPLES))
        starts.append(at)
        ends.append(at + TAKE_SAMPLES)
        at += TAKE_SAMPLES + PAUSE_SAMPLES
    samples = -(-(at + TAIL_SAMPLES) // 1024) * 1024
    none = np.zeros(len(starts), np.int32)
    words = WordTimes(none, none + 1, np.array(starts, np.int32), np.array(ends, np.int32))
    return ChapterTimeline("a", "A", "x", samples, tuple(clips), words), takes


def timed(
    folder: Path, timeline: ChapterTimeline, takes: dict[str, bytes], profile: Profile, kbps: int
) -> tuple[float, dict[Path, Sound]]:
    """Processor seconds, and what the files sound like."""
    outputs = [Output(format=OutputFormat.MP3, bitrate_kbps=kbps), Output(format=OutputFormat.M4A, bitrate_kbps=64)]
    files = tuple(ChapterFile(folder / f"a.{each.format}", each, Tags("a", "b")) for each in outputs)
    started = time.process_time()
    sounds = encode_chapters(
        [ChapterJob(timeline, files, lambda key: decode_flac(takes[key]))],
        threads=1,
        on_done=lambda job: None,  # noqa: ARG005
        profile=profile,
    )
    return time.process_time() - started, sounds


def other_meter(path: Path) -> tuple[float, float]:
    """LUFS and dBTP by FFmpeg's ebur128."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        graph = av.filter.Graph()
        return heard(graph, graph.add_abuffer(template=stream), container.decode(stream))


def other_meter_of(pcm: NDArray[np.float32]) -> tuple[float, float]:
    """The same for samples."""
    graph = av.filter.Graph()
    frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="flt", layout="mono")
    frame.sample_rate = RATE
    return heard(graph, graph.add_abuffer(sample_rate=RATE, format="flt", layout="mono"), [frame])


def heard(
    graph: av.filter.Graph, source: av.filter.context.FilterContext, frames: Iterable[av.AudioFrame]
) -> tuple[float, float]:
    """What ebur128 makes of the frames."""
    meter, sink = graph.add("ebur128", "metadata=1:peak=true"), graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    last: dict[str, str] = {}
    for frame in frames:
        graph.push(frame)
        last = pulled(graph) or last
    graph.push(None)
    last = pulled(graph) or last
    return float(last["lavfi.r128.I"]), 20 * float(np.log10(float(last["lavfi.r128.true_peak"])))


def pulled(graph: av.filter.Graph) -> dict[str, str]:
    """The metadata of the last frame that the graph has ready."""
    last: dict[str, str] = {}
    while True:
        try:
            last = dict(graph.pull().metadata) or last
        except (av.EOFError, av.BlockingIOError):
            return last


def hard_cuts(count: int = 60) -> NDArray[np.float64]:
    """By how many dB ours and ebur128 differ from 32 points a sample, for speech that begins and ends at full level."""
    speech = np.asarray(rendered_speech(60) / 32768, np.float32)
    random = np.random.default_rng(5)
    rows: list[tuple[float, float]] = []
    while len(rows) < count:
        start = int(random.integers(0, len(speech) - RATE))
        cut = speech[start : start + RATE]
        if np.abs(cut[:24]).max() < np.abs(cut).max() / 2:
            continue
        truth = fine_peak_db(cut)
        rows.append((peak_db(measure([cut], RATE)) - truth, other_meter_of(cut)[1] - truth))
    return np.array(rows)


def fine_peak_db(pcm: NDArray[np.float32]) -> float:
    """The highest of 32 points a sample, by the Fourier transform of the audio between stretches of silence."""
    silent = np.zeros(4096)
    spectrum = np.fft.rfft(np.concatenate([silent, pcm, silent]))
    spectrum[-1] /= 2
    return 20 * float(np.log10(np.abs(np.fft.irfft(spectrum, 32 * (len(pcm) + 8192)) * 32).max()))


def main() -> None:
    """Run every profile beside the bare encoding of the same files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=20)
    minutes = parser.parse_args().minutes
    timeline, takes = book(minutes)
    print(f"{timeline.samples / RATE / 60:.1f} minutes of audio, MP3 and AAC, processor seconds in one thread")
    with tempfile.TemporaryDirectory() as folder:
        for name, profile, kbps in (("acx", ACX, 192), ("ebu-r128", EBU_R128, 64), ("podcast", PODCAST, 64)):
            bare = min(timed(Path(folder), timeline, takes, NONE, kbps)[0] for _ in range(2))
            spent, sounds = min(
                (timed(Path(folder), timeline, takes, profile, kbps) for _ in range(2)), key=lambda run: run[0]
            )
            print(f"{name:10} bare {bare:6.2f}  with {spent:6.2f}  {spent / bare - 1:+.1%}")
            for path, sound in sounds.items():
                loudness, peak = other_meter(path)
                print(
                    f"  {path.suffix[1:]:4} {sound.loudness_lufs:7.2f} LUFS (ebur128 {loudness:7.2f})  "
                    f"{sound.rms_db:7.2f} dB RMS  {sound.true_peak_dbtp:6.2f} dBTP (ebur128 {peak:6.2f})  "
                    f"floor {sound.noise_floor_db}  {'; '.join(sound.outside)}"
                )
    cuts = hard_cuts()
    for name, off in (("ours", cuts[:, 0]), ("ebur128", cuts[:, 1])):
        print(f"{len(cuts)} hard cuts: {name} is {off.min():+.2f} to {off.max():+.2f} dB off 32 points a sample")


if __name__ == "__main__":
    main()
