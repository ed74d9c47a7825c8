"""Takes are compressed while there is time for it, and only wrapped where answers come faster."""

from __future__ import annotations

import numpy as np

from pipeline.store.compression import Compression
from pipeline.store.flac import decode_flac

RATE = 24_000
TONE = (9_000 * np.sin(np.arange(20 * RATE) / 20)).astype(np.int16)


def test_answers_that_come_faster_than_they_can_be_compressed_are_wrapped_and_sound_the_same() -> None:
    compression = Compression()
    files = [compression.encode(TONE, RATE) for _ in range(20)]
    assert len(files[0]) < TONE.nbytes / 2
    assert len(files[-1]) > TONE.nbytes
    assert np.array_equal(decode_flac(files[-1]), TONE)


def test_what_compressing_has_cost_is_made_up_for_by_time() -> None:
    compression = Compression(spare=-5)
    assert len(compression.encode(TONE, RATE)) > TONE.nbytes
    compression.since -= 60
    assert len(compression.encode(TONE, RATE)) < TONE.nbytes / 2


def test_a_run_that_has_waited_for_long_has_no_more_to_spare_than_one_that_waited_a_little() -> None:
    compression = Compression()
    compression.since -= 3_600
    compression.encode(TONE, RATE)
    assert 1 < compression.spare < 2
