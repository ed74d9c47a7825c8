"""The laws of a script, on real books."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.manuscript.reading import read_manuscript
from pipeline.project.models import Casting, ChapterEntry, Project
from pipeline.project.voices import Voice
from pipeline.script.scripting import write_script
from pipeline.script.words import has_word, written_words

pytestmark = pytest.mark.slow

BOOKS = ["pride-and-prejudice.epub", "childrens-literature.epub", "georgia-pls-ssml.epub", "die-verwandlung.txt"]


def project_of(folder: Path, name: str, language: str = "en", dialogue: str | None = None) -> Project:
    return Project(
        folder=folder,
        manifest=folder / "project.yaml",
        title="T",
        language=language,
        voices={"narrator": Voice(), "other": Voice()},
        casting=Casting(dialogue=dialogue),
        chapters=(ChapterEntry(source=name),),
    )


@pytest.mark.parametrize("name", BOOKS)
@pytest.mark.parametrize("dialogue", [None, "other"])
@pytest.mark.parametrize("limit", [120, 2000])
def test_every_word_is_in_one_segment(books: Path, name: str, dialogue: str | None, limit: int) -> None:
    project = project_of(books, name, "de" if name.startswith("die") else "en", dialogue)
    for chapter in write_script(read_manuscript(project), project, limit=limit).chapters:
        reached = 0
        for segment in chapter.segments:
            assert segment.text == chapter.text[segment.char_start : segment.char_end]
            assert len(segment.text) <= limit
            assert has_word(segment.text)
            assert not written_words(chapter.text[reached : segment.char_start])
            reached = segment.char_end
        assert not written_words(chapter.text[reached:])
