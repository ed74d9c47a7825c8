from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.project.dictionaries import LIMIT_BYTES, DictionaryEntry, load_dictionary
from tests.project.conftest import Load, Problems

VALID = "title: A Book\nchapters: [{source: 'manuscript/*.md'}]\n"


def _problems(path: Path, text: str) -> list[str]:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_dictionary(path, shown="d/names.yaml")
    return [str(problem) for problem in caught.value.problems]


def test_entries_arrive_in_order_with_their_defaults(tmp_path: Path) -> None:
    path = tmp_path / "names.yaml"
    path.write_text(
        "schema: 1\n"
        "entries:\n"
        "  - {word: Niamh, replacement: Neeve}\n"
        "  - {word: Tadhg, ipa: taɪɡ, language: EN-gb}\n"
        "  - word: US\n    replacement: U S\n    case_sensitive: true\n"
        "  - {word: no, replacement: 12}\n",
        encoding="utf-8",
    )
    assert load_dictionary(path) == (
        DictionaryEntry("Niamh", "Neeve"),
        DictionaryEntry("Tadhg", "Tadhg", "taɪɡ", language="en-GB"),
        DictionaryEntry("US", "U S", case_sensitive=True),
        DictionaryEntry("no", "12"),
    )


CASES = {
    "empty": ("", "1:1: is empty; expected at least entries"),
    "no list": (
        "entries: {word: a}\n",
        "1:10: entries: got keys with values; expected a list (lines that begin with '- ')",
    ),
    "unknown key": (
        "entries:\n  - {word: a, replacment: b, ipa: c}\n",
        "2:15: entries[0].replacment: unknown key; did you mean 'replacement'?",
    ),
    "word missing": (
        "entries:\n  - replacement: b\n",
        "2:5: entries[0].word: is missing; expected the word as the manuscript has it",
    ),
    "says nothing": (
        "entries:\n  - {word: a, replacement: b}\n  - word: c\n",
        "3:5: entries[1]: 'c' changes nothing; expected a replacement or ipa",
    ),
    "says itself": (
        "entries:\n  - {word: c, replacement: c}\n",
        "2:5: entries[0]: 'c' changes nothing; expected a replacement or ipa",
    ),
    "flag": (
        "entries:\n  - {word: a, replacement: b, case_sensitive: 'true'}\n",
        "2:47: entries[0].case_sensitive: got 'true'; expected true or false",
    ),
    "language": (
        "entries:\n  - {word: a, replacement: b, language: german}\n",
        (
            "2:41: entries[0].language: got 'german'; expected a language tag (BCP 47) such as en, de or pt-BR; "
            "did you mean 'de'?"
        ),
    ),
    "twice": (
        "entries:\n  - {word: Ruth, replacement: b}\n  - {word: x, ipa: x}\n  - {word: RUTH, ipa: c}\n",
        "4:5: 'RUTH' is given twice (first in line 2); expected each word once per language",
    ),
    "key twice": (
        "entries:\n  - {word: a, ipa: b, ipa: c}\n",
        "2:23: ipa: written twice (first in line 2); expected each key once",
    ),
    "schema": ("schema: 3\nentries: []\n", "1:9: schema: got '3'; expected a whole number from 1 to 1"),
    "alias": (
        "entries: [&a {word: a, ipa: b}, *a]\n",
        "1:33: got the alias '*a'; aliases are not read here: write the value out",
    ),
}


@pytest.mark.parametrize(("text", "problem"), CASES.values(), ids=CASES.keys())
def test_each_kind_of_problem_has_its_line_and_column(tmp_path: Path, text: str, problem: str) -> None:
    assert _problems(tmp_path / "names.yaml", text) == [f"d/names.yaml:{problem}"]


@pytest.mark.parametrize(("key", "longest"), [("word", 200), ("replacement", 1000), ("ipa", 200)])
def test_values_have_the_limits_of_the_provider(tmp_path: Path, key: str, longest: int) -> None:
    path = tmp_path / "names.yaml"
    other = "ipa: x" if key != "ipa" else "replacement: x"
    head = "" if key == "word" else "word: a, "
    path.write_text(f"entries: [{{{head}{other}, {key}: {'y' * longest}}}]\n", encoding="utf-8")
    assert len(load_dictionary(path)) == 1
    (problem,) = _problems(path, f"entries: [{{{head}{other}, {key}: {'y' * (longest + 1)}}}]\n")
    assert problem.endswith(f"expected text of 1 to {longest} characters in one line")


def test_the_same_word_may_stand_once_per_language_and_case(tmp_path: Path) -> None:
    path = tmp_path / "names.yaml"
    path.write_text(
        "entries:\n"
        "  - {word: gift, replacement: a}\n"
        "  - {word: gift, replacement: b, language: de}\n"
        "  - {word: Gift, replacement: c, case_sensitive: true}\n"
        "  - {word: gift, replacement: d, case_sensitive: true}\n",
        encoding="utf-8",
    )
    assert [entry.replacement for entry in load_dictionary(path)] == ["a", "b", "c", "d"]


def test_a_dictionary_over_the_limit_or_in_an_older_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "names.yaml"
    assert "is too large" in _problems(path, "#" * (LIMIT_BYTES + 1))[0]
    path.write_bytes("entries:\n  - {word: Zoé, ipa: x}\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"names\.yaml:2:14: byte 0xE9 is not UTF-8"):
        load_dictionary(path)


def test_problems_of_a_manifest_and_its_dictionaries_come_in_one_go(problems_of: Problems, folder: Path) -> None:
    (folder / "more.yaml").write_text("entries:\n  - {word: niamh, ipa: x}\n  - {word: a}\n", encoding="utf-8")
    assert problems_of(VALID + "titel: x\ndictionaries: [names.yaml, more.yaml]\n") == [
        "project.yaml:3:1: titel: unknown key; did you mean 'title'?",
        ("more.yaml:2:5: 'niamh' is given twice (first in names.yaml:2); expected each word once per language"),
        "more.yaml:3:5: entries[1]: 'a' changes nothing; expected a replacement or ipa",
    ]


def test_the_entries_of_all_dictionaries_are_the_projects(load: Load, folder: Path) -> None:
    (folder / "more.yaml").write_text("entries: [{word: Tadhg, ipa: taɪɡ}]\n", encoding="utf-8")
    project = load(VALID + "dictionaries: [more.yaml, names.yaml]\n")
    assert [entry.word for entry in project.entries] == ["Tadhg", "Niamh"]
