from __future__ import annotations

import importlib.util
import json
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from pipeline.project.loading import expand_sources, load_project

SAMPLES = ["lighthouse", "fable-epub"]


@pytest.fixture
def epub_script(repository: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_epub", repository / "projects" / "fable-epub" / "make_epub.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("engine", ["hibari", "espeak"])
def test_each_sample_loads_for_both_free_engines(repository: Path, sample: str, engine: str) -> None:
    project = load_project(repository / "projects" / sample, engine=engine)
    assert all(expand_sources(project, entry) for entry in project.chapters)


@pytest.mark.parametrize("sample", SAMPLES)
def test_each_sample_points_editors_to_the_schema(repository: Path, sample: str) -> None:
    folder = repository / "projects" / sample
    first = (folder / "project.yaml").read_text(encoding="utf-8").splitlines()[0]
    reference = first.removeprefix("# yaml-language-server: $schema=")
    assert reference != first
    assert json.loads((folder / reference).read_text(encoding="utf-8"))["title"] == "narrate: project.yaml"


def test_the_story_has_three_chapters_two_voices_and_a_small_square_cover(repository: Path) -> None:
    project = load_project(repository / "projects" / "lighthouse")
    files = expand_sources(project, project.chapters[0])
    texts = [path.read_text(encoding="utf-8") for path in files]
    assert len(texts) == 3
    assert 2500 <= sum(len(text.split()) for text in texts) <= 4000
    assert set(project.voices) == {"narrator", "elsie"}
    assert all("{voice=elsie}" in text for text in texts)
    assert all(any(entry.word in text for text in texts) for entry in project.entries)
    assert project.cover is not None
    data = project.cover.read_bytes()
    width, height = int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    assert width == height >= 1000
    assert len(data) < 100_000


def test_the_committed_epub_is_what_its_sources_pack_to(
    repository: Path, tmp_path: Path, epub_script: ModuleType
) -> None:
    folder = repository / "projects" / "fable-epub"
    epub_script.make_epub(folder / "book", tmp_path / "made.epub")
    assert (tmp_path / "made.epub").read_bytes() == epub_script.EPUB.read_bytes()


def test_the_epub_is_a_container_whose_files_all_are_in_its_manifest(epub_script: ModuleType) -> None:
    with zipfile.ZipFile(epub_script.EPUB) as archive:
        names = archive.namelist()
        assert names[0] == "mimetype"
        assert archive.read("mimetype") == b"application/epub+zip"
        package = archive.read("EPUB/package.opf").decode()
    for name in names[1:]:
        if name.startswith("EPUB/") and not name.endswith(".opf"):
            assert f'href="{name.removeprefix("EPUB/")}"' in package
