"""``narrate doctor`` finds what would end a render badly, and says what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.cli.main import main
from pipeline.project.loading import load_project
from pipeline.reports.health.finding import Finding, Level
from pipeline.reports.health.provider import paid_engine
from pipeline.reports.health.shared_store import shared_store
from pipeline.reports.health.state import project_state
from pipeline.server.running import BackgroundServer
from pipeline.server.service import ServerOptions
from pipeline.store.locking import project_lock

SECRET = "ka_tell_nobody_either"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KUGELAUDIO_API_KEY", "KUGELAUDIO_API_URL", "NARRATE_STORE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def server() -> Iterator[BackgroundServer]:
    with BackgroundServer(ServerOptions(silent=True, tier=0, keys=(SECRET,))) as running:
        yield running


@pytest.fixture
def paid(project: Path) -> Path:
    manifest = project / "project.yaml"
    text = manifest.read_text(encoding="utf-8").replace(
        "{hibari: {voice: heart}}", "{hibari: {voice: heart}, kugelaudio: {voice_id: 999999}}"
    )
    manifest.write_text(f"{text}engine: kugelaudio\n", encoding="utf-8")
    return project


@pytest.fixture
def without_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of other things: loading a voice takes seconds."""
    monkeypatch.setattr("pipeline.reports.health.examining.engines", lambda wanted: iter(()))


def by_name(findings: Iterator[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


def test_a_sound_project_passes_and_nothing_is_left_behind(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = files(project)
    assert main(["doctor", str(project), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["level"] for row in rows} <= {"ok", "warn"}
    assert {"environment", "engines", "kugelaudio", "project", "store"} == {row["area"] for row in rows}
    assert any(row["name"] == "hibari" and "said a word" in row["message"] for row in rows)
    assert files(project) == before


@pytest.mark.usefixtures("without_engines")
def test_a_folder_without_a_project_is_told_how_to_begin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", str(tmp_path)]) == 0
    assert "`narrate init` writes one" in capsys.readouterr().out


@pytest.mark.usefixtures("without_engines")
def test_a_broken_manifest_fails_with_its_place(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "project.yaml").write_text("titel: A\n", encoding="utf-8")
    assert main(["doctor", str(project)]) == 6
    told = capsys.readouterr()
    assert "fail  project: manifest: project.yaml:1" in told.out
    assert "not fit to render: project manifest" in told.err


def test_a_paid_project_without_a_key_budget_or_price_is_told_each(paid: Path) -> None:
    found = by_name(paid_engine(load_project(paid), api_url=None, online=False))
    assert found["key"].level is Level.FAIL
    assert found["price"].level is found["budget"].level is Level.WARN
    assert "tier 1: 60 requests a minute" in found["limits"].message
    assert all(finding.next_step for finding in found.values() if finding.level is not Level.OK)


def test_the_provider_is_asked_for_the_bound_voices_and_the_key_is_never_shown(
    paid: Path, server: BackgroundServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KUGELAUDIO_API_KEY", SECRET)
    found = by_name(paid_engine(load_project(paid), api_url=server.url, online=False))
    assert "its money is not real" in found["api"].message
    assert found["voices"].level is Level.FAIL
    assert "narrator (999999)" in found["voices"].message
    monkeypatch.setenv("KUGELAUDIO_API_KEY", "ka_wrong_key")
    refused = by_name(paid_engine(load_project(paid), api_url=server.url, online=False))["api"]
    assert refused.level is Level.FAIL
    assert "ka_" not in refused.message + refused.next_step


def test_a_free_project_does_not_ask_the_provider_though_a_key_is_there(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUGELAUDIO_API_KEY", SECRET)
    found = by_name(paid_engine(load_project(project), api_url="http://127.0.0.1:9", online=False))
    assert set(found) == {"key"}
    asked = by_name(paid_engine(load_project(project), api_url="http://127.0.0.1:9", online=True))
    assert asked["api"].level is Level.FAIL


def test_a_run_at_work_is_named_by_its_lock(project: Path) -> None:
    state = project / ".narration"
    with project_lock(state):
        held = by_name(project_state(load_project(project)))["lock"]
    assert held.level is Level.WARN
    assert "held by process" in held.message
    assert by_name(project_state(load_project(project)))["lock"].level is Level.OK


def test_a_folder_that_cannot_be_written_fails(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = Path.open

    def refusing(self: Path, mode: str = "r", *arguments: object, **options: object) -> object:
        if self.name.startswith(".doctor-"):
            raise PermissionError(13, "Permission denied")
        return original(self, mode, *arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refusing)
    found = by_name(project_state(load_project(project)))["writing"]
    assert found.level is Level.FAIL
    assert "permission denied" in found.message


def test_attempts_that_were_cut_off_are_counted(project: Path) -> None:
    folder = project / ".narration" / "ledger"
    folder.mkdir(parents=True)
    line = {"schema": 1, "at": "2026-11-23T00:00:00Z", "run": "r", "event": "started", "attempt": "a"}
    needed = {"key": "0" * 64, "chapter": "one", "index": 0, "engine": "kugelaudio", "provider": "kugelaudio"}
    more = {"model": "kugel-3", "voice": "narrator", "number": 0, "characters": 5}
    (folder / "r.jsonl").write_text(json.dumps({**line, **needed, **more}) + "\n", encoding="utf-8")
    found = by_name(project_state(load_project(project)))["ledger"]
    assert found.level is Level.WARN
    assert "1 were cut off" in found.message


def test_a_store_is_tried_and_left_as_it_was(project: Path, tmp_path: Path) -> None:
    assert by_name(shared_store(load_project(project), None))["address"].message.startswith("none")
    store = tmp_path / "store"
    store.mkdir()
    assert "is empty" in by_name(shared_store(load_project(project), str(store)))["address"].message
    refused = by_name(shared_store(load_project(project), "s4://bucket"))["address"]
    assert refused.level is Level.FAIL
    assert refused.next_step


def test_the_wallet_is_said_to_be_unknown_once_and_where_to_look(
    server: BackgroundServer, paid: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUGELAUDIO_API_KEY", SECRET)
    project = load_project(paid)
    findings = list(paid_engine(project, api_url=server.url, online=False))
    (wallet,) = [finding for finding in findings if finding.name == "wallet"]
    assert wallet.level is Level.OK
    assert "cannot be asked" in wallet.message
    assert "your account at the provider" in wallet.next_step
    assert "narrate costs" in wallet.next_step
