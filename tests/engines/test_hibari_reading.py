"""hibari's reading of a text, followed back to the text as written."""

from __future__ import annotations

import importlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.engines.hibari.ipa import model_phonemes
from pipeline.engines.hibari.normalizing import normalized
from pipeline.engines.hibari.phonemes import NO_WORD, Reader, Spoken, speak_words
from pipeline.engines.hibari.pieces import MAX_PHONEMES, pieces
from pipeline.engines.hibari.reading import Reading
from pipeline.engines.local.markup import parse_markup
from pipeline.engines.local.traced import Traced, match_words
from pipeline.engines.local.word_places import WordPlaces
from pipeline.script.words import written_words

WRITTEN = (
    "3 May 1815", "£9.99", "$5 million", "Dr. Ames of St. Paul", "No. 5", "twenty-one", "“Well,”", "7:30 p.m.",
    "Henry VIII", "1/2", "25 km", "45°C", "10-20", "100%", "U.S.A.", "the cat", "ran.", "100 m/s", "#5", "R2D2",
    "Sept. 3", "(aside)", "555-1234", "© 2024", "a = b", "x|y", "Rs. 500",
)  # fmt: skip


def read(reader: Reader, text: str) -> tuple[Spoken, list[tuple[int, int]]]:
    words = written_words(text)
    return speak_words(reader, normalized(Traced.of(text, 0, len(text))), WordPlaces(words)), words


def said_by_word(reader: Reader, text: str) -> dict[str, str]:
    spoken, words = read(reader, text)
    return {
        text[start:end]: "".join(p for p, owner in zip(spoken.phonemes, spoken.owners, strict=True) if owner == i)
        for i, (start, end) in enumerate(words)
    }


@given(text=st.lists(st.sampled_from(WRITTEN), min_size=1, max_size=6).map(" ".join))
@settings(max_examples=80, deadline=None)
def test_the_traced_normaliser_gives_hibaris_own_text(text: str) -> None:
    own = importlib.import_module("hibari.g2p.normalize").normalize
    assert normalized(Traced.of(text, 0, len(text))).text == own(text)


@given(text=st.lists(st.sampled_from(WRITTEN) | st.text(max_size=6), max_size=6).map(" ".join))
@settings(max_examples=150, deadline=None)
def test_a_rewritten_text_remembers_ranges_of_the_source(text: str) -> None:
    traced = normalized(Traced.of(text, 0, len(text)))
    assert len(traced.starts) == len(traced.ends) == len(traced.text)
    assert all(0 <= start <= end <= len(text) for start, end in zip(traced.starts, traced.ends, strict=True))


@given(text=st.lists(st.sampled_from(WRITTEN), min_size=1, max_size=6).map(" ".join))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_phonemes_are_hibaris_own_and_their_words_never_go_back(reader: Reader, text: str) -> None:
    spoken, words = read(reader, text)
    owners = [owner for owner in spoken.owners if owner != NO_WORD]
    assert owners == sorted(owners)
    assert set(owners) <= set(range(len(words)))
    assert spoken.phonemes.strip() == reader(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3 May 1815", {"3": "ðəθˈɜɹdʌv", "May": "mˈA", "1815": "ˌAtˈinfˌɪftˈin"}),
        ("Henry VIII won", {"Henry": "hˈɛnɹi", "VIII": "ðiˈAθ", "won": "wˈʌn"}),
        ("25 km", {"25": "twˈɛntifˈIv", "km": "kəlˈɑməTəɹz"}),
        ("“My dear”", {"My": "mˈI", "dear": "dˈɪɹ"}),
        ("yes—no", {"yes": "jˈɛs", "no": "nˈO"}),
        ("St. Paul", {"St": "sˈAnt", "Paul": "pˈɔl"}),
        ("α-ray", {"α-ray": "ˈælfəɹˌA"}),
    ],
)
def test_a_written_word_gets_the_sounds_that_stand_for_it(reader: Reader, text: str, expected: dict[str, str]) -> None:
    assert said_by_word(reader, text) == expected


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        ("Sir William Lucas left.", "Sir William Lucas left."),
        ("The book I read", "The book I read"),
        ("the part I played", "the part I played"),
        ("Part I.", "Part 1."),
        ("Part C.", "Part C."),
        ("Chapter XIV", "Chapter 14"),
        ("King James I of Scotland", "King James the first of Scotland"),
        ("as William I knew him", "as William I knew him"),
        ("Henry VIII ruled.", "Henry the eighth ruled."),
        ("She said no.", "She said no."),
        ("See no. 5, fig. 2.", "See number 5, figure 2."),
        ("Under the Sun.", "Under the Sun."),
        ("On Sun., May 3", "On Sunday, May third"),
    ],
)
def test_words_that_look_like_numerals_and_abbreviations_are_left_alone(text: str, read_as: str) -> None:
    assert normalized(Traced.of(text, 0, len(text))).text == read_as


