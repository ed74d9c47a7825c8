"""``narrate explain`` tells which value holds and where it was set."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.cli.main import main
from pipeline.project.explained import explained, known_names
from pipeline.project.loading import load_project

BOOK = """title: A Book
language: en
voices:
  narrator:
    hibari: {voice: heart}
    speed: 1.1
pauses:
  scene_ms: 1800
profile: acx
outputs:
  - {format: m4b}
  - {format: mp3}
chapters:
  - source: book.md
"""


@pytest.fixture
def book(tmp_path: Path) -> Path:
    (tmp_path / "book.md").write_text("# One\n\nNobody came.\n", encoding="utf-8")
    (tmp_path / "project.yaml").write_text(BOOK, encoding="utf-8")
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> dict[str, dict[str, str]]:
    assert main(["explain", *map(str, arguments), "--json"]) == 0
    return {row["setting"]: row for row in json.loads(capsys.readouterr().out)}


@pytest.mark.parametrize(
    ("setting", "value", "source", "default"),
    [
        ("pauses.scene_ms", "1800", "project.yaml:8", "1500"),
        ("pauses.heading_ms", "1000", "the default", "1000"),
        ("voices.narrator.speed", "1.1", "project.yaml:6", "1.0"),
        ("outputs[1].format", "mp3", "project.yaml:12", "required"),
        ("outputs[1].bitrate_kbps", "192", "profile.mp3_kbps", "unset"),
        ("profile.mp3_kbps", "192", "project.yaml:9 (`profile` stands for it)", "unset"),
        ("chapters[0].source", "book.md", "project.yaml:14", "required"),
        ("engine", "hibari", "the default", "hibari"),
        ("budget.run_cents", "unset", "the default", "unset"),
    ],
)
def test_a_setting_is_told_with_its_value_and_its_place(
    book: Path, capsys: pytest.CaptureFixture[str], setting: str, value: str, source: str, default: str
) -> None:
    row = told(capsys, setting, book)[setting]
    assert (row["value"], row["source"], row["default"]) == (value, source, default)
    assert row["description"]


def test_a_flag_counts_before_the_manifest(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = told(capsys, "engine", book, "--engine", "espeak")["engine"]
    assert (row["value"], row["source"]) == ("espeak", "the flag --engine (before the default)")


def test_the_environment_counts_before_the_default_and_a_flag_before_it(
    book: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUGELAUDIO_API_URL", "http://someone:secret@127.0.0.1:9?token=1")
    row = told(capsys, "api_url", book)["api_url"]
    assert (row["value"], row["source"]) == ("http://…@127.0.0.1:9", "the environment (KUGELAUDIO_API_URL)")
    row = told(capsys, "api_url", book, "--api-url", "http://127.0.0.1:8")["api_url"]
    assert (row["value"], row["source"]) == ("http://127.0.0.1:8", "the flag --api-url")


def test_a_store_is_named_by_flag_environment_and_manifest_in_that_order(
    book: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NARRATE_STORE", "s3://someone:secret@takes/books")
    row = told(capsys, "store", book)["store"]
    assert (row["value"], row["source"]) == (
        "s3://…@takes/books",
        "the environment (NARRATE_STORE) (before the default)",
    )
    row = told(capsys, "store", book, "--store", "shared")["store"]
    assert (row["value"], row["source"]) == ("shared", "the flag --store (before the default)")


def test_the_key_is_never_shown(
    book: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUGELAUDIO_API_KEY", "ka_very_secret")
    assert main(["explain", "api_key", str(book)]) == 0
    assert main(["explain", str(book / "project.yaml")]) == 0
    shown = capsys.readouterr().out
    assert "api_key: set" in shown
    assert "secret" not in shown


def test_without_a_setting_only_what_differs_from_the_default_is_told(
    book: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(book)
    monkeypatch.delenv("KUGELAUDIO_API_KEY", raising=False)
    monkeypatch.delenv("KUGELAUDIO_API_URL", raising=False)
    monkeypatch.delenv("NARRATE_STORE", raising=False)
    names = list(told(capsys))
    assert names[:3] == ["title", "voices.narrator.speed", "chapters[0].source"]
    assert "language" not in names
    assert "pauses.heading_ms" not in names
    assert {"pauses.scene_ms", "outputs[1].bitrate_kbps", "profile.rms_db"} <= set(names)


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("scene_ms", "did you mean 'pauses.scene_ms'?"),
        ("pauses.scnee_ms", "did you mean 'pauses.scene_ms'?"),
        ("qqqq", "`narrate schema` lists every setting"),
        ("voices.bob.speed", "`narrate explain voices` shows what there is"),
        ("outputs[7].format", "`narrate explain outputs` shows what there is"),
    ],
)
def test_an_unknown_setting_gets_the_next_step(
    book: Path, capsys: pytest.CaptureFixture[str], asked: str, hint: str
) -> None:
    assert main(["explain", asked, str(book)]) == 2
    assert hint in capsys.readouterr().err


def test_every_setting_of_the_samples_has_a_known_name_and_a_description(repository: Path) -> None:
    project = load_project(repository / "projects" / "lighthouse")
    for setting in explained(project):
        assert setting.description, setting.name
    assert {"pauses.scene_ms", "voices.NAME.speed", "outputs[].format", "engines.kugelaudio.tier"} <= set(known_names())
