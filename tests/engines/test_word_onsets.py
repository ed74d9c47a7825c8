"""A word that follows a pause is told from where its sound sets in."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.engines.hibari.synthesis import Speaker
from pipeline.engines.local.joining import trimmed
from pipeline.engines.protocol import Order, Speech, VoiceParameters

MS = 24  # samples
BLOCK, UNIT, LEAD = 120, 600, 720
SHORTEST_PAUSE = 50 * MS
AUDIBLE = 98  # of 32,768
TEXT = (
    "He said, slowly, that some songs, sung softly, harm nobody. In August, when the fleet, forty sails, came home, "
    "somebody sang; she sang high, then she stopped — and, having finished, slept."
)

VOICE: VoiceParameters = {"voice": "heart", "pitch": 1.0, "speed": 1.0}

Ranges = dict[int, tuple[int, int]]
lengths = st.lists(st.tuples(st.integers(1, 8), st.integers(0, 6)), min_size=1, max_size=8)
levels = st.lists(st.tuples(st.booleans(), st.integers(1, 30)), min_size=1, max_size=20)


def sound_of(runs: list[tuple[bool, int]]) -> NDArray[np.float32]:
    """Runs of blocks, loud or silent, with a loud one in them."""
    blocks = np.repeat([loud for loud, _ in runs] + [True], [length for _, length in runs] + [1])
    return np.repeat(np.where(blocks, np.float32(0.2), np.float32(0.0)), BLOCK)


def ranges_of(units: list[tuple[int, int]], samples: int) -> Ranges:
    """Words with what the model leaves between them, in its units, within the sound."""
    ranges: Ranges = {}
    at = 0
    for length, space in units:
        if (at + length) * UNIT <= samples:
            ranges[len(ranges)] = (at * UNIT, (at + length) * UNIT)
        at += length + space
    return ranges or {0: (0, samples)}


def silence_before(sound: NDArray[np.float32], at: int) -> int:
    """Samples of silence that end at ``at``."""
    loud = np.flatnonzero(sound[:at])
    return at - int(loud[-1]) - 1 if len(loud) else at


@given(runs=levels, units=lengths)
@settings(max_examples=150, deadline=None)
def test_a_start_moves_forward_only_to_the_end_of_a_pause_and_never_into_the_word_before(
    runs: list[tuple[bool, int]], units: list[tuple[int, int]]
) -> None:
    sound = sound_of(runs)
    told = ranges_of(units, len(sound))
    shift = max(int(np.flatnonzero(sound)[0]) - LEAD, 0)
    heard = {word: (start + shift, end + shift) for word, (start, end) in trimmed(sound, told, 0).words.items()}
    assert list(heard) == list(told)
    assert all(start < end for start, end in heard.values())
    for before, word in pairwise(told):
        start, modelled = heard[word][0], told[word][0]
        assert told[before][1] <= start <= modelled
        assert heard[before][1] <= start
        if start < modelled:
            assert sound[start]
            assert silence_before(sound, start) >= SHORTEST_PAUSE
            assert not any(
                sound[at] and not sound[at - 1] and silence_before(sound, at) >= SHORTEST_PAUSE
                for at in range(start + BLOCK, modelled, BLOCK)
            )


@given(runs=levels, units=lengths)
@settings(max_examples=60, deadline=None)
def test_ends_stay_where_they_are_whatever_lies_before_the_word(
    runs: list[tuple[bool, int]], units: list[tuple[int, int]]
) -> None:
    sound = sound_of(runs)
    told = ranges_of(units, len(sound))
    heard = trimmed(sound, told, 0).words
    for word, (start, end) in list(told.items())[1:-1]:
        alone = trimmed(sound, {0: told[0], word: (start, end), len(told): told[max(told)]}, 0).words
        assert heard[word][1] == alone[word][1]


def test_a_word_after_a_pause_starts_with_its_sound_and_one_without_a_pause_where_the_model_has_it() -> None:
    sound = sound_of([(True, 20), (False, 10), (True, 30)])
    after_a_pause = trimmed(sound, {0: (0, 2400), 1: (4200, 7200)}, 0).words
    assert after_a_pause[1][0] == 30 * BLOCK
    closed_lips = sound_of([(True, 20), (False, 9), (True, 31)])
    assert trimmed(closed_lips, {0: (0, 2400), 1: (4200, 7200)}, 0).words[1][0] == 4200


def test_a_blip_in_a_pause_is_not_the_next_word() -> None:
    sound = sound_of([(True, 20), (False, 18), (True, 1), (False, 13), (True, 30)])
    assert trimmed(sound, {0: (0, 2400), 1: (7200, 9600)}, 0).words[1][0] == 52 * BLOCK


def late_ms(speech: Speech) -> list[float]:
    """For each pause of 60 ms and more inside the sound, by how much the word after it is told late."""
    words = speech.words
    loud = np.flatnonzero(np.abs(speech.pcm.astype(np.int32)) > AUDIBLE)
    late = []
    for i in np.flatnonzero(np.diff(loud) > 60 * MS):
        sets_in = int(loud[i + 1])
        word = int(np.searchsorted(words.end_sample, sets_in, side="right"))
        if words.start_sample[word] > loud[i]:
            late.append((int(words.start_sample[word]) - sets_in) / MS)
    return late


@pytest.mark.parametrize(("speed", "pitch"), [(0.7, 1.0), (1.0, 1.0), (1.0, 1.3)])
def test_every_pause_of_real_speech_ends_where_the_next_word_is_told(
    hibari: Speaker, speed: float, pitch: float
) -> None:
    late = late_ms(hibari.speak(Order(TEXT, "en", {**VOICE, "pitch": pitch, "speed": speed})))
    assert len(late) >= 6
    assert max(np.abs(late)) <= 10


def test_words_of_running_speech_start_where_the_model_has_them(hibari: Speaker) -> None:
    speech = hibari.speak(Order("You may remain in our warm room in May.", "en", VOICE))
    offsets = {int(start) % UNIT for start in speech.words.start_sample[1:]}
    assert len(offsets) == 1  # whole units from one another, as its durations are
