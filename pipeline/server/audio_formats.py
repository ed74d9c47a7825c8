"""The audio formats that callers may ask for: resampling and G.711."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from pipeline.server.api_errors import invalid
from pipeline.server.catalogue import NATIVE_RATE

SAMPLE_RATES = (8_000, 16_000, 22_050, 24_000)
"""Hz (KugelAudio API, "WebSockets")."""


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """What goes over the wire. ``encoding`` is the frames' ``enc``: pcm_s16le, ulaw or alaw; mono."""

    encoding: str
    sample_rate: int

    @property
    def bytes_per_sample(self) -> int:
        """Two for PCM16, one for G.711."""
        return 2 if self.encoding == "pcm_s16le" else 1

    @property
    def name(self) -> str:
        """As ``output_format`` names it: pcm_24000."""
        return f"{self.encoding.removesuffix('_s16le')}_{self.sample_rate}"


_FORMATS = {f"pcm_{rate}": AudioFormat("pcm_s16le", rate) for rate in SAMPLE_RATES} | {
    f"{law}_8000": AudioFormat(law, 8_000) for law in ("ulaw", "alaw")
}


def chosen_format(output_format: str | None, sample_rate: int | None) -> AudioFormat:
    """The format asked for; ``output_format`` decides where both are given (the rate's default may stand beside it).

    Raises ApiError 400 for one that does not exist or contradicts the rate.
    """
    if output_format is None:
        found = _FORMATS.get(f"pcm_{NATIVE_RATE if sample_rate is None else sample_rate}")
        if found is None:
            raise invalid(f"sample_rate must be one of {', '.join(map(str, SAMPLE_RATES))}")
        return found
    found = _FORMATS.get(output_format)
    if found is None:
        raise invalid(f"output_format must be one of {', '.join(_FORMATS)}")
    if sample_rate not in {None, NATIVE_RATE, found.sample_rate}:
        raise invalid(f"output_format {output_format} contradicts sample_rate {sample_rate}")
    return found


def encoded(pcm: NDArray[np.int16], wanted: AudioFormat) -> bytes:
    """24 kHz PCM16 as bytes of the wanted format."""
    samples = resampled(pcm, wanted.sample_rate)
    if wanted.encoding == "ulaw":
        return ulaw(samples).tobytes()
    if wanted.encoding == "alaw":
        return alaw(samples).tobytes()
    return samples.astype("<i2", copy=False).tobytes()


def resampled(pcm: NDArray[np.int16], rate: int) -> NDArray[np.int16]:
    """24 kHz audio at another rate: polyphase, so that nothing above half of it folds back."""
    if rate == NATIVE_RATE or not len(pcm):
        return pcm
    common = gcd(rate, NATIVE_RATE)
    sound: NDArray[np.float32] = resample_poly(pcm.astype(np.float32), rate // common, NATIVE_RATE // common)
    return np.clip(np.rint(sound), -32768, 32767).astype(np.int16)


_BIAS = 0x84
_CLIP = 32_635


def ulaw(samples: NDArray[np.int16]) -> NDArray[np.uint8]:
    """G.711 μ-law."""
    value = samples.astype(np.int32)
    sign = np.where(value < 0, 0x80, 0)
    magnitude = np.minimum(np.abs(value), _CLIP) + _BIAS
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    code: NDArray[np.int32] = ~(sign | (exponent << 4) | mantissa) & 0xFF
    return code.astype(np.uint8)


def alaw(samples: NDArray[np.int16]) -> NDArray[np.uint8]:
    """G.711 A-law."""
    value = samples.astype(np.int32)
    sign = np.where(value >= 0, 0x80, 0)
    magnitude = np.minimum(np.where(value >= 0, value, ~value), 32_767)
    exponent = np.where(magnitude >= 256, np.floor(np.log2(np.maximum(magnitude, 1))).astype(np.int32) - 7, 0)
    mantissa = np.where(exponent == 0, magnitude >> 4, magnitude >> (exponent + 3)) & 0x0F
    code: NDArray[np.int32] = (sign | (exponent << 4) | mantissa) ^ 0x55
    return code.astype(np.uint8)
