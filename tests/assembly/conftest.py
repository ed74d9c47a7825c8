"""Audio like speech, and a meter that is not ours."""

from __future__ import annotations

import math
from collections.abc import Callable

import av
import numpy as np
import pytest


@pytest.fixture(scope="session")
def voice() -> Callable[..., np.ndarray]:
    """``voice(seconds, rate, level)``."""
    return _voice


@pytest.fixture(scope="session")
def other_meter() -> Callable[[np.ndarray, int], tuple[float, float]]:
    """``other_meter(pcm, rate)``: LUFS and dBTP."""
    return _other_meter


def _voice(seconds: float, rate: int = 24_000, level: float = 0.2) -> np.ndarray:
    """Harmonics in syllables with pauses between phrases."""
    at = np.arange(int(seconds * rate)) / rate
    tone = sum(np.sin(2 * np.pi * 130 * n * at + n * n) / n for n in range(1, 25))
    syllables = np.clip(np.sin(2 * np.pi * 3.1 * at), 0, 1) * (np.sin(2 * np.pi * 0.23 * at) > -0.5)
    return (level * tone * syllables).astype(np.float32)


def _other_meter(pcm: np.ndarray, rate: int) -> tuple[float, float]:
    """Loudness and true peak by FFmpeg's own meter."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=rate, format="flt", layout="mono")
    meter, sink = graph.add("ebur128", "metadata=1:peak=true"), graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="flt", layout="mono")
    frame.sample_rate = rate
    graph.push(frame)
    graph.push(None)
    last: dict[str, str] = {}
    while True:
        try:
            last = dict(graph.pull().metadata) or last
        except (av.EOFError, av.BlockingIOError):
            return float(last["lavfi.r128.I"]), 20 * math.log10(float(last["lavfi.r128.true_peak"]))
