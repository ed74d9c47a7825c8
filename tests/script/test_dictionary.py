"""Where dictionary entries stand in a text."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.project.dictionaries import DictionaryEntry
from pipeline.script.dictionary import applying, compile_entries, occurrences, occurrences_in


def entry(word: str, *, case_sensitive: bool = False, language: str | None = None) -> DictionaryEntry:
    return DictionaryEntry(word, f"<{word}>", case_sensitive=case_sensitive, language=language)


def found(text: str, *words: str) -> list[str]:
    return [text[start:end] for start, end, _ in occurrences(text, [entry(word) for word in words])]


def test_only_whole_words_match() -> None:
    assert found("Art is not party nor artful: art.", "art") == ["Art", "art"]


def test_apostrophes_and_hyphens_are_word_edges() -> None:
    assert found("Brandt’s well-lit lamp", "Brandt", "lit") == ["Brandt", "lit"]


def test_case_is_kept_where_the_entry_asks_for_it() -> None:
    text = "Polish the Polish lamp"
    assert [start for start, _, _ in occurrences(text, [entry("Polish", case_sensitive=True)])] == [0, 11]
    assert occurrences("polish it", [entry("Polish", case_sensitive=True)]) == []


def test_the_longest_entry_at_a_place_wins() -> None:
    assert found("New Haven Light in New Haven", "New", "New Haven", "Haven Light") == ["New Haven", "New Haven"]
    assert found("New Haven Light", "New Haven", "New Haven Light") == ["New Haven Light"]


def test_a_case_sensitive_entry_wins_over_one_that_is_not() -> None:
    strict = entry("Reading", case_sensitive=True)
    loose = entry("reading")
    assert [hit for _, _, hit in occurrences("Reading is reading", [loose, strict])] == [strict, loose]


def test_of_equal_entries_the_first_wins() -> None:
    first, second = DictionaryEntry("lens", "one"), DictionaryEntry("Lens", "two")
    assert [hit for _, _, hit in occurrences("a lens", [first, second])] == [first]


def test_language_limits_an_entry_to_its_regions_too() -> None:
    german, british = entry("Chef", language="de"), entry("chef", language="en-GB")
    lexicon = compile_entries([german, british])
    assert applying("Der Chef kam", lexicon, "de-AT") == (german,)
    assert applying("the chef came", lexicon, "en-GB") == (british,)
    assert applying("the chef came", lexicon, "en") == ()


def test_curly_and_straight_apostrophes_and_spaces_are_the_same() -> None:
    assert found("six o’clock at St.\u00a0Ives", "o'clock", "St. Ives") == ["o’clock", "St.\u00a0Ives"]


def test_entries_that_start_with_a_mark_are_found() -> None:
    assert found("the .NET and C++ & more", ".NET", "C++", "&") == [".NET", "C++", "&"]


def test_scripts_without_spaces_have_no_word_edges() -> None:
    assert found("彼は灯台へ行った", "灯台") == ["灯台"]
    assert found("ภูเก็ตสวย", "ภูเก็ต") == ["ภูเก็ต"]
    assert found("用Python写灯", "Python") == ["Python"]


def test_accents_belong_to_their_letter() -> None:
    assert found("cafe\u0301 cafe", "cafe") == ["cafe"]
    assert found("café", "cafe\u0301") == ["café"]


def test_engine_tags_are_not_text() -> None:
    assert found('<break time="200ms"/> a break', "break", "time") == ["break"]


def test_offsets_hold_where_lower_case_is_longer() -> None:
    assert found("İİ Moss", "moss") == ["Moss"]


WORDS = st.lists(
    st.sampled_from(["New", "new", "Haven", "o’clock", "o'clock", "灯台", "C++", "&", "St.", "lamp"]), max_size=12
)
TEXTS = WORDS.flatmap(lambda words: st.sampled_from([" ", "", "-"]).map(lambda space: space.join(words)))
ENTRIES = st.lists(
    st.builds(
        DictionaryEntry,
        st.sampled_from(["New", "new", "New Haven", "Haven", "o'clock", "灯", "灯台", "C++", "&", "St. New", "lamp"]),
        st.just("x"),
        case_sensitive=st.booleans(),
        language=st.sampled_from([None, "en", "en-GB"]),
    ),
    max_size=8,
)


@given(TEXTS, ENTRIES)
@settings(max_examples=200, deadline=None)
def test_the_entries_that_apply_are_found_again_at_the_same_places(text: str, entries: list[DictionaryEntry]) -> None:
    lexicon = compile_entries(entries)
    hits = occurrences_in(text, lexicon, "en-GB")
    assert all(past <= start for (_, past, _), (start, _, _) in pairwise(hits))
    assert occurrences(text, applying(text, lexicon, "en-GB")) == hits
