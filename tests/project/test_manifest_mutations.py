"""Whatever is done to a manifest, loading gives a project or names the problem."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError, Problem
from pipeline.project.dictionaries import load_dictionary
from pipeline.project.loading import load_project
from pipeline.project.models import Project
from tests.project.conftest import PNG
from tests.project.test_manifest_loading import WHOLE

DICTIONARY = (
    "schema: 1\nentries:\n  - {word: Niamh, replacement: Neeve, ipa: niːv, case_sensitive: true, language: en}\n"
)
PIECES = [
    *("", " ", "\n", "\t", ":", ": ", "- ", "[", "]", "{", "}", ",", "#", "'", '"', "|", ">", "~", "null", "true"),
    *("&a ", "*a", "!!int ", "---", "...", "%", "@", "?", "<<: ", "0", "-1", "1e9", ".nan", "007", "99999999999999999"),
    *(
        "title",
        "chapters",
        "source: ",
        "voices",
        "hibari",
        "..",
        "/",
        "*",
        "**",
        "[a",
        "\\",
        "é",
        "夜",
        "\u2028",
        "\x85",
    ),
    *("\x00", "\x07", "\ufeff", "\ud7ff", "🙂"),
]
PARTS = [f"{line}\n" for line in WHOLE.splitlines()]


@st.composite
def _mutated(draw: st.DrawFn, text: str) -> str:
    """Characters cut out, pieces put in, lines moved, repeated or dropped: one to four times."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from([0, 0, 1, 2, 5, 30])))
        put = draw(st.one_of(st.sampled_from(PIECES), st.sampled_from(PARTS), st.text(max_size=4)))
        text = text[:start] + put + text[end:]
    return text


@pytest.fixture(scope="module")
def whole_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mutations")
    (folder / "manuscript").mkdir()
    for number in (1, 2):
        (folder / "manuscript" / f"{number}.md").write_text("# x\n", encoding="utf-8")
    (folder / "cover.png").write_bytes(PNG)
    (folder / "names.yaml").write_text(DICTIONARY, encoding="utf-8")
    return folder


def _check(problems: tuple[Problem, ...], text: str) -> None:
    assert problems
    lines = len(re.split("\r\n|[\n\r\x85\u2028\u2029]", text)) + 1  # what breaks lines in YAML 1.1, and the end
    for problem in problems:
        assert str(problem).isprintable(), problem
        assert 0 <= problem.line <= lines, problem


@settings(max_examples=250, deadline=None)
@given(text=_mutated(WHOLE))
def test_a_mutated_manifest_gives_a_project_or_problems_with_places(whole_folder: Path, text: str) -> None:
    path = whole_folder / "project.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        project = load_project(path)
    except InputError as exc:
        _check(exc.problems, text)
        return
    assert isinstance(project, Project)
    assert project.voices
    assert project.title


@settings(max_examples=100, deadline=None)
@given(text=_mutated(DICTIONARY))
def test_a_mutated_dictionary_gives_entries_or_problems_with_places(whole_folder: Path, text: str) -> None:
    path = whole_folder / "mutated.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        entries = load_dictionary(path)
    except InputError as exc:
        _check(exc.problems, text)
        return
    assert all(1 <= len(entry.word) <= 200 for entry in entries)
