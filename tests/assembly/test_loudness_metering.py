"""The meter agrees with others, whatever the rate and however the audio is cut into blocks."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import upfirdn

from pipeline.assembly.limiting import limited
from pipeline.assembly.loudness import Levels, integrated_lufs, measure, noise_floor_db, peak_db, rms_db
from pipeline.assembly.room_tone import SILENT_SAMPLES, with_room_tone
from pipeline.assembly.true_peak import _TAPS, PHASES, TAPS, peaks_above, true_peak

Voice = Callable[..., np.ndarray]
Meter = Callable[[np.ndarray, int], tuple[float, float]]


def heard(pcm: np.ndarray, rate: int = 24_000) -> Levels:
    return measure([pcm], rate)


@pytest.mark.parametrize("rate", [24_000, 44_100, 48_000])
def test_loudness_and_true_peak_are_those_of_another_meter(rate: int, voice: Voice, other_meter: Meter) -> None:
    pcm = voice(20, rate)
    loudness, peak = other_meter(pcm, rate)
    levels = heard(pcm, rate)
    assert integrated_lufs(levels.weighted) == pytest.approx(loudness, abs=0.1)
    assert peak_db(levels) == pytest.approx(peak, abs=0.15)


@pytest.mark.slow
@pytest.mark.parametrize("rate", [24_000, 44_100, 48_000])
def test_loudness_is_that_of_a_meter_in_python(rate: int, voice: Voice) -> None:
    pyloudnorm = pytest.importorskip("pyloudnorm", reason="pyloudnorm, a meter to compare with, is not installed")
    pcm = voice(40, rate)
    theirs = pyloudnorm.Meter(rate).integrated_loudness(pcm.astype(np.float64))
    assert integrated_lufs(heard(pcm, rate).weighted) == pytest.approx(theirs, abs=0.3)


def test_a_sine_at_997_hz_has_the_loudness_that_the_standard_says() -> None:
    sine = np.sin(2 * np.pi * 997 * np.arange(48_000 * 5) / 48_000).astype(np.float32)
    assert integrated_lufs(heard(sine, 48_000).weighted) == pytest.approx(-3.01, abs=0.02)
    assert rms_db(heard(sine, 48_000)) == pytest.approx(-3.01, abs=0.01)


def test_a_peak_between_two_samples_is_found() -> None:
    """A sine at a quarter of the rate, 45 degrees off, whose samples all lie 3 dB below its crest."""
    sine = np.sin(np.pi / 2 * np.arange(24_000) + np.pi / 4).astype(np.float32) * np.float32(0.5)
    assert 20 * math.log10(float(np.abs(sine).max())) == pytest.approx(-9.03, abs=0.01)
    assert peak_db(heard(sine)) == pytest.approx(-6.02, abs=0.3)


def interpolated_peak_db(pcm: np.ndarray) -> float:
    """The highest of 32 points a sample, by the Fourier transform of the audio between stretches of silence."""
    silent = np.zeros(4096)
    spectrum = np.fft.rfft(np.concatenate([silent, pcm, silent]))
    spectrum[-1] /= 2
    return 20 * math.log10(np.abs(np.fft.irfft(spectrum, 32 * (len(pcm) + 8192)) * 32).max())


def test_peaks_of_speech_cut_anywhere_are_those_of_a_fine_interpolation(voice: Voice) -> None:
    pcm = voice(3.0)
    loud = np.flatnonzero(np.abs(pcm) > 0.6 * np.abs(pcm).max())
    for start in loud[:: len(loud) // 9]:
        cut = pcm[start : start + 12_000 - len(pcm[start:]) % 2]
        assert peak_db(heard(cut)) == pytest.approx(interpolated_peak_db(cut), abs=0.15)


def test_a_tone_s_peak_is_its_crest_also_where_the_meter_s_seconds_end() -> None:
    at = np.arange(84_000) / 24_000
    tone = np.sin(2 * np.pi * 60.25 * at) * np.minimum(1, 4 * np.minimum(at, at[::-1])) / 2
    assert peak_db(heard(tone.astype(np.float32))) == pytest.approx(-6.02, abs=0.01)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), at_least=st.floats(0.0, 1.5), samples=st.integers(0, 600))
def test_no_peak_between_samples_is_passed_over(seed: int, at_least: float, samples: int) -> None:
    random = np.random.default_rng(seed)
    pcm = (random.normal(0, 0.25, samples) * np.repeat(random.uniform(0, 1, 60), 10)[:samples]).astype(np.float32)
    between = upfirdn(_TAPS[::-1].reshape(-1), pcm.astype(np.float64), up=PHASES)[
        PHASES * (TAPS - 1) : PHASES * samples
    ]
    highest = max(at_least, np.abs(pcm).max(initial=0.0), np.abs(between).max(initial=0.0))
    assert true_peak(pcm, at_least) == pytest.approx(highest, abs=1e-6)
    places, peaks = peaks_above(pcm, 0.3)
    rows = np.abs(between[: len(between) // PHASES * PHASES]).reshape(-1, PHASES).max(axis=1, initial=0.0)
    whole = np.arange(len(rows)) + TAPS // 2 - 1
    expected = np.maximum(rows, np.maximum(np.abs(pcm[whole]), np.abs(pcm[whole + 1])))
    np.testing.assert_array_equal(places, whole[expected > 0.3])
    np.testing.assert_allclose(peaks, expected[expected > 0.3], atol=1e-6)


@settings(max_examples=12, deadline=None)
@given(cuts=st.lists(st.integers(1, 30_000), max_size=8))
def test_levels_do_not_depend_on_how_audio_is_cut(cuts: list[int], voice: Voice) -> None:
    pcm = (voice(3.3) * 32767).astype(np.int16)
    whole, pieces = heard(pcm), measure(np.split(pcm, np.minimum(np.cumsum(cuts), len(pcm))), 24_000)
    assert pieces.samples == whole.samples == len(pcm)
    np.testing.assert_array_equal(pieces.power, whole.power)
    np.testing.assert_array_equal(pieces.weighted, whole.weighted)
    assert pieces.true_peak == whole.true_peak


def test_silence_has_no_loudness_and_nothing_has_no_level() -> None:
    silence = heard(np.zeros(48_000, np.int16))
    assert integrated_lufs(silence.weighted) == rms_db(silence) == peak_db(silence) == -math.inf
    assert measure([], 24_000).samples == 0


def test_the_noise_floor_is_that_of_the_pauses_alone() -> None:
    noise = np.random.default_rng(3).normal(0, 10 ** (-66 / 20), 24_000 * 6).astype(np.float32)
    noise[48_000:96_000] += 0.3
    levels = heard(noise)
    assert noise_floor_db(levels, [(0.0, 2.0), (4.0, 6.0)]) == pytest.approx(-66, abs=0.2)
    assert noise_floor_db(levels, [(0.01, 0.09)]) is None


@settings(max_examples=12, deadline=None)
@given(cuts=st.lists(st.integers(1, 20_000), max_size=6), ceiling=st.floats(0.1, 0.9))
def test_limited_audio_keeps_its_length_and_no_true_peak_passes(cuts: list[int], ceiling: float, voice: Voice) -> None:
    pcm = voice(2.0, level=0.6)
    parts = np.split(pcm, np.minimum(np.cumsum(cuts), len(pcm)))
    made = np.concatenate(list(limited(parts, ceiling)))
    assert len(made) == len(pcm)
    np.testing.assert_allclose(made, np.concatenate(list(limited([pcm], ceiling))), atol=1e-6)
    assert heard(made).true_peak <= ceiling * 1.005


def test_the_limiter_leaves_what_is_below_the_ceiling_as_it_is(voice: Voice) -> None:
    pcm = voice(2.0, level=0.05)
    np.testing.assert_array_equal(np.concatenate(list(limited([pcm], 0.9))), pcm)


def test_room_tone_has_its_level_and_leaves_the_joints_of_chapters_silent() -> None:
    silence = np.zeros(24_000 * 8, np.float32)
    made = np.concatenate(list(with_room_tone(np.split(silence, 8), -78.0, len(silence))))
    assert not made[: SILENT_SAMPLES + 1].any()
    assert not made[-SILENT_SAMPLES - 1 :].any()
    inner = made[24_000:-24_000]
    assert 10 * math.log10(float(np.mean(inner.astype(np.float64) ** 2))) == pytest.approx(-78, abs=0.7)
    np.testing.assert_array_equal(made, np.concatenate(list(with_room_tone([silence], -78.0, len(silence)))))
