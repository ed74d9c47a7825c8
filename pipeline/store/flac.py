"""Takes as FLAC bytes: compressed through PyAV, or as they are where there is no time for that.

Every take is encoded while the next answers come in, so the encoder is set to be quick: the fixed predictor of the
second order in frames of 16,384 samples with 128 partitions. For English speech at 24 kHz that is within 1 % of the
size that frames of 4,608 samples and a choice of predictors give, in about nine tenths of their time
(benchmarks/take_codec.py). A frame that long is outside FLAC's streamable subset, which asks for 4,608 at 24 kHz; it is
what files may have, and every decoder of files reads it (RFC 9639, section 7).

A take as it is, in verbatim subframes, is about twice as large and made in a fiftieth of the time.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from typing import Any

import av
import numpy as np
from fastcrc import crc8, crc16
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
_STREAMINFO_AT = 8
"""It is the first metadata block of every file (RFC 9639, section 8.2)."""
_FED_SAMPLES = 8 * _FRAME_SAMPLES
"""Handed over at once: little enough to stay in the cache, much enough that handing over costs little."""
_MARKER = b"fLaC"
_ONLY_STREAMINFO = b"\x80\x00\x00\x22"
"""The header of a metadata block that is the last one, of type STREAMINFO and 34 bytes long (RFC 9639, 8.1 and 8.2)."""
_STREAMINFO = struct.Struct(">HHxxxxxxQ16x")
"""Smallest and largest block; the sizes of frames are not told; rate, channels, bits and samples; no digest, which is
allowed (RFC 9639, 8.2): a take's sidecar has one of the whole file, and this one would cost more than all the rest.
"""
_VERBATIM_SAMPLES = 32_768
_FULL_BLOCK, _LAST_BLOCK = 0b1111_0000, 0b0111_0000
"""Block of 32,768 samples; its size less one in two bytes of its own. Both: the rate is STREAMINFO's (9.1.1, 9.1.2)."""
_MONO_16_BITS = 0b0000_1000
_VERBATIM = b"\x02"
"""The header of a subframe that holds the samples as they are, none of their bits wasted (9.2.1)."""


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


def wrap_flac(pcm: NDArray[np.int16], sample_rate: int) -> bytes:
    """Mono PCM16 as a FLAC file that is not compressed: frames of one verbatim subframe each (RFC 9639, section 9)."""
    samples = pcm.astype(">i2")
    about = sample_rate << 44 | (16 - 1) << 36 | len(pcm)
    parts: list[bytes | memoryview] = [
        _MARKER,
        _ONLY_STREAMINFO,
        _STREAMINFO.pack(_VERBATIM_SAMPLES, _VERBATIM_SAMPLES, about),
    ]
    for number, start in enumerate(range(0, len(samples), _VERBATIM_SAMPLES)):
        block = samples[start : start + _VERBATIM_SAMPLES]
        header = _frame_header(number, len(block)) + _VERBATIM
        digest = crc16.umts(block.data, crc16.umts(header))
        parts += [header, block.data, digest.to_bytes(2, "big")]
    return b"".join(parts)


def _frame_header(number: int, samples: int) -> bytes:
    """The header of a frame in a file of blocks of one size (RFC 9639, 9.1)."""
    full = samples == _VERBATIM_SAMPLES
    start = bytes([0xFF, 0xF8, _FULL_BLOCK if full else _LAST_BLOCK, _MONO_16_BITS])
    size = b"" if full else (samples - 1).to_bytes(2, "big")
    header = start + _coded_number(number) + size
    return header + bytes([crc8.smbus(header)])


def decode_flac(data: bytes) -> NDArray[np.int16]:
    """The samples of a mono FLAC file of blocks of one size. Raises ValueError where it is not one.

    FFmpeg is given whole frames. Its own reader takes what looks like the start of a frame for one, which samples can,
    and then hands on a last frame that is cut there: about one uncompressed take in ten thousand could not be read.
    """
    decoder = av.CodecContext.create("flac", "r")
    assert isinstance(decoder, av.AudioCodecContext)
    try:
        start = _first_frame(data)
        decoder.extradata = data[_STREAMINFO_AT : _STREAMINFO_AT + _STREAMINFO_BYTES]
        packets = chain((av.Packet(bytes(part)) for part in _frames(data, start)), [None])
        frames = [frame for packet in packets for frame in decoder.decode(packet)]
    except av.error.FFmpegError as error:
        raise ValueError(f"not a FLAC file: {error.strerror}") from error
    if not frames:
        return np.zeros(0, np.int16)
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames]).astype(np.int16, copy=False)


def _first_frame(data: bytes) -> int:
    """Where the frames begin, behind all metadata blocks (RFC 9639, section 8)."""
    if not data.startswith(_MARKER):
        raise ValueError("not a FLAC file: it does not begin like one")
    at, last = len(_MARKER), False
    while not last:
        header = data[at : at + 4]
        last = not header or bool(header[0] & 0x80)
        at += 4 + int.from_bytes(header[1:], "big")
    if at > len(data):
        raise ValueError("not a FLAC file: it ends within its metadata")
    return at


def _frames(data: bytes, start: int) -> Iterator[memoryview]:
    """Every frame from ``start`` on: each ends where the header of the next number begins and its own checksum fits.

    The checksum of a frame with its checksum behind it is nought (RFC 9639, 9.3). Raises ValueError where none ends so.
    """
    whole, number = memoryview(data), 0
    while start < len(data):
        number += 1
        following = re.compile(b"\xff\xf8." + re.escape(data[start + 3 : start + 4] + _coded_number(number)), re.DOTALL)
        ends = chain((found.start() for found in following.finditer(data, start + 1)), [len(data)])
        end = next((end for end in ends if crc16.umts(whole[start:end]) == 0), None)
        if end is None:
            raise ValueError(f"not a FLAC file: its frame {number} is damaged")
        yield whole[start:end]
        start = end


def _coded_number(number: int) -> bytes:
    """As UTF-8 codes text (RFC 9639, 9.1.5)."""
    return chr(number).encode("utf-8", "surrogatepass")
