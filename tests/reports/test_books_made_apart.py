"""A long book, whose chapters are made in processes of their own, is the book that threads make, record and all."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipeline import workflow
from pipeline.assembly import chapters
from pipeline.errors import NarrateError
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


def render(folder: Path) -> NarrateError | None:
    return workflow.render(folder, engine=None, options=RenderOptions(jobs=2), receiver=lambda _event: None).error


def files(folder: Path) -> dict[str, bytes]:
    """All outputs and kept waveforms; the record, which tells the time, apart."""
    found = [*(folder / "build").rglob("*"), *(folder / ".narration" / "waveforms").iterdir()]
    return {path.name: path.read_bytes() for path in found if path.is_file() and path.name != "run.json"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project.yaml").write_text(MANIFEST)
    (tmp_path / "book.md").write_text(BOOK)
    assert render(tmp_path) is None
    return tmp_path


def remove_what_was_made(folder: Path) -> None:
    for made in ("build", ".narration/encoded", ".narration/waveforms"):
        shutil.rmtree(folder / made)


def test_the_book_is_the_same_and_so_is_its_record(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, record = files(project), workflow.status(project)
    assert len(list((project / ".narration" / "waveforms").iterdir())) == 2
    remove_what_was_made(project)
    monkeypatch.setattr(chapters, "WORTH_IT_SECONDS", 0.0)
    monkeypatch.setattr(chapters, "usable_cores", lambda: 2)
    monkeypatch.setattr(chapters, "make_chapter", None)
    assert render(project) is None
    assert files(project) == here
    assert workflow.status(project) == record


def test_a_take_that_turns_out_damaged_is_made_again(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = files(project)
    remove_what_was_made(project)
    take = next((project / ".narration" / "takes").rglob("*.flac"))
    data = bytearray(take.read_bytes())
    data[len(data) // 2] ^= 0xFF
    take.write_bytes(data)
    monkeypatch.setattr(chapters, "WORTH_IT_SECONDS", 0.0)
    monkeypatch.setattr(chapters, "usable_cores", lambda: 2)
    monkeypatch.setattr(chapters, "make_chapter", None)
    assert render(project) is None
    assert files(project) == here
