"""What the embedded engine's sound is like: measured, where a listener would judge."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.engines.hibari.synthesis import Speaker
from pipeline.engines.protocol import Order, Speech

VOICE = {"voice": "heart", "pitch": 1.0, "speed": 1.0}
TEXT = "The harbour was empty when they came. “Nobody,” said Ada, “has been here for a year!” Then it rained."
BLOCK = 120  # 5 ms


def speak(hibari: Speaker, text: str, number: int = 0, **voice: float) -> Speech:
    return hibari.speak(Order(text, "en", {**VOICE, **voice}, (), number))


def loud(pcm: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Which blocks of 5 ms are louder than 1 % of full scale."""
    whole = len(pcm) // BLOCK * BLOCK
    return np.asarray(np.abs(pcm[:whole].astype(np.int32)).reshape(-1, BLOCK).max(axis=1) > 327)


def silences_ms(pcm: NDArray[np.int16], at_least_ms: int = 150) -> list[tuple[int, int]]:
    """Runs of silence inside the sound, in milliseconds."""
    edges = np.flatnonzero(np.diff(loud(pcm).astype(np.int8)))
    ends = [int(edge + 1) * 5 for edge in edges]
    runs = zip(ends[1::2], ends[2::2], strict=False)
    return [(start, end) for start, end in runs if end - start >= at_least_ms]


def test_the_first_word_starts_with_the_sound_and_the_last_ends_with_it(hibari: Speaker) -> None:
    for text in ("Sit down!", "It was late.", "Fresh fish.", "Ah, you came."):
        speech = speak(hibari, text)
        heard = np.flatnonzero(loud(speech.pcm)) * BLOCK
        assert abs(int(speech.words.start_sample[0]) - heard[0]) <= 720  # 30 ms
        assert abs(int(speech.words.end_sample[-1]) - heard[-1]) <= 1200  # 50 ms


def test_silence_falls_between_words_not_in_them(hibari: Speaker) -> None:
    speech = speak(hibari, TEXT)
    gaps = list(zip(speech.words.end_sample[:-1] // 24, speech.words.start_sample[1:] // 24, strict=True))
    silences = silences_ms(speech.pcm)
    assert len(silences) >= 4  # two sentence ends, two commas
    for start, end in silences:
        middle = (start + end) / 2
        assert any(low <= middle <= high for low, high in gaps)


def test_sound_lies_within_words(hibari: Speaker) -> None:
    speech = speak(hibari, TEXT)
    inside = np.zeros(len(speech.pcm), bool)
    for start, end in zip(speech.words.start_sample, speech.words.end_sample, strict=True):
        inside[max(start - 1440, 0) : end + 1440] = True  # 60 ms: the voice glides from word to word
    whole = len(speech.pcm) // BLOCK * BLOCK
    covered = inside[:whole].reshape(-1, BLOCK).all(axis=1)
    assert covered[loud(speech.pcm)].mean() > 0.98


@pytest.mark.parametrize("pitch", [0.72, 0.85, 1.0, 1.15, 1.3])
def test_a_voice_has_its_pitch_and_the_level_of_the_others(
    hibari: Speaker, median_pitch_hz: Callable[[NDArray[np.int16]], float], pitch: float
) -> None:
    plain, voice = speak(hibari, TEXT), speak(hibari, TEXT, pitch=pitch)
    assert median_pitch_hz(voice.pcm) == pytest.approx(median_pitch_hz(plain.pcm) * pitch, rel=0.08)
    level = float(np.std(voice.pcm.astype(np.float64)) / np.std(plain.pcm.astype(np.float64)))
    assert 0.7 < level < 1.4  # within 3 dB
    assert int(np.abs(voice.pcm.astype(np.int32)).max()) < 32_440


def test_speed_shortens_speech(hibari: Speaker) -> None:
    slow, plain, fast = (len(speak(hibari, TEXT, speed=speed).pcm) for speed in (0.7, 1.0, 1.5))
    assert slow > plain * 1.2
    assert fast < plain * 0.8


def test_a_break_is_that_much_silence(hibari: Speaker) -> None:
    plain = speak(hibari, "Wait and see.")
    assert silences_ms(plain.pcm) == []
    broken = speak(hibari, 'Wait <break time="400ms"/>and see.')
    [(start, end)] = silences_ms(broken.pcm)
    assert 380 <= end - start <= 480


def test_prosody_slows_its_part_alone(hibari: Speaker) -> None:
    plain = speak(hibari, "First we wait. Then we walk home.")
    slow = speak(hibari, 'First we wait. <prosody rate="slow">Then we walk home.</prosody>')
    first = plain.words.end_sample[2] - plain.words.start_sample[0]
    assert slow.words.end_sample[2] - slow.words.start_sample[0] == pytest.approx(first, rel=0.02)
    second = plain.words.end_sample[-1] - plain.words.start_sample[3]
    assert slow.words.end_sample[-1] - slow.words.start_sample[3] > second * 1.1


def test_sentences_and_paragraphs_are_apart_by_their_pauses(hibari: Speaker) -> None:
    speech = speak(hibari, "It rained. They left.\n\nNobody saw.")
    pauses = [
        int(start - end) // 24
        for end, start in zip(speech.words.end_sample[:-1], speech.words.start_sample[1:], strict=True)
    ]
    assert pauses[1] == pytest.approx(300, abs=10)
    assert pauses[3] == pytest.approx(650, abs=10)


def test_joints_do_not_click(hibari: Speaker) -> None:
    pcm = speak(hibari, "One. Two. Three.").pcm.astype(np.int32)
    steps = np.abs(np.diff(pcm))
    joints = np.flatnonzero((pcm[:-1] == 0) ^ (pcm[1:] == 0))
    quiet = [at for at in joints if not pcm[max(at - 200, 0) : at].any() or not pcm[at + 1 : at + 201].any()]
    assert len(quiet) >= 4
    assert steps[quiet].max() <= 3


def test_the_same_order_gives_the_same_bytes_and_another_number_another_take(hibari: Speaker) -> None:
    first, again, other = (speak(hibari, TEXT, number=number) for number in (0, 0, 1))
    assert first.pcm.tobytes() == again.pcm.tobytes()
    assert first.pcm.tobytes() != other.pcm.tobytes()
    assert np.array_equal(first.words.start_sample, other.words.start_sample)


def test_text_without_punctuation_is_cut_and_spoken_whole(hibari: Speaker) -> None:
    text = "and then we walked on " * 60
    speech = speak(hibari, text)
    assert len(speech.words) == 300
    assert (speech.words.end_sample > speech.words.start_sample).all()
    assert 50 < len(speech.pcm) / 24_000 < 150
