"""Takes as FLAC bytes, through PyAV.

Every take is encoded while the next answers come in, so the encoder is set to be quick: the fixed predictor of the
second order in frames of 16,384 samples with 128 partitions. For English speech at 24 kHz that is within 1 % of the
size that frames of 4,608 samples and a choice of predictors give, in about nine tenths of their time
(benchmarks/take_codec.py). A frame that long is outside FLAC's streamable subset, which asks for 4,608 at 24 kHz; it is
what files may have, and every decoder of files reads it (RFC 9639, section 7).
"""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

_FRAME_SAMPLES = 16_384
_OPTIONS = {
    "compression_level": "0",
    "frame_size": str(_FRAME_SAMPLES),
    "lpc_type": "fixed",
    "min_prediction_order": "2",
    "max_prediction_order": "2",
    "min_partition_order": "7",
    "max_partition_order": "7",
}
_STREAMINFO_BYTES = 34
_FED_SAMPLES = 8 * _FRAME_SAMPLES
"""Handed over at once: little enough to stay in the cache, much enough that handing over costs little."""
_MARKER = b"fLaC"
_ONLY_STREAMINFO = b"\x80\x00\x00\x22"
"""The header of a metadata block that is the last one, of type STREAMINFO and 34 bytes long (RFC 9639, 8.1 and 8.2)."""


def encode_flac(pcm: NDArray[np.int16], sample_rate: int) -> bytes:
    """Mono PCM16 as a FLAC file; the same samples give the same bytes.

    A file is the encoder's own STREAMINFO, which is whole once the encoder was emptied, and the frames in their order
    (RFC 9639, section 6): putting them one behind the other takes a sixth less time than a muxer.
    """
    encoder = av.CodecContext.create("flac", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate = sample_rate
    encoder.layout = "mono"
    encoder.format = "s16"
    encoder.time_base = Fraction(1, sample_rate)
    encoder.options = dict(_OPTIONS)
    encoder.flags |= av.codec.context.Flags.bitexact
    packets: list[av.Packet[Any]] = []
    for start in range(0, len(pcm), _FED_SAMPLES):
        some = pcm[start : start + _FED_SAMPLES].reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(some, format="s16", layout="mono")
        frame.sample_rate = sample_rate
        frame.pts = start
        frame.time_base = Fraction(1, sample_rate)
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    # the last packet brings it whole, with the length and the digest of all samples; the encoder's own has been spoilt
    streaminfo = bytes(packets[-1].get_sidedata("new_extradata"))
    assert len(streaminfo) == _STREAMINFO_BYTES, "FFmpeg's encoder gives it with its last packet"
    return b"".join([_MARKER, _ONLY_STREAMINFO, streaminfo, *map(bytes, packets)])


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
