"""Word times of the embedded engine stand on the text as written."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.engines.hibari.synthesis import Speaker
from pipeline.engines.protocol import Order, Speech
from pipeline.project.dictionaries import DictionaryEntry
from pipeline.script.words import written_words

VOICE = {"voice": "heart", "pitch": 1.0, "speed": 1.0}

HARD = (
    "3 May 1815", "May 3rd, 1815", "£9.99", "$5 million", "Rs. 500", "Dr. Ames", "St. Paul", "No. 5", "Nos. 7",
    "twenty-one", "“Well,”", "‘tis", "o’clock", "…", "wait…what", "wait...", "yes—no", "yes -- no", "7:30 p.m.",
    "Henry VIII", "Chapter IV", "1/2", "25 km", "12 sq ft", "45°C", "😀", "™", "***", "10–20", "1914–18", "a/b",
    "x²", "(aside)", "[sic]", "[link](/həlˈO/)", "R2D2", "AT&T", "100%", "#5", "U.S.A.", "e.g.", "naïve", "π",
    "don't", "'", "''", "a'1", "<em>", "&", "co\u00adoperate", "cafe\u0301", "zero\u200bwidth", "漢字", "Привет",
    "http://a.io/b?c=1", "555-1234", "3:00", "12/25/2024", "2024-12-25", "\\", "_", "=", "a=b", "1,234,567.89",
    "<break time=\"200ms\"/>", "<spell>AbC 9</spell>", "<prosody rate=\"fast\">", "</prosody>", "\n\n",
)  # fmt: skip
messy = st.lists(st.sampled_from(HARD) | st.text(max_size=8) | st.sampled_from(["the", "cat", "Ran."]), max_size=9).map(
    " ".join
)


def order(text: str, *, entries: tuple[DictionaryEntry, ...] = (), number: int = 0, **voice: float) -> Order:
    return Order(text, "en", {**VOICE, **voice}, entries, number)


def assert_every_written_word_once(text: str, speech: Speech) -> None:
    words = speech.words
    assert list(zip(words.char_start.tolist(), words.char_end.tolist(), strict=True)) == written_words(text)
    edges = np.stack((words.start_sample, words.end_sample), axis=1).reshape(-1)
    assert (np.diff(edges) >= 0).all()
    assert not len(words) or (edges[0] >= 0 and edges[-1] <= len(speech.pcm))
    assert all(column.dtype == np.int32 for column in (words.char_start, words.start_sample, words.end_sample))


def times(text: str, speech: Speech) -> dict[str, tuple[int, int]]:
    """Milliseconds by written word; the last of equal words stands."""
    words = speech.words
    return {
        text[start:end]: (int(low) // 24, int(high) // 24)
        for start, end, low, high in zip(
            words.char_start, words.char_end, words.start_sample, words.end_sample, strict=True
        )
    }


@given(text=messy)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_written_word_has_one_place_in_time_and_none_goes_back(hibari: Speaker, text: str) -> None:
    assert_every_written_word_once(text, hibari.speak(order(text)))


@pytest.mark.parametrize(
    "text",
    [
        "They met on 3 May 1815 at noon.",
        "They met on May 3rd, 1815, at noon.",
        "It cost £9.99 or $5 million, or 25 km of road.",
        "Dr. Ames saw St. Paul in No. 5 with Henry VIII.",
        "He left at 7:30 p.m. with 1/2 of it — the well-known half.",
        "“Sit,” she said. “It’s o’clock…somewhere!”",
        "From 1914–18, pages 10–20, 12 sq ft.",
        "Yes—no -- maybe; it rains.",
    ],
)
def test_each_word_that_can_be_said_takes_time(hibari: Speaker, text: str) -> None:
    speech = hibari.speak(order(text))
    assert_every_written_word_once(text, speech)
    silent = [word for word, (start, end) in times(text, speech).items() if end - start < 20]
    assert silent == []


def test_a_year_is_one_word_however_it_is_spoken(hibari: Speaker) -> None:
    text = "In 1815 it rained."
    said = times(text, hibari.speak(order(text)))
    assert list(said) == ["In", "1815", "it", "rained"]
    assert said["1815"][1] - said["1815"][0] > 700  # eighteen fifteen


def test_words_around_a_rewritten_date_keep_their_own_time(hibari: Speaker) -> None:
    text = "On 3 May 1815 we left."
    said = times(text, hibari.speak(order(text)))
    assert said["3"][1] - said["3"][0] > said["May"][1] - said["May"][0]  # "the third of" against "May"
    assert said["1815"][1] - said["1815"][0] > 700


def test_what_the_voice_passes_over_has_an_empty_place_after_the_word_before(hibari: Speaker) -> None:
    text = "Look 😀 here."
    said = times(text, hibari.speak(order(text)))
    assert said["😀"] == (said["Look"][1], said["Look"][1])


def test_a_text_without_a_sound_is_a_short_silence(hibari: Speaker) -> None:
    speech = hibari.speak(order("😀 …"))
    assert 0 < len(speech.pcm) < 24_000
    assert not speech.pcm.any()
    assert_every_written_word_once("😀 …", speech)


def test_a_dictionary_word_is_said_otherwise_and_captioned_as_written(hibari: Speaker) -> None:
    text = "Mr. St. John met Leix."
    entries = (DictionaryEntry("St. John", "Sinjin"), DictionaryEntry("Leix", "Leash and a very long road"))
    plain, speech = hibari.speak(order(text)), hibari.speak(order(text, entries=entries))
    assert_every_written_word_once(text, speech)
    said = times(text, speech)
    assert said["St"][1] > said["St"][0] and said["John"][1] > said["John"][0]  # noqa: PT018 - one statement
    assert said["Leix"][1] - said["Leix"][0] > 800
    assert len(speech.pcm) > len(plain.pcm)


def test_a_pronunciation_wins_over_the_replacement(hibari: Speaker) -> None:
    text = "Siobhan sang."
    replaced = (DictionaryEntry("Siobhan", "Shivawn"),)
    with_ipa = (DictionaryEntry("Siobhan", "a text far too long to be said here", ipa="ʃɪˈvɔːn"),)
    assert (
        abs(len(hibari.speak(order(text, entries=with_ipa)).pcm) - len(hibari.speak(order(text, entries=replaced)).pcm))
        < 7200
    )


def test_spelled_letters_belong_to_their_word(hibari: Speaker) -> None:
    text = "The <spell>cat</spell> sat."
    speech = hibari.speak(order(text))
    assert_every_written_word_once(text, speech)
    said = times(text, speech)
    assert list(said) == ["The", "cat", "sat"]
    assert said["cat"][1] - said["cat"][0] > 500  # see, ay, tee


def test_a_dictionary_word_at_a_sentence_cut_is_not_parted(hibari: Speaker) -> None:
    text = "We saw Yahoo! Inc. there."
    speech = hibari.speak(order(text, entries=(DictionaryEntry("Yahoo! Inc.", "the company"),)))
    assert_every_written_word_once(text, speech)
    assert times(text, speech)["Yahoo"][1] > times(text, speech)["Yahoo"][0]
