"""The documents say what the code does."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from pipeline.cli.described import described
from pipeline.cli.main import build_parser
from pipeline.cli.reference import command_reference
from pipeline.project.loading import load_project
from pipeline.project.reference import manifest_reference


def test_the_manifest_reference_is_current(repository: Path) -> None:
    assert (repository / "docs" / "manifest.md").read_text(encoding="utf-8") == manifest_reference()


def test_every_command_stands_in_the_readme_with_an_example_in_its_help(repository: Path) -> None:
    readme = (repository / "README.md").read_text(encoding="utf-8")
    commands = next(action for action in build_parser()._actions if action.choices and action.dest != "help").choices
    assert commands is not None
    for name, parser in dict(commands).items():  # type: ignore[call-overload]
        assert f"`narrate {name}" in readme
        assert re.search(rf"examples?:\s+narrate {name}", parser.format_help())


def test_the_manifest_in_the_readme_is_a_manifest(repository: Path, tmp_path: Path) -> None:
    readme = (repository / "README.md").read_text(encoding="utf-8")
    example = re.search(r"```yaml\n(.*?)```", readme, re.DOTALL)
    assert example is not None
    sample = repository / "projects" / "lighthouse"
    for folder in ("manuscript", "dictionaries"):
        shutil.copytree(sample / folder, tmp_path / folder)
    (tmp_path / "cover.png").write_bytes((sample / "cover.png").read_bytes())
    (tmp_path / "project.yaml").write_text(example[1], encoding="utf-8")
    assert load_project(tmp_path).title == "The Lighthouse Ledger"


def test_files_that_documents_point_to_exist(repository: Path) -> None:
    for document in [repository / "README.md", *(repository / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name} points to {target}"


@pytest.mark.parametrize("name", ["lighthouse", "fable-epub"])
def test_the_samples_load(repository: Path, name: str) -> None:
    assert load_project(repository / "projects" / name).chapters


def test_the_command_reference_is_current(repository: Path) -> None:
    current = command_reference(described(build_parser()))
    told = "narrate schema --commands > docs/commands.md"
    assert (repository / "docs" / "commands.md").read_text(encoding="utf-8") == current, told
