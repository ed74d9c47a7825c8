"""What storing a take as FLAC costs: the encoder's settings beside others, on speech and on noise.

    python benchmarks/take_codec.py [TAKE.flac ...] [--seconds 20] [--runs 20]

Speech are stored takes given as files (``.narration/takes/??/*.flac``), joined and cut to the length asked for; noise
is there always. Prints processor milliseconds (the best of the runs) and bytes, and whether the samples came back.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from pipeline.store.flac import decode_flac, encode_flac, wrap_flac

RATE = 24_000
SETTINGS: dict[str, dict[str, str]] = {
    "default level": {},
    "level 0": {"compression_level": "0"},
    "level 1, all fixed orders": {"compression_level": "1", "lpc_type": "fixed", "max_partition_order": "5"},
    "level 0, frames of 4,608": {"compression_level": "0", "frame_size": "4608"},
}

Samples = NDArray[np.int16]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("takes", nargs="*", type=Path)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--runs", type=int, default=20)
    arguments = parser.parse_args()
    sounds = {"noise": np.random.default_rng(1).integers(-30_000, 30_000, arguments.seconds * RATE).astype(np.int16)}
    if arguments.takes:
        speech = np.concatenate([decode_flac(path.read_bytes()) for path in arguments.takes])
        sounds["speech"] = np.resize(speech, arguments.seconds * RATE)
    for name, pcm in sounds.items():
        print(f"{arguments.seconds} s of {name}")
        _row("as takes are stored", partial(encode_flac, pcm, RATE), pcm, arguments.runs)
        _row("where there is no time", partial(wrap_flac, pcm, RATE), pcm, arguments.runs)
        for label, options in SETTINGS.items():
            _row(label, partial(_in_container, pcm, options), pcm, arguments.runs)


def _row(label: str, encode: Callable[[], bytes], pcm: Samples, runs: int) -> None:
    data, best = b"", float("inf")
    for _ in range(runs):
        start = time.thread_time()
        data = encode()
        best = min(best, time.thread_time() - start)
    kept = "" if np.array_equal(decode_flac(data), pcm) else "  LOST SAMPLES"
    print(f"  {label:28} {1000 * best:7.2f} ms {len(data):10,} bytes{kept}")


def _in_container(pcm: Samples, options: Mapping[str, str]) -> bytes:
    """Through ffmpeg's own FLAC writer, as other programs do it."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="flac", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("flac", rate=RATE, layout="mono", options=dict(options))
        stream.codec_context.format = "s16"
        frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


if __name__ == "__main__":
    main()
