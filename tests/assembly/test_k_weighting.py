"""The filter of loudness is the standard's, at any rate and however audio is cut."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from pipeline.assembly.k_weighting import biquads, k_weighting


def test_at_48_khz_it_is_the_one_that_the_standard_tabulates() -> None:
    shelf = (1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585)
    high_pass = (1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621)
    assert biquads(48_000)[0] == pytest.approx(shelf, abs=1e-10)
    assert biquads(48_000)[1] == pytest.approx(high_pass, abs=1e-10)


@pytest.mark.parametrize("rate", [24_000, 44_100, 48_000])
def test_blocks_behind_one_another_are_filtered_as_one(rate: int) -> None:
    pcm = np.random.default_rng(5).normal(0, 0.1, 2 * rate).astype(np.float32)
    expected = pcm.astype(np.float64)
    for b0, b1, b2, a1, a2 in biquads(rate):
        expected = lfilter([b0, b1, b2], [1.0, a1, a2], expected)
    weigh = k_weighting(rate)
    made = np.concatenate([weigh(part).copy() for part in np.split(pcm, [1, 700, rate, rate + 4410])])
    np.testing.assert_allclose(made, expected, atol=1e-9)
