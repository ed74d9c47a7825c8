"""Takes are compressed while there is time for it, and only wrapped where answers come faster."""

from __future__ import annotations

import time

import numpy as np
import pytest

from pipeline.store.compression import Compression
from pipeline.store.flac import decode_flac

RATE = 24_000
TONE = (9_000 * np.sin(np.arange(20 * RATE) / 20)).astype(np.int16)


def test_answers_that_come_as_services_speak_are_all_compressed() -> None:
    compression = Compression(began=time.monotonic() - 3_600, spent=300)
    assert len(compression.encode(TONE, RATE)) < TONE.nbytes / 2


def test_answers_that_come_faster_than_they_can_be_compressed_are_wrapped_and_sound_the_same() -> None:
    compression = Compression()
    files = [compression.encode(TONE, RATE) for _ in range(20)]
    assert len(files[0]) < TONE.nbytes / 2
    assert len(files[-1]) > TONE.nbytes
    assert np.array_equal(decode_flac(files[-1]), TONE)


def test_what_compressing_has_cost_is_made_up_for_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    monkeypatch.setattr("pipeline.store.compression.time.monotonic", lambda: now)
    compression = Compression(began=now, spent=5)
    assert len(compression.encode(TONE, RATE)) > TONE.nbytes
    now += 60
    assert len(compression.encode(TONE, RATE)) < TONE.nbytes / 2
