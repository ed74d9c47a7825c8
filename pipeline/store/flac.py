"""Takes as FLAC bytes, through PyAV.

Every take is encoded while the next answers come in, so the encoder is set to be quick: fixed predictors of the first
and second order in frames of 4,608 samples (the most that the streamable subset allows) with 32 partitions. For English
speech at 24 kHz the default level takes 1.5 times as long for 1 % fewer bytes (benchmarks/take_codec.py).
"""

from __future__ import annotations

import io
from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

_OPTIONS = {
    "compression_level": "0",
    "frame_size": "4608",
    "lpc_type": "fixed",
    "min_prediction_order": "1",
    "max_prediction_order": "2",
    "min_partition_order": "5",
    "max_partition_order": "5",
}
_BUFFER = 1 << 18
"""Bytes handed over at once: each time costs a turn with the interpreter."""
_CONTAINER = {"fflags": "+bitexact", "metadata_header_padding": "0"}


def encode_flac(pcm: NDArray[np.int16], sample_rate: int) -> bytes:
    """Mono PCM16 as a FLAC file; the same samples give the same bytes."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="flac", options=dict(_CONTAINER), buffer_size=_BUFFER) as container:
        stream = container.add_stream("flac", rate=sample_rate, layout="mono", options=dict(_OPTIONS))
        stream.codec_context.format = "s16"
        stream.codec_context.flags |= av.codec.context.Flags.bitexact
        frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = sample_rate
        frame.pts = 0
        frame.time_base = Fraction(1, sample_rate)
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def decode_flac(data: bytes) -> NDArray[np.int16]:
    """The samples of a mono FLAC file. Raises ValueError where it is not one."""
    try:
        with av.open(io.BytesIO(data), "r", format="flac") as container:
            parts = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    except av.error.FFmpegError as error:
        raise ValueError(f"not a FLAC file: {error.strerror}") from error
    if not parts:
        return np.zeros(0, np.int16)
    return np.concatenate(parts).astype(np.int16, copy=False)
