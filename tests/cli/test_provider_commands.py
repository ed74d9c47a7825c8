"""``narrate voices``, ``models`` and ``dictionaries``, and renders with the paid engine, against the local server."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from pipeline.cli import dictionaries, models, voices
from pipeline.cli.main import main
from pipeline.errors import AuthenticationStopped, InputError, NarrateError, SegmentsFailed, UsageError
from pipeline.kugelaudio import KugelAudio
from pipeline.project.dictionaries import DictionaryEntry, load_dictionary
from pipeline.reports.run_record import RunRecord
from pipeline.server.faults import FaultScript, read_script
from pipeline.server.running import BackgroundServer
from pipeline.server.service import ServerOptions

SECRET = "ka_tell_nobody"

MANUSCRIPT = """# The Lamp

Nobody had lit it since the 9th of May, and Ada knew why.

"Then I will," said Ada; "somebody must."
"""

MANIFEST = """title: Ada and the Lamp
author: A. Tester
language: en
engine: kugelaudio
engines: {{kugelaudio: {{tier: 3{project_id}}}}}
voices:
  narrator: {{hibari: {{voice: heart}}, kugelaudio: {{voice_id: {voice_id}}}}}
dictionaries: [names.yaml]
chapters: [{{source: book.md}}]
rates: {{kugel-3: 7.0}}
outputs: [{{format: srt}}, {{format: wav}}]
{budget}
"""

DICTIONARY = """# How names are said.
entries:
  - word: Ada
    replacement: Aida
  - word: Lübeck
    replacement: Lübek
    language: de
"""


@pytest.fixture(scope="module")
def server() -> Iterator[BackgroundServer]:
    with BackgroundServer(ServerOptions(silent=True, tier=0, keys=(SECRET,))) as running:
        yield running


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUGELAUDIO_API_KEY", SECRET)
    monkeypatch.delenv("KUGELAUDIO_API_URL", raising=False)


Write = Callable[..., Path]
Run = Callable[..., str]


@pytest.fixture
def project(tmp_path: Path) -> Write:
    def write(project_id: int | None = None, voice_id: int = 1071, budget: str = "") -> Path:
        settings = "" if project_id is None else f", project_id: {project_id}"
        manifest = MANIFEST.format(project_id=settings, voice_id=voice_id, budget=budget)
        (tmp_path / "book.md").write_text(MANUSCRIPT, encoding="utf-8")
        (tmp_path / "names.yaml").write_text(DICTIONARY, encoding="utf-8")
        (tmp_path / "project.yaml").write_text(manifest, encoding="utf-8")
        return tmp_path

    return write


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in this process and returns what it printed; its errors are raised."""

    def called(*arguments: str | Path) -> str:
        parser = argparse.ArgumentParser()
        commands = parser.add_subparsers()
        for module in (voices, models, dictionaries):
            module.add_parser(commands)
        parsed = parser.parse_args([*map(str, arguments)])
        capfd.readouterr()
        assert parsed.run(parsed) == 0
        return capfd.readouterr().out

    return called


def billed(server: BackgroundServer) -> int:
    totals: dict[str, int] = httpx.get(f"{server.url}/admin/books").json()["totals"]
    return totals["requests"]


def test_voices_are_a_table_for_people_and_json_for_machines(server: BackgroundServer, run: Run) -> None:
    header, first, *_ = run("voices", "--api-url", server.url).splitlines()
    assert header.split() == ["id", "name", "languages", "sex", "age", "category", "description"]
    assert first.split()[:2] == ["1071", "Iris"]
    assert header.index("name") == first.index("Iris")
    listed = json.loads(run("voices", "--json", "--api-url", server.url))
    assert [voice["name"] for voice in listed if voice["id"] == 1071] == ["Iris"]


def test_voices_can_be_had_by_language_and_ones_own(server: BackgroundServer, run: Run) -> None:
    assert "Iris" in run("voices", "--language", "en", "--api-url", server.url)
    assert run("voices", "--language", "de", "--api-url", server.url) == "no voices\n"
    assert run("voices", "--own", "--api-url", server.url) == "no voices\n"


def test_models_tell_their_limits(server: BackgroundServer, run: Run) -> None:
    lines = run("models", "--api-url", server.url).splitlines()
    assert re.match(r"kugel-3\.5 +5,000 +24,000 Hz", lines[1])
    assert {model["id"] for model in json.loads(run("models", "--json", "--api-url", server.url))} >= {"kugel-3"}


