"""A book joined in a process of its own is the same book, and what goes wrong there is said here."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.assembly.book import BookChapter, write_m4b
from pipeline.assembly.encoding import ChapterFile, encode_chapter
from pipeline.assembly.joining_apart import join_apart
from pipeline.assembly.tags import Tags
from pipeline.errors import StorageError
from pipeline.project.formats import OutputFormat
from pipeline.project.outputs import Output

FRAME = 1024
BOOK = Tags("The Ledger", "The Ledger", author="M. Penrose", language="en")


def chapter(folder: Path, title: str, frames: int) -> BookChapter:
    """A chapter of noise with a frame of silence around it."""
    pcm = np.zeros(frames * FRAME, np.int16)
    pcm[FRAME:-FRAME] = np.random.default_rng(frames).integers(-9000, 9000, (frames - 2) * FRAME)
    path = folder / f"{title}.m4a"
    encode_chapter([pcm], [ChapterFile(path, Output(format=OutputFormat.M4A), Tags(title, "The Ledger"))])
    return BookChapter(title, len(pcm), path)


def test_it_is_the_book_that_is_joined_here(tmp_path: Path) -> None:
    chapters = [chapter(tmp_path, title, frames) for title, frames in (("One", 30), ("Two", 47), ("Zoë & co.", 12))]
    write_m4b(tmp_path / "here.m4b", chapters, BOOK)
    write_m4b(tmp_path / "apart.m4b", chapters, BOOK, joining=join_apart)
    assert (tmp_path / "apart.m4b").read_bytes() == (tmp_path / "here.m4b").read_bytes()


def test_a_damaged_chapter_is_named_and_the_older_book_stays(tmp_path: Path) -> None:
    made = chapter(tmp_path, "One", 30)
    made.audio.write_bytes(b"not an m4a file at all")
    (tmp_path / "book.m4b").write_bytes(b"older")
    with pytest.raises(StorageError, match=r"One\.m4a: the chapter's audio cannot be read") as refused:
        write_m4b(tmp_path / "book.m4b", [made], BOOK, joining=join_apart)
    assert refused.value.hint == "remove the file and assemble again"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["One.m4a", "book.m4b"]
    assert (tmp_path / "book.m4b").read_bytes() == b"older"


def test_what_the_disk_refuses_there_is_an_error_of_the_disk_here(tmp_path: Path) -> None:
    made = chapter(tmp_path, "One", 30)
    with pytest.raises(FileNotFoundError):
        join_apart(tmp_path / "gone" / "book.m4b", [made], BOOK)


def test_a_process_that_dies_is_told_in_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dies = tmp_path / "python"
    dies.write_text(f"#!{sys.executable}\nimport os, sys\nsys.exit('no such luck')\n")
    dies.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(dies))
    with pytest.raises(RuntimeError, match="ended with 1: no such luck"):
        join_apart(tmp_path / "book.m4b", [BookChapter("One", FRAME, tmp_path / "one.m4a")], BOOK)
