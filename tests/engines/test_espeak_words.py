"""eSpeak NG's word events, brought back to the text as written. Needs the optional extra `espeak`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.engines.espeak.synthesis import EspeakSpeaker
from pipeline.engines.protocol import Order, Speech
from pipeline.project.dictionaries import DictionaryEntry
from pipeline.script.words import written_words

pytestmark = pytest.mark.slow  # not for its time: `make test` runs without optional extras

HARD = (
    "1990", "3. Mai 1815", "»Wie?«", "„So“,", "Straße", "z. B.", "9,99 €", "Dr. Weiß", "U-Bahn", "ja — nein", "…",
    "7:30 Uhr", "😀", "™", "***", "10–20", "Grüße!", "of the", "in a", "don’t", "<spell>abc</spell>", "漢字", "Привет",
    "a/b", "100 %", "'", "x²", "\n\n", "<break/>",
)  # fmt: skip


def order(text: str, language: str = "de", entries: tuple[DictionaryEntry, ...] = (), **voice: str | float) -> Order:
    return Order(text, language, {"voice": language, "pitch": 50, "speed": 1.0, **voice}, entries)


def assert_every_written_word_once(text: str, speech: Speech) -> None:
    words = speech.words
    assert list(zip(words.char_start.tolist(), words.char_end.tolist(), strict=True)) == written_words(text)
    edges = np.stack((words.start_sample, words.end_sample), axis=1).reshape(-1)
    assert (np.diff(edges) >= 0).all()
    assert not len(words) or (edges[0] >= 0 and edges[-1] <= len(speech.pcm))


def times_ms(text: str, speech: Speech) -> dict[str, tuple[int, int]]:
    columns = (speech.words.char_start, speech.words.char_end, speech.words.start_sample, speech.words.end_sample)
    return {text[a:b]: (int(c) // 24, int(d) // 24) for a, b, c, d in zip(*columns, strict=True)}


@given(
    text=st.lists(st.sampled_from(HARD) | st.text(max_size=6), max_size=8).map(" ".join),
    language=st.sampled_from(["de", "en-us"]),
)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_written_word_has_one_place_in_time_and_none_goes_back(
    espeak: EspeakSpeaker, text: str, language: str
) -> None:
    assert_every_written_word_once(text, espeak.speak(order(text, language)))


def test_a_number_of_several_events_is_one_word(espeak: EspeakSpeaker) -> None:
    text = "Im Jahr 1990 war es kalt."
    said = times_ms(text, espeak.speak(order(text)))
    assert list(said) == ["Im", "Jahr", "1990", "war", "es", "kalt"]
    assert said["1990"][1] - said["1990"][0] > 1000
    assert said["war"][0] >= said["1990"][1]


def test_words_that_are_said_together_share_their_time(espeak: EspeakSpeaker) -> None:
    text = "One of the men in a house."
    said = times_ms(text, espeak.speak(order(text, "en-us")))
    assert all(end > start for start, end in said.values())


def test_umlauts_and_guillemets_are_spoken(espeak: EspeakSpeaker) -> None:
    text = "»Größe über alles«, rief König Ägir."
    speech = espeak.speak(order(text))
    assert_every_written_word_once(text, speech)
    assert all(end - start > 80 for start, end in times_ms(text, speech).values())
    assert speech.sample_rate == 24_000


def test_words_start_with_their_sound(espeak: EspeakSpeaker) -> None:
    text = "Halt. Dann kam der Regen."
    speech = espeak.speak(order(text))
    loud = np.abs(speech.pcm.astype(np.int32)) > 327
    for start, end in zip(speech.words.start_sample, speech.words.end_sample, strict=True):
        assert loud[start : start + 1440].any()
        assert loud[end - 1440 : end].any()


def test_pitch_speed_and_speaker_change_the_sound(
    espeak: EspeakSpeaker, median_pitch_hz: Callable[[NDArray[np.int16]], float]
) -> None:
    text = "Guten Morgen, wie geht es allen hier?"
    plain = espeak.speak(order(text))
    assert len(espeak.speak(order(text, speed=1.8)).pcm) < len(plain.pcm) * 0.75
    low, high = (median_pitch_hz(espeak.speak(order(text, pitch=pitch)).pcm) for pitch in (5, 95))
    assert high > 1.2 * low
    assert median_pitch_hz(espeak.speak(order(text, voice="de+f3")).pcm) > 1.2 * median_pitch_hz(plain.pcm)


def test_dictionary_words_keep_their_place(espeak: EspeakSpeaker) -> None:
    text = "Herr Quixote ritt fort."
    entries = (DictionaryEntry("Quixote", "Kichote von der Mancha"),)
    plain, speech = espeak.speak(order(text)), espeak.speak(order(text, entries=entries))
    assert_every_written_word_once(text, speech)
    assert len(speech.pcm) > len(plain.pcm) * 1.2


@pytest.mark.parametrize("voice", ["en-gb", "en-us", "en", "cmn", "de+f3"])
def test_a_voice_is_found_by_its_language_whatever_its_file_is_called(espeak: EspeakSpeaker, voice: str) -> None:
    assert len(espeak.speak(order("seven", language="en", voice=voice)).pcm) > 0


def test_a_german_novel_is_spoken_paragraph_by_paragraph(espeak: EspeakSpeaker, books: Path) -> None:
    text = (books / "die-verwandlung.txt").read_text(encoding="utf-8")
    paragraphs = [" ".join(paragraph.split()) for paragraph in text.split("\n\n") if paragraph.strip()][:12]
    for paragraph in paragraphs:
        for start in range(0, len(paragraph), 4000):
            part = paragraph[start : start + 4000]
            speech = espeak.speak(order(part))
            assert_every_written_word_once(part, speech)
            lengths = speech.words.end_sample - speech.words.start_sample
            letters = [any(c.isalpha() for c in part[a:b]) for a, b in written_words(part)]
            assert (lengths[np.asarray(letters, bool)] > 0).all()
            if len(part) > 100:
                assert 8 < len(part) / (len(speech.pcm) / 24_000) < 25  # characters a second
