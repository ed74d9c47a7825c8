"""G.711 audio as linear PCM, decoded as ITU-T G.711 tables give it (16-bit scale)."""

from __future__ import annotations

import sys
from array import array
from functools import cache
from typing import Literal

Encoding = Literal["pcm_s16le", "ulaw", "alaw"]


def encoding_named(name: str | None) -> Encoding | None:
    """Recognise an ``enc`` or ``output_format`` value (``pcm_s16le``, ``pcm_24000``, ``ulaw_8000``, ``mulaw``…).

    None is for a name that is not known; no name at all means PCM.
    """
    token = (name or "pcm").lower()
    if "ulaw" in token:
        return "ulaw"
    if "alaw" in token:
        return "alaw"
    return "pcm_s16le" if token.startswith(("pcm", "s16")) else None


def bytes_per_sample(encoding: Encoding) -> int:
    """Two for PCM16, one for G.711."""
    return 2 if encoding == "pcm_s16le" else 1


def to_pcm16(audio: bytes, encoding: Encoding) -> array[int]:
    """Decode to signed 16-bit samples in this machine's byte order."""
    if encoding == "pcm_s16le":
        samples = array("h", audio)
        if sys.byteorder == "big":
            samples.byteswap()
        return samples
    table = _ulaw_table() if encoding == "ulaw" else _alaw_table()
    return array("h", [table[byte] for byte in audio])


def to_float32(audio: bytes, encoding: Encoding) -> list[float]:
    """Decode to floats in [-1, 1]: a 16-bit sample over 32,768."""
    return [sample / 32768.0 for sample in to_pcm16(audio, encoding)]


@cache
def _ulaw_table() -> tuple[int, ...]:
    return tuple(_ulaw(byte) for byte in range(256))


@cache
def _alaw_table() -> tuple[int, ...]:
    return tuple(_alaw(byte) for byte in range(256))


def _ulaw(byte: int) -> int:
    inverted = byte ^ 0xFF
    magnitude = (((inverted & 0x0F) << 3) + 0x84) << ((inverted & 0x70) >> 4)
    return 0x84 - magnitude if inverted & 0x80 else magnitude - 0x84


def _alaw(byte: int) -> int:
    toggled = byte ^ 0x55
    exponent = (toggled & 0x70) >> 4
    mantissa = ((toggled & 0x0F) << 4) + 8
    magnitude = mantissa if exponent == 0 else (mantissa + 0x100) << (exponent - 1)
    return magnitude if toggled & 0x80 else -magnitude