def test_words_on_both_sides_of_a_replacement_pair_up() -> None:
    assert match_words(["3", "May", "1815"], ["the", "third", "of", "May", "1815"]) == [0, 0, 0, 1, 2]
    assert match_words(["7", "30", "p", "m"], ["seven", "thirty", "P", "M"]) == [0, 1, 2, 3]
    assert match_words(["5", "million"], ["5", "million", "dollars"]) == [0, 1, 1]
    assert match_words(["St", "John"], ["Sinjin"]) == [0]


@given(old=st.lists(st.sampled_from("abc"), min_size=1, max_size=8), new=st.lists(st.sampled_from("abc"), max_size=8))
def test_matched_words_never_go_back_and_all_have_a_place(old: list[str], new: list[str]) -> None:
    places = match_words(old, new)
    assert len(places) == len(new)
    assert places == sorted(places)
    assert all(0 <= place < len(old) for place in places)


@given(
    lengths=st.lists(st.integers(1, 400), min_size=1, max_size=12),
    speed=st.sampled_from([0.5, 1.0, 2.0]),
    clause=st.sampled_from([" ", ", ", ". "]),
)
@settings(deadline=None)
def test_no_model_call_is_too_long_and_no_sound_is_lost(lengths: list[int], speed: float, clause: str) -> None:
    phonemes, owners = "", []
    for word, length in enumerate(lengths):
        phonemes += "a" * length + clause
        owners += [word] * length + [NO_WORD] * len(clause)
    cut = list(pieces(Spoken(phonemes, tuple(owners)), speed))
    assert all(len(piece.phonemes) <= MAX_PHONEMES * min(speed, 1.0) for piece in cut)
    assert [o for piece in cut for o in piece.owners if o != NO_WORD] == [o for o in owners if o != NO_WORD]


def test_a_long_sentence_is_cut_after_a_clause() -> None:
    phonemes = "a" * 180 + ", " + "b" * 200
    cut = list(pieces(Spoken(phonemes, (0,) * len(phonemes)), 1.0))
    assert [piece.phonemes[-1] for piece in cut] == [",", "b"]


@pytest.mark.parametrize(
    ("ipa", "expected"),
    [
        ("/ˈkuːɡl̩/", "kˈuɡᵊl"),
        ("həˈləʊ", "həlˈO"),
        ("ˈhaʊs", "hˈWs"),
        ("t͡ʃɛk", "ʧɛk"),
        ("ˈbɜːd", "bˈɜɹd"),
        ("ʃɪˈvɔːn", "ʃɪvˈɔn"),
        ("ˌɹɛndəˈvuː", "ɹˌɛndəvˈu"),
        ("[ˈdʒeɪn ˈɛə]", "ʤˈAn ˈɛə"),
        ("", ""),
        ("!?", ""),
    ],
)
def test_standard_ipa_becomes_the_models_alphabet(ipa: str, expected: str) -> None:
    assert model_phonemes(ipa) == expected


@pytest.mark.parametrize(
    ("text", "like"),
    [("I", "1"), ("IV", "4"), ("XLII.", "42."), ("LXI", "61"), ("I\n\nIt was late.", "1\n\nIt was late.")],
)
def test_a_paragraph_that_is_a_roman_numeral_is_said_as_a_number(reader: Reader, text: str, like: str) -> None:
    assert said_first(reader, text) == said_first(reader, like)


@pytest.mark.parametrize("text", ["I?", "MIX", "I did.", "Vitamin C"])
def test_letters_that_only_look_like_a_numeral_stay_letters(reader: Reader, text: str) -> None:
    assert said_first(reader, text) == read(reader, text)[0].phonemes


def said_first(reader: Reader, text: str) -> str:
    """The phonemes of the first paragraph."""
    end = (text + "\n\n").index("\n\n")
    reading = Reading(reader, text, parse_markup(text), (), WordPlaces(written_words(text)))
    return reading.spoken(0, end).phonemes
