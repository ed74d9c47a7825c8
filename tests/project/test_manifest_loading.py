from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.errors import InputError, UsageError
from pipeline.project.engines import EngineName
from pipeline.project.formats import OutputFormat
from pipeline.project.loading import load_project
from pipeline.project.models import Metadata, Pauses, Project
from pipeline.project.outputs import Output
from pipeline.project.voices import HibariVoice, Voice
from tests.project.conftest import Load

VALID = "title: A Book\nchapters: [{source: 'manuscript/*.md'}]\n"

# Every key of the manifest, as the README shows them.
WHOLE = """
schema: 1
title: The Lighthouse Ledger
author: M. Penrose
language: en-gb
cover: cover.png
metadata: {narrator: N, publisher: P, series: S, isbn: 978-0-306-40615-7, date: 2026-05, description: D}
engine: kugelaudio
engines:
  kugelaudio: {model: kugel-3, tier: 2, region: eu, project_id: 12}
voices:
  narrator:
    hibari: {voice: heart}
    espeak: {voice: en-us}
    kugelaudio: {voice_id: 1071, cfg_scale: 2.0, temperature: 0.4}
    speed: 1.0
  elsie: {hibari: {voice: heart, pitch: 1.15}, kugelaudio: {voice_id: 1705}}
casting: {default: narrator, dialogue: elsie, classes: {letter: elsie}}
dictionaries:
  - names.yaml
chapters:
  - source: manuscript/*.md
  - {source: manuscript/1.md, split: 'Part \\d+', include: [chapter-1, chapter-2], title: One, voice: elsie,
     language: de}
segment_target: 900
pauses: {sentence_ms: 1, paragraph_ms: 2, scene_ms: 3, heading_ms: 4, chapter_head_ms: 5, chapter_tail_ms: 6}
outputs: [{format: m4b}, {format: mp3, bitrate_kbps: 128}, {format: srt}]
rates: {kugel-3: 7.0, kugel-2-turbo: 3.5}
budget: {run_cents: 500, project_cents: 5000.10}
"""


def test_every_key_of_the_manifest_arrives_in_the_project(load: Load, folder: Path) -> None:
    project = load(WHOLE)
    assert (project.folder, project.manifest) == (folder.resolve(), folder.resolve() / "project.yaml")
    assert (project.title, project.slug) == ("The Lighthouse Ledger", "the-lighthouse-ledger")
    assert (project.language, project.engine) == ("en-GB", EngineName.KUGELAUDIO)
    assert project.cover == folder.resolve() / "cover.png"
    assert project.metadata == Metadata(
        narrator="N", publisher="P", series="S", isbn="978-0-306-40615-7", date="2026-05", description="D"
    )
    assert project.engines.kugelaudio.model_dump() == {
        "model": "kugel-3",
        "tier": 2,
        "region": "eu",
        "project_id": 12,
    }
    assert project.voices["elsie"].hibari == HibariVoice(pitch=1.15)
    kugelaudio = project.voices["narrator"].kugelaudio
    assert kugelaudio is not None
    assert (kugelaudio.voice_id, kugelaudio.cfg_scale, kugelaudio.temperature) == (1071, 2.0, 0.4)
    assert (project.casting.dialogue, project.casting.classes) == ("elsie", {"letter": "elsie"})
    assert project.dictionaries == (folder.resolve() / "names.yaml",)
    assert [entry.word for entry in project.entries] == ["Niamh"]
    second = project.chapters[1]
    assert (second.split, second.include, second.title, second.voice, second.language) == (
        "Part \\d+",
        ("chapter-1", "chapter-2"),
        "One",
        "elsie",
        "de",
    )
    assert project.segment_target == 900
    assert list(project.pauses.model_dump().values()) == [1, 2, 3, 4, 5, 6]
    assert project.outputs[1] == Output(format=OutputFormat.MP3, bitrate_kbps=128)


