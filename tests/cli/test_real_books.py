"""Real books, from one manifest entry to files that open: the novel's first chapters, a textbook, a lexicon, German."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import av
import pytest

from .conftest import Narrate

pytestmark = pytest.mark.slow


def make_project(folder: Path, books: Path, name: str, *keys: str) -> Path:
    folder.mkdir()
    shutil.copy(books / name, folder)
    lines = [f"title: {name.partition('.')[0]}", *keys, f"chapters: [{{source: {name}}}]"]
    (folder / "project.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def last_cue_end(srt: Path) -> float:
    hours, minutes, seconds = srt.read_text(encoding="utf-8").rpartition("--> ")[2].split("\n")[0].split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds.replace(",", "."))


def last_sound(path: Path) -> float:
    """The second at which the last sound of a decoded file ends."""
    import numpy as np

    ends = at = 0.0
    with av.open(path) as opened:
        for frame in opened.decode(audio=0):
            samples = frame.to_ndarray().reshape(-1).astype(np.float64)
            loud = np.flatnonzero(np.abs(samples) > 0.01 * (32768 if frame.format.name.startswith("s16") else 1))
            if len(loud):
                ends = at + float(loud[-1]) / frame.sample_rate
            at += frame.samples / frame.sample_rate
    return ends


def test_a_novel_is_rendered_chapter_by_chapter_and_in_sync(narrate: Narrate, books: Path, tmp_path: Path) -> None:
    project = make_project(tmp_path / "novel", books, "pride-and-prejudice.epub", "language: en-GB")
    result = narrate("render", project, "--chapters", "1-2", "--allow-partial")
    assert result.returncode == 0, result.stderr
    for slug in ("01-chapter-1", "02-chapter-2"):
        spoken = last_sound(project / "build" / "mp3" / f"{slug}.mp3")
        captioned = last_cue_end(project / "build" / "srt" / f"{slug}.srt")
        assert captioned == pytest.approx(spoken, abs=0.6)
    plan = json.loads(narrate("plan", "--json", project).stdout)
    assert len(dict.fromkeys(segment["chapter"] for segment in plan["segments"])) == 61
    assert plan["totals"]["stored"] > 0
    for word in ("Standard Ebooks", "Colophon", "Uncopyright"):
        assert all(word not in segment["text"] for segment in plan["segments"])


def test_a_textbook_in_one_document_renders_a_story(narrate: Narrate, books: Path, tmp_path: Path) -> None:
    project = make_project(tmp_path / "textbook", books, "childrens-literature.epub")
    assert narrate("render", project, "--chapters", "5").returncode == 0
    assert len(list((project / "build" / "mp3").glob("*.mp3"))) == 1


def test_an_article_with_a_lexicon_renders(narrate: Narrate, books: Path, tmp_path: Path) -> None:
    project = make_project(tmp_path / "article", books, "georgia-pls-ssml.epub")
    assert narrate("render", project, "--chapters", "2-3").returncode == 0
    assert len(list((project / "build" / "mp3").glob("*.mp3"))) == 2


def test_a_german_novella_is_spoken_by_espeak(narrate: Narrate, books: Path, tmp_path: Path) -> None:
    keys = (
        "language: de",
        "engine: espeak",
        "voices: {narrator: {espeak: {voice: de}}}",
        "outputs: [{format: opus}, {format: srt}]",
    )
    project = make_project(tmp_path / "novella", books, "die-verwandlung.txt", *keys)
    result = narrate("render", project)
    assert result.returncode == 0, result.stderr
    captions = (project / "build" / "die-verwandlung.srt").read_text(encoding="utf-8")
    assert "Gregor Samsa" in captions
    chapters = json.loads((project / "build" / "timeline.json").read_bytes())["chapters"]
    assert [chapter["title"] for chapter in chapters] == ["I", "II", "III"]
    assert last_cue_end(project / "build" / "die-verwandlung.srt") <= sum(c["samples"] for c in chapters) / 24_000
