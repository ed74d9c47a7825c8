"""Short foreign words are left to the voice around them; longer passages keep their language."""

from __future__ import annotations

from pathlib import Path

from pipeline.manuscript.reading import read_manuscript
from pipeline.project.loading import load_project
from pipeline.script.foreign import ForeignPassage, read_in_place
from pipeline.script.scripting import write_script

TEXT = """# One

She asked [pourquoi]{lang=fr} and nobody knew.

[Il fait beau et chaud aujourd'hui, et pourtant personne ne veut sortir de la maison.]{lang=fr} He sighed.

[Ja.]{lang=de}
"""


def prepared(tmp_path: Path, spoken: set[str]) -> tuple[list[str], tuple[ForeignPassage, ...]]:
    (tmp_path / "book.md").write_text(TEXT, encoding="utf-8")
    (tmp_path / "project.yaml").write_text("title: T\nlanguage: en\nchapters: [{source: book.md}]\n")
    project = load_project(tmp_path)
    manuscript, passages = read_in_place(read_manuscript(project), project, spoken.__contains__)
    script = write_script(manuscript, project, limit=2000)
    return [segment.language for chapter in script.chapters for segment in chapter.segments], passages


def test_a_short_foreign_word_is_read_by_the_voice_around_it_and_listed(tmp_path: Path) -> None:
    languages, passages = prepared(tmp_path, {"en"})
    assert [(passage.text, passage.language, passage.read_as) for passage in passages] == [("pourquoi", "fr", "en")]
    assert passages[0].source.line == 3
    assert languages.count("fr") == 1


def test_a_long_passage_or_a_whole_paragraph_keeps_its_language(tmp_path: Path) -> None:
    languages, _ = prepared(tmp_path, {"en"})
    assert "fr" in languages
    assert "de" in languages


def test_an_engine_that_speaks_the_language_is_asked_to(tmp_path: Path) -> None:
    languages, passages = prepared(tmp_path, {"en", "fr", "de"})
    assert passages == ()
    assert languages.count("fr") == 2
