"""A long book is joined in a process of its own while files are encoded, and is the same book."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipeline import workflow
from pipeline.assembly.joining_apart import join_apart
from pipeline.reports import book_files
from pipeline.workflow import RenderOptions

MANIFEST = """\
title: The Quay
language: en
voices: {narrator: {hibari: {voice: heart}}}
chapters: [{source: book.md}]
profile: acx
outputs: [{format: m4b}, {format: mp3, bitrate_kbps: 192}]
"""
BOOK = "# One\n\nThe ferry came in late that evening.\n\n# Two\n\nMarten counted the lamps along the wall.\n"


def render(folder: Path) -> None:
    outcome = workflow.render(folder, engine=None, options=RenderOptions(jobs=2), receiver=lambda _event: None)
    assert outcome.error is None


def test_the_book_is_the_same_and_so_is_its_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "project.yaml").write_text(MANIFEST)
    (tmp_path / "book.md").write_text(BOOK)
    render(tmp_path)
    book = tmp_path / "build" / "the-quay.m4b"
    here, record = book.read_bytes(), workflow.status(tmp_path)
    for made in ("build", ".narration/encoded"):
        shutil.rmtree(tmp_path / made)

    joined: list[Path] = []

    def join(path: Path, *sources: object) -> None:
        joined.append(path)
        join_apart(path, *sources)  # type: ignore[arg-type]

    monkeypatch.setattr(book_files, "WORTH_IT_SECONDS", 0.0)
    monkeypatch.setattr(book_files, "join_apart", join)
    render(tmp_path)
    assert len(joined) == 1
    assert book.read_bytes() == here
    assert workflow.status(tmp_path) == record
