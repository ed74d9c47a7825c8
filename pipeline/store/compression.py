"""Whether there is time to compress a take: an answer that was paid for is not kept waiting for it.

An answer is safe once it is on disk. As speech services speak, compressing it first costs next to nothing; where
answers come faster, those behind one another would wait in memory, and take the processor from the next to be received.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SHARE = 0.1
"""Of one core. The encoder is about a thousand times as fast as speech: this is 100 seconds of audio a second."""
_MOST_SAVED = 2.0
"""Seconds of processor time: what a run that waited long has to spare when answers come at last."""


@dataclass(slots=True)
class Compression:
    """Compresses the takes of a run as long as that stays within its share of a core; the others are only wrapped.

    Threads reckon without a lock: what is lost so lets one take more be compressed, or one less.
    """

    spare: float = 0.0
    """Seconds of processor time; a take may bring it below nought."""
    since: float = field(default_factory=time.monotonic)

    def encode(self, pcm: NDArray[np.int16], sample_rate: int) -> bytes:
        """Mono PCM16 as a FLAC file, compressed or not; either gives the same samples back."""
        from pipeline.store.flac import encode_flac, wrap_flac  # noqa: PLC0415 - plans import this and need no codec

        now = time.monotonic()
        self.spare = min(_MOST_SAVED, self.spare + _SHARE * (now - self.since))
        self.since = now
        if self.spare < 0:
            return wrap_flac(pcm, sample_rate)
        started = time.thread_time()
        data = encode_flac(pcm, sample_rate)
        self.spare -= time.thread_time() - started
        return data
