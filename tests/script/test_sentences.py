"""Sentence boundaries, on cases that are hard."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.script.sentences import sentences
from pipeline.script.words import has_word

CASES: dict[str, list[str]] = yaml.safe_load(Path(__file__).with_name("hard_sentences.yaml").read_text("utf-8"))
LEAST_SHARE = 0.95


def split(text: str, language: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text, language)]


def is_exact(case: str, language: str) -> bool:
    return split(case.replace("|", ""), language) == [part.strip() for part in case.split("|")]


def test_the_list_of_hard_cases_is_long() -> None:
    assert sum(map(len, CASES.values())) >= 300
    assert all(case.count("|") < len(case) for cases in CASES.values() for case in cases)


@pytest.mark.parametrize("language", CASES)
def test_hard_cases_are_exact(language: str) -> None:
    wrong = [case for case in CASES[language] if not is_exact(case, language)]
    assert len(wrong) <= (1 - LEAST_SHARE) * len(CASES[language]), wrong


def test_a_region_is_read_as_its_language() -> None:
    assert split("Am 3. Mai kam er. Er blieb.", "de-AT") == ["Am 3. Mai kam er.", "Er blieb."]


def test_blank_lines_part_sentences_and_single_breaks_do_not() -> None:
    assert split("The wind\nrose\n\nNobody spoke", "en") == ["The wind\nrose", "Nobody spoke"]


def test_punctuation_alone_belongs_to_a_neighbour() -> None:
    assert split("“Gone.” …! She knew.", "en")[-1] == "She knew."
    assert all(map(has_word, split("… … Gone. … “” She knew. ?!", "en")))


def test_text_without_a_word_is_one_sentence() -> None:
    assert split("… ?!", "en") == ["… ?!"]
    assert sentences("  ", "en") == []


def test_unknown_languages_are_split_all_the_same() -> None:
    assert split("Foo bar. Baz qux! Quux?", "xx") == ["Foo bar.", "Baz qux!", "Quux?"]


@given(st.text(max_size=200), st.sampled_from(["en", "de", "zh", "ja", "th", "ar"]))
@settings(max_examples=150, deadline=None)
def test_sentences_cover_everything_but_white_space_in_order(text: str, language: str) -> None:
    reached = 0
    for start, end in sentences(text, language):
        assert reached <= start < end <= len(text)
        assert not text[reached:start].strip()
        assert not text[start].isspace()
        assert not text[end - 1].isspace()
        reached = end
    assert not text[reached:].strip()
