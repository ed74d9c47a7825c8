"""K-weighting: loudness is the power of audio that was filtered as ITU-R BS.1770-4, annex 1, says.

FFmpeg filters, through PyAV: as fast as SciPy's lfilter, whose import takes longer than measuring an hour.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import av
import numpy as np
from av.filter import Graph
from av.filter.context import FilterContext
from numpy.typing import NDArray

Weighting: TypeAlias = Callable[[NDArray[np.float32]], NDArray[np.float64]]
"""Filters mono audio, a block after the other, none of them empty; a block comes out as long as it goes in."""
_Biquad: TypeAlias = tuple[float, float, float, float, float]
"""b0, b1, b2, a1 and a2, where a0 is 1."""


def k_weighting(rate: int) -> Weighting:
    """The filter for audio that begins now, at ``rate`` Hz."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=rate, format="dbl", layout="mono")
    add_k_weighting(graph, source, rate).link_to(graph.add("abuffersink"))
    graph.configure()

    def weighted(pcm: NDArray[np.float32]) -> NDArray[np.float64]:
        frame = av.AudioFrame.from_ndarray(pcm.astype(np.float64).reshape(1, -1), format="dbl", layout="mono")
        frame.sample_rate = rate
        source.push(frame)
        made = graph.pull()
        assert isinstance(made, av.AudioFrame)
        return np.frombuffer(memoryview(made.planes[0]), np.float64, count=made.samples)

    return weighted


def add_k_weighting(graph: Graph, last: FilterContext, rate: int) -> FilterContext:
    """Put the filter behind the ``last`` of a graph; what comes out is in double precision."""
    for biquad in biquads(rate):
        terms = zip(("b0", "b1", "b2", "a1", "a2"), biquad, strict=True)
        options = {name: repr(value) for name, value in terms}
        made = graph.add("biquad", a0="1", precision="f64", transform="di", **options)
        last.link_to(made)
        last = made
    return last


def biquads(rate: int) -> tuple[_Biquad, _Biquad]:
    """A shelf of 4 dB at 1,682 Hz and a high-pass at 38 Hz, for any rate.

    The standard tabulates them for 48 kHz; these are the analogue filters behind the table, through the bilinear
    transform.
    """
    k, q, gain = math.tan(math.pi * 1681.974450955533 / rate), 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    half = gain**0.4996667741545416
    a0 = 1 + k / q + k * k
    b0, b1, b2 = (gain + half * k / q + k * k) / a0, 2 * (k * k - gain) / a0, (gain - half * k / q + k * k) / a0
    shelf = (b0, b1, b2, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0)
    k, q = math.tan(math.pi * 38.13547087602444 / rate), 0.5003270373238773
    a0 = 1 + k / q + k * k
    return shelf, (1.0, -2.0, 1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0)