def test_the_address_can_come_from_the_environment(
    server: BackgroundServer, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUGELAUDIO_API_URL", server.url)
    assert "kugel-3" in run("models")


@pytest.mark.parametrize(
    ("key", "url", "error"),
    [
        (SECRET, "http://127.0.0.1:9", SegmentsFailed),
        (SECRET, "ftp://127.0.0.1", UsageError),
        ("ka_wrong_key", None, AuthenticationStopped),
        ("", None, UsageError),
    ],
)
def test_failures_have_their_exit_codes_and_never_show_the_key(
    server: BackgroundServer,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    url: str | None,
    error: type[NarrateError],
) -> None:
    monkeypatch.setenv("KUGELAUDIO_API_KEY", key)
    with pytest.raises(error) as failed:
        run("voices", "--api-url", url or server.url)
    assert type(failed.value) is error
    assert failed.value.hint or error is UsageError
    assert not key or key not in f"{failed.value} {failed.value.hint}"


def test_a_dictionary_goes_there_and_comes_back(server: BackgroundServer, run: Run, project: Write) -> None:
    folder = project(project_id=31)
    there = ("--api-url", server.url)
    assert "2 only here" in run("dictionaries", "diff", folder, *there)
    run("dictionaries", "push", folder, *there)
    assert run("dictionaries", "diff", folder, *there) == "names.yaml: the same\n"
    assert run("dictionaries", "push", folder, *there) == "names.yaml: nothing to send\n"
    with KugelAudio(api_url=server.url) as client:
        listed = client.dictionaries.list(project_id=31)
        assert [(one.name, one.language) for one in listed] == [("names", None), ("names", "de")]
        client.dictionaries.entries.add(
            listed[0].id, word="Tregenza", replacement="Treghenza", ipa="trəˈɡɛnzə", case_sensitive=True, project_id=31
        )
    assert "Tregenza → Treghenza /trəˈɡɛnzə/ (as written)" in run("dictionaries", "diff", folder, *there)
    run("dictionaries", "pull", folder, *there)
    text = (folder / "names.yaml").read_text(encoding="utf-8")
    assert text.startswith("# How names are said.\nentries:\n")
    assert load_dictionary(folder / "names.yaml") == (
        DictionaryEntry("Ada", "Aida"),
        DictionaryEntry("Lübeck", "Lübek", language="de"),
        DictionaryEntry("Tregenza", "Treghenza", "trəˈɡɛnzə", True),
    )


def test_nothing_is_removed_on_either_side_unless_asked(server: BackgroundServer, run: Run, project: Write) -> None:
    folder = project(project_id=32)
    there = ("--api-url", server.url)
    run("dictionaries", "push", folder, *there)
    names = folder / "names.yaml"
    names.write_text("entries: [{word: Bob, replacement: Rob}, {word: Ada, replacement: Ayda}]\n", encoding="utf-8")
    for action, lost in (("push", "Lübeck"), ("pull", "Bob")):
        before = names.read_bytes()
        with pytest.raises(UsageError, match=lost) as refused:
            run("dictionaries", action, folder, *there)
        assert "--delete" in str(refused.value.hint)
        assert names.read_bytes() == before
    shown = json.loads(run("dictionaries", "diff", folder, "--json", *there))
    assert [entry["word"] for entry in shown[0]["only_there"]] == ["Lübeck"]
    assert [[entry["replacement"] for entry in pair] for pair in shown[0]["changed"]] == [["Ayda", "Aida"]]
    run("dictionaries", "push", folder, "--delete", *there)
    assert run("dictionaries", "diff", folder, *there) == "names.yaml: the same\n"


def test_what_cannot_be_a_dictionary_leaves_the_file_as_it_is(
    server: BackgroundServer, run: Run, project: Write
) -> None:
    folder = project(project_id=33)
    with KugelAudio(api_url=server.url) as client:
        made = client.dictionaries.create(name="names", project_id=33)
        for word in ("same", "Same"):
            client.dictionaries.entries.add(made.id, word=word, replacement="thing", project_id=33)
    before = (folder / "names.yaml").read_bytes()
    with pytest.raises(InputError, match="given twice"):
        run("dictionaries", "pull", folder, "--delete", "--api-url", server.url)
    assert (folder / "names.yaml").read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == ["book.md", "names.yaml", "project.yaml"]


def test_a_project_is_rendered_by_the_local_server_and_says_who_was_paid(
    server: BackgroundServer, project: Write, capfd: pytest.CaptureFixture[str]
) -> None:
    folder, before = project(project_id=34), billed(server)
    assert main(["render", str(folder), "--api-url", server.url, "--jobs", "8"]) == 0
    shown = "".join(capfd.readouterr())
    timeline = json.loads((folder / "build" / "timeline.json").read_bytes())
    words = [word for chapter in timeline["chapters"] for word in chapter["words"]["text"]]
    assert words == re.findall(r"[\w]+", MANUSCRIPT)
    ledgers = (folder / ".narration" / "ledger").iterdir()
    lines = [json.loads(line) for path in ledgers for line in path.read_text(encoding="utf-8").splitlines()]
    assert {line["provider"] for line in lines} == {f"local:{server.service.server_id}"}
    assert all(float(line["cost_cents"]) > 0 for line in lines if line["event"] == "ended")
    record = RunRecord.model_validate_json((folder / "build" / "run.json").read_bytes())
    assert record.takes_made == billed(server) - before > 0
    kept = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert not any(SECRET.encode() in data for data in (*kept, shown.encode()))
    assert main(["render", str(folder), "--api-url", server.url]) == 0
    assert billed(server) - before == record.takes_made, "a second run buys nothing"


def test_a_voice_that_is_not_there_is_found_before_anything_is_sent(
    server: BackgroundServer, project: Write, capfd: pytest.CaptureFixture[str]
) -> None:
    folder, before = project(project_id=35, voice_id=31_337), billed(server)
    for command in ("check", "plan", "render"):
        assert main([command, str(folder), "--api-url", server.url]) == 2
        assert "voice 'narrator': kugelaudio has no voice 31337" in capfd.readouterr().err
    assert billed(server) == before


def test_entries_without_a_project_are_found_before_anything_is_sent(
    server: BackgroundServer, project: Write, capfd: pytest.CaptureFixture[str]
) -> None:
    folder, before = project(), billed(server)
    assert main(["render", str(folder), "--api-url", server.url]) == 2
    assert "engines.kugelaudio.project_id" in capfd.readouterr().err
    assert billed(server) == before


def test_a_key_in_the_environment_alone_never_spends(
    server: BackgroundServer, project: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, before = project(project_id=36), billed(server)
    manifest = (folder / "project.yaml").read_text(encoding="utf-8").replace("engine: kugelaudio\n", "")
    (folder / "project.yaml").write_text(manifest, encoding="utf-8")
    monkeypatch.setenv("KUGELAUDIO_API_URL", server.url)
    assert main(["plan", str(folder)]) == 0
    assert main(["render", str(folder)]) == 0
    record = json.loads((folder / "build" / "run.json").read_bytes())
    assert record["engine"] == "hibari"
    assert billed(server) == before


def test_real_money_needs_a_budget_or_a_person(
    server: BackgroundServer, project: Write, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("pipeline.engines.kugelaudio.preflight.provider_of", lambda configuration: "kugelaudio")
    folder, before = project(project_id=37), billed(server)
    assert main(["render", str(folder), "--api-url", server.url]) == 2
    assert "nobody said how much" in capfd.readouterr().err
    assert billed(server) == before
    assert main(["render", str(project(project_id=37, budget="budget: {run_cents: 50}")), "--api-url", server.url]) == 0
    assert billed(server) > before


def test_an_empty_wallet_stops_the_run_and_what_was_made_is_kept(
    project: Write, capfd: pytest.CaptureFixture[str]
) -> None:
    faults = read_script({"faults": [{"fault": "insufficient_credits", "after": 1}]}, "test")
    with BackgroundServer(ServerOptions(silent=True, tier=0, keys=(SECRET,), faults=faults)) as server:
        folder = project(project_id=38)
        assert main(["render", str(folder), "--api-url", server.url, "--jobs", "1"]) == 4
        assert "1 takes were made and kept" in capfd.readouterr().err
        server.service.faults.load(FaultScript())
        assert main(["render", str(folder), "--api-url", server.url]) == 0
        assert "1 reused" in capfd.readouterr().out
