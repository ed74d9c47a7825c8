from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.engines.protocol import WordTimes
from pipeline.script.words import written_words
from pipeline.server.chunks import CUT_GRID, chunks_of, text_cuts
from pipeline.server.even_pace import _quick_cuts, even_chunks


def _even(text: str, samples: int) -> WordTimes:
    places = np.asarray(written_words(text), np.int32)
    times = (places.astype(np.int64) * samples // len(text)).astype(np.int32)
    return WordTimes(places[:, 0], places[:, 1], times[:, 0], times[:, 1])


def test_a_long_text_is_cut_at_sentences() -> None:
    text = "The lamp was lit again that night. " * 20
    cuts = text_cuts(text, "en")
    assert len(cuts) == 2
    assert all(text[cut:].startswith("The lamp") for cut in cuts)
    assert text_cuts("A short one.", "en") == []


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from(["Go.", "The lamp was lit again.", "Who is it?"]), min_size=1, max_size=60))
def test_chunks_tile_the_audio_and_hold_every_word_once(parts: list[str]) -> None:
    text = " ".join(parts)
    samples = len(text) * 1600
    chunks = chunks_of(_even(text, samples), samples, text_cuts(text, "en", 40))
    assert chunks[0].start_sample == 0
    assert chunks[-1].end_sample == samples
    assert all(a.end_sample == b.start_sample for a, b in pairwise(chunks))
    assert all(chunk.start_sample % CUT_GRID == 0 for chunk in chunks)
    told = [(word.char_start, word.char_end) for chunk in chunks for word in chunk.words]
    assert told == written_words(text)
    for chunk in chunks:
        length_ms = (chunk.end_sample - chunk.start_sample) / 24
        assert all(0 <= word.start_ms <= word.end_ms <= length_ms for word in chunk.words)


def test_truncated_audio_has_no_words_beyond_its_end() -> None:
    text = "One two three four five six seven eight nine ten."
    words = _even(text, 48_000)
    (chunk,) = chunks_of(words, 24_000, [])
    assert 0 < len(chunk.words) < len(words)
    assert chunk.words[-1].end_ms <= 1000


_SENTENCE = "The keeper of the light had kept no ledger before that winter, and nobody asked. "
_PIECES = st.sampled_from(
    [
        "Go. ",
        "“Who is it?” ",
        "…  ",
        "— ",
        '"',
        "<break time='1. 2s'/>",
        "\n\n",
        "灯。 ",
        "x" * 90,
        _SENTENCE,
        "- " * 60,
    ]
)


@settings(deadline=None, max_examples=150)
@given(st.lists(_PIECES, min_size=1, max_size=40), st.integers(0, 900_000))
def test_an_even_pace_needs_only_the_words_beside_the_cuts(parts: list[str], samples: int) -> None:
    text = "".join(parts)
    whole = len(text) * 1600
    samples = min(samples, whole)
    told = [(chunk.start_sample, chunk.end_sample, chunk.words) for chunk in even_chunks(text, whole, samples)]
    has_words = samples and written_words(text)
    wanted = chunks_of(_even(text, whole), samples, _quick_cuts(text)) if has_words else []
    assert told == [(chunk.start_sample, chunk.end_sample, chunk.words) for chunk in wanted]
