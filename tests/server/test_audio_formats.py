from __future__ import annotations

import numpy as np
import pytest

from pipeline.kugelaudio.g711 import Encoding, to_pcm16
from pipeline.server.api_errors import ApiError
from pipeline.server.audio_formats import AudioFormat, alaw, chosen_format, encoded, resampled, ulaw


@pytest.mark.parametrize("law", ["ulaw", "alaw"])
def test_g711_comes_back_within_its_steps_for_every_sample(law: Encoding) -> None:
    every = np.arange(-32_000, 32_000, dtype=np.int16)
    encode = ulaw if law == "ulaw" else alaw
    back = np.asarray(to_pcm16(encode(every).tobytes(), law), np.int32)
    assert np.all(np.abs(back - every) <= np.maximum(np.abs(every.astype(np.int32)) / 16, 16))
    assert np.all(np.diff(back) >= 0)


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050])
def test_resampling_keeps_length_and_pitch_and_folds_nothing_back(rate: int) -> None:
    at = np.arange(48_000) / 24_000
    low = (8000 * np.sin(2 * np.pi * 440 * at)).astype(np.int16)
    sound = resampled(low, rate)
    assert len(sound) == 2 * rate
    assert np.argmax(np.abs(np.fft.rfft(sound))) == 880
    if rate < 20_000:
        high = (8000 * np.sin(2 * np.pi * 0.65 * rate * at)).astype(np.int16)
        assert np.abs(resampled(high, rate)[rate // 10 : -rate // 10]).max() < 80


def test_the_format_decides_and_must_not_contradict_the_rate() -> None:
    assert chosen_format(None, None) == AudioFormat("pcm_s16le", 24_000)
    assert chosen_format("ulaw_8000", 24_000) == AudioFormat("ulaw", 8_000)
    assert chosen_format("pcm_16000", 16_000).name == "pcm_16000"
    for output_format, rate in (("pcm_16000", 8_000), ("mp3", None), (None, 44_100)):
        with pytest.raises(ApiError) as refused:
            chosen_format(output_format, rate)
        assert refused.value.status == 400


def test_pcm_is_little_endian_sixteen_bit() -> None:
    assert encoded(np.asarray([1, -2], np.int16), AudioFormat("pcm_s16le", 24_000)) == b"\x01\x00\xfe\xff"
