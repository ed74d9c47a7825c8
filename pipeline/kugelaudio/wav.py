"""A WAV header for mono audio as it came off the wire."""

from __future__ import annotations

import struct
from typing import Final

from pipeline.kugelaudio.g711 import Encoding, bytes_per_sample

_FORMAT_TAGS: Final[dict[Encoding, int]] = {"pcm_s16le": 1, "alaw": 6, "ulaw": 7}
_LARGEST = 0xFFFFFFFF


def wav_header(data_bytes: int, sample_rate: int, encoding: Encoding) -> bytes:
    """Return the RIFF header in front of ``data_bytes`` of mono audio (RFC 2361 tags for G.711).

    Raises ValueError where the sizes pass 32 bits.
    """
    if data_bytes + 64 > _LARGEST:
        msg = "a WAV file holds less than 4 GiB; save as raw"
        raise ValueError(msg)
    width = bytes_per_sample(encoding)
    layout = struct.pack("<HHIIHH", _FORMAT_TAGS[encoding], 1, sample_rate, sample_rate * width, width, 8 * width)
    fact = b""
    if width == 1:
        layout += struct.pack("<H", 0)
        fact = b"fact" + struct.pack("<II", 4, data_bytes)
    body = b"WAVE" + b"fmt " + struct.pack("<I", len(layout)) + layout + fact
    padding = data_bytes % 2
    riff_bytes = len(body) + 8 + data_bytes + padding
    return b"RIFF" + struct.pack("<I", riff_bytes) + body + b"data" + struct.pack("<I", data_bytes)
