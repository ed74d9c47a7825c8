"""A project folder to write manifests into, and what loading says of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.project.loading import load_project
from pipeline.project.models import Project

PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)

Load = Callable[..., Project]
Problems = Callable[..., list[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with ten chapters, a cover and a dictionary, in a parent that is not the project's."""
    folder = tmp_path / "book"
    (folder / "manuscript").mkdir(parents=True)
    for number in range(1, 11):
        (folder / "manuscript" / f"{number}.md").write_text(f"# Chapter {number}\n\nText.\n", encoding="utf-8")
    (folder / "cover.png").write_bytes(PNG)
    (folder / "names.yaml").write_text("entries:\n  - {word: Niamh, replacement: Neeve}\n", encoding="utf-8")
    return folder


@pytest.fixture
def load(folder: Path) -> Load:
    """Write a manifest into the folder and load it."""

    def load(manifest: str, *, engine: str | None = None) -> Project:
        (folder / "project.yaml").write_text(manifest, encoding="utf-8")
        return load_project(folder, engine=engine)

    return load


@pytest.fixture
def problems_of(load: Load) -> Problems:
    """The lines that loading a manifest raises."""

    def problems_of(manifest: str, *, engine: str | None = None) -> list[str]:
        with pytest.raises(InputError) as caught:
            load(manifest, engine=engine)
        return [str(problem) for problem in caught.value.problems]

    return problems_of
