"""The two speech engines, loaded once for all tests of a process."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.engines.espeak.synthesis import EspeakSpeaker
from pipeline.engines.hibari.phonemes import Reader
from pipeline.engines.hibari.synthesis import Speaker


@pytest.fixture(scope="session")
def hibari() -> Speaker:
    """The embedded engine, in this process."""
    return Speaker()


@pytest.fixture(scope="session")
def espeak() -> EspeakSpeaker:
    """eSpeak NG, in this process."""
    return EspeakSpeaker()


@pytest.fixture(scope="session")
def reader() -> Reader:
    """The embedded engine's grapheme-to-phoneme stage."""
    return Reader()


@pytest.fixture(scope="session")
def median_pitch_hz() -> Callable[[NDArray[np.int16]], float]:
    """Measures the pitch of speech at 24 kHz."""
    return _median_pitch_hz


def _median_pitch_hz(pcm: NDArray[np.int16]) -> float:
    """The median fundamental of voiced 50 ms frames, by autocorrelation."""
    found = []
    for start in range(0, len(pcm) - 1200, 600):
        frame = pcm[start : start + 1200].astype(np.float64)
        frame -= frame.mean()
        if frame.std() < 600:
            continue
        correlation = np.correlate(frame, frame, "full")[1199:]
        lag = int(correlation[60:300].argmax()) + 60  # 80-400 Hz
        if correlation[lag] > 0.6 * correlation[0]:
            found.append(24_000 / lag)
    return float(np.median(found))