def test_absent_keys_take_the_defaults_of_the_design(load: Load) -> None:
    project = load(VALID)
    assert (project.language, project.engine, project.segment_target) == ("en", EngineName.HIBARI, 700)
    assert project.pauses == Pauses(
        sentence_ms=350, paragraph_ms=700, scene_ms=1500, heading_ms=1000, chapter_head_ms=750, chapter_tail_ms=2500
    )
    assert [(output.format.value, output.bitrate_kbps) for output in project.outputs] == [
        ("m4b", None),
        ("mp3", 64),
        ("srt", None),
    ]
    assert project.voices == {"narrator": Voice(hibari=HibariVoice(voice="heart"))}
    assert (project.casting.default, project.chapters[0].split, project.chapters[0].include) == (
        "narrator",
        "auto",
        None,
    )
    assert (project.author, project.cover, project.budget.run_cents, project.rates) == (None, None, None, {})


def test_a_key_without_a_value_counts_as_absent(load: Load) -> None:
    assert load(VALID + "author:\ncover: ~\nmetadata:\npauses: null\nvoices:\ndictionaries:\n") == load(VALID)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("0.1", "0.1"),
        ("7.10", "7.10"),
        ("3", "3"),
        ("0.1000000000000000055", None),
        ("0.100000000000000005", "0.100000000000000005"),
        ("99999999.99", "99999999.99"),
    ],
)
def test_money_is_read_digit_by_digit(load: Load, written: str, read: str | None) -> None:
    manifest = VALID + f"rates: {{kugel-3: {written}}}\nbudget: {{run_cents: {written}}}\n"
    if read is None:
        with pytest.raises(InputError, match="an amount in EUR cents"):
            load(manifest)
        return
    project = load(manifest)
    assert str(project.rates["kugel-3"]) == str(project.budget.run_cents) == read
    assert isinstance(project.budget.run_cents, Decimal)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("author: 1984", "1984"),
        ("author: 007", "007"),
        ("author: yes", "yes"),
        ("author: 2026-01-02", "2026-01-02"),
        ("author: '  spaced  '", "spaced"),
        ("author: 'Zoe\u0308'", "Zo\u00eb"),
        ('author: "null"', "null"),
    ],
)
def test_text_is_taken_as_written(load: Load, line: str, value: str) -> None:
    assert load(VALID + line + "\n").author == value


def test_norwegian_is_a_language_not_a_refusal(load: Load) -> None:
    assert load(VALID + "language: no\n").language == "no"


def test_the_engine_of_the_run_replaces_the_manifests(load: Load) -> None:
    manifest = VALID + "voices: {narrator: {hibari: {}, espeak: {voice: en}}}\n"
    assert load(manifest, engine="espeak").engine is EngineName.ESPEAK
    with pytest.raises(UsageError) as caught:
        load(manifest, engine="espaek")
    assert caught.value.message == "no engine is called 'espaek'; expected one of hibari, espeak, kugelaudio"
    assert caught.value.hint == "did you mean 'espeak'?"


def test_a_manifest_of_another_name_is_loaded_by_its_path(folder: Path) -> None:
    (folder / "german.yaml").write_text(VALID, encoding="utf-8")
    assert load_project(folder / "german.yaml").manifest == folder.resolve() / "german.yaml"


def test_a_folder_without_manifest_says_what_is_there(folder: Path) -> None:
    with pytest.raises(InputError) as caught:
        load_project(folder)
    assert str(caught.value) == f"{folder}: holds no project.yaml; there is names.yaml: name the file"
    with pytest.raises(InputError, match=r"absent: does not exist; expected a folder with a project\.yaml"):
        load_project(folder / "absent")


def test_a_project_is_frozen(load: Load) -> None:
    project = load(VALID)
    with pytest.raises(ValueError, match="frozen"):
        project.title = "Other"  # type: ignore[misc]


def test_a_project_is_built_from_python_values_too(folder: Path) -> None:
    project = Project(folder=folder, manifest=folder / "project.yaml", title="x", chapters=({"source": "a.md"},))  # type: ignore[arg-type]
    assert project.chapters[0].source == "a.md"
    with pytest.raises(ValueError, match="whole number"):
        Pauses(sentence_ms=-1)
    with pytest.raises(ValueError, match="whole number"):
        Pauses(sentence_ms=1.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="amount in EUR cents"):
        Project(folder=folder, manifest=folder, title="x", chapters=(), rates={"kugel-3": 7.1})  # type: ignore[dict-item]


def test_loading_imports_no_audio_or_numeric_library() -> None:
    code = (
        "import sys, pipeline.project.loading; print([m for m in ('numpy', 'av', 'lxml', 'httpx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
