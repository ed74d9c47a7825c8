"""The ledger tells from which state of the manuscript a take was bought."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.render.revision import git_revision


def git(folder: Path, *arguments: str) -> str:
    executable = shutil.which("git")
    assert executable is not None
    author = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    done = subprocess.run([executable, "-C", folder, *author, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def book(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet")
    folder = tmp_path / "book"
    folder.mkdir()
    (folder / "book.md").write_text("# One\n")
    (tmp_path / "elsewhere.md").write_text("Another book.\n")
    return folder


def test_a_commit_is_told_and_whether_the_projects_files_are_as_committed(book: Path) -> None:
    assert git_revision(book) is None
    git(book.parent, "add", ".")
    git(book.parent, "commit", "--quiet", "--message", "Begin")
    commit = git(book, "rev-parse", "HEAD")
    (book / ".narration").mkdir()
    (book.parent / "elsewhere.md").write_text("Another book, changed.\n")
    assert git_revision(book) == commit
    (book / "book.md").write_text("# One, changed\n")
    assert git_revision(book) == f"{commit}-dirty"


def test_outside_a_repository_there_is_none(tmp_path: Path) -> None:
    assert git_revision(tmp_path) is None
