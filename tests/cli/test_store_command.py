"""``narrate store`` looks after the store: it sends, brings, checks, and removes only what nothing needs."""

from __future__ import annotations

import subprocess
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline import workflow
from pipeline.cli.main import main
from pipeline.engines.protocol import Speech, Usage, WordTimes
from pipeline.project.loading import load_project
from pipeline.store.edges import speech_bounds
from pipeline.store.layout import Layout
from pipeline.store.sidecars import Take

MANIFEST = """title: {title}
engine: kugelaudio
voices: {{narrator: {{kugelaudio: {{voice_id: 1071}}}}}}
segment_target: 50
chapters: [{{source: book.md}}]
rates: {{kugel-3: 7.0}}
"""
STORY = ("# One", "It was late, and the lamp was out.", "Nobody lit it again before the morning came.")


class Home:
    """A project on this machine with a take for each of its segments, made for 2.5 cents each."""

    def __init__(self, folder: Path, store: Path, title: str = "Late") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.store = folder, store
        (folder / "project.yaml").write_text(MANIFEST.format(title=title), encoding="utf-8")
        self.write(*STORY)

    def write(self, *paragraphs: str) -> None:
        (self.folder / "book.md").write_text("\n\n".join(paragraphs) + "\n", encoding="utf-8")

    @property
    def layout(self) -> Layout:
        return Layout.of(load_project(self.folder))

    def speak(self) -> list[Take]:
        import numpy as np

        made = []
        for planned in workflow.plan(self.folder, offline=True).to_make():
            text = planned.segment.text
            pcm = (np.sin(np.arange(24_000) / 9) * 3000).astype(np.int16)
            columns = (np.array([at], np.int32) for at in (0, len(text), 0, 24_000))
            usage = Usage(audio_seconds=1.0, characters=len(text), cost_cents=Decimal("2.5"))
            speech = Speech(pcm, 24_000, WordTimes(*columns), usage)
            bounds = speech_bounds(pcm)
            made.append(self.layout.takes.put(planned.key, planned.inputs, speech, bounds, "run-1-a"))
        return made

    def narrate(self, action: str, *more: str) -> int:
        return main(["store", action, str(self.folder), "--store", str(self.store), *more])

    def missing(self) -> int:
        return len(workflow.plan(self.folder, offline=True).to_make())


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.delenv("NARRATE_STORE", raising=False)
    monkeypatch.delenv("KUGELAUDIO_API_KEY", raising=False)
    return Home(tmp_path / "home", tmp_path / "store")


def elsewhere(home: Home, name: str = "elsewhere") -> Home:
    return Home(home.folder.parent / name, home.store)


def test_takes_and_ledgers_are_pushed_and_pulled(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    home.speak()
    home.layout.ledgers.mkdir()
    (home.layout.ledgers / "run-1.jsonl").write_bytes(b'{"schema":1}\n')
    assert home.narrate("push") == 0
    assert "sent 3 takes and 1 ledger" in capsys.readouterr().out
    there = elsewhere(home)
    assert there.missing() == 3
    assert there.narrate("pull") == 0
    assert "brought 3 takes and 1 ledger" in capsys.readouterr().out
    assert there.missing() == 0
    assert (there.layout.ledgers / "run-1.jsonl").read_bytes() == b'{"schema":1}\n'


def test_status_says_what_is_where(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    home.speak()
    home.narrate("push")
    home.write(*STORY, "One more was said.")
    home.speak()
    capsys.readouterr()
    assert home.narrate("status") == 0
    said = capsys.readouterr().out
    assert "3 takes" in said
    assert "takes here that the store lacks: 1" in said
    assert "at work now: nobody" in said


def test_a_damaged_take_is_found_set_aside_or_replaced(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    home.speak()
    home.narrate("push")
    first, second = sorted(home.store.rglob("*.flac"))[:2]
    first.write_bytes(b"noise")
    assert home.narrate("verify") == 6
    assert "3 takes read, 1 damaged" in capsys.readouterr().out
    assert elsewhere(home).narrate("pull") == 8
    assert home.narrate("push", "--replace") == 0
    assert home.narrate("verify") == 0
    second.write_bytes(b"noise")
    assert home.narrate("verify", "--set-aside") == 0
    assert home.narrate("verify") == 0
    assert home.narrate("push") == 0
    assert "sent 1 take" in capsys.readouterr().out


def test_gc_shows_what_goes_names_its_price_and_asks(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    home.speak()
    home.narrate("push")
    home.write(*STORY[:2])
    capsys.readouterr()
    assert home.narrate("gc") == 2  # no terminal to ask
    shown = capsys.readouterr()
    assert "Nobody lit it again" in shown.out
    assert "--yes" in shown.err
    assert len(list(home.store.rglob("*.jsonl"))) == 3
    assert home.narrate("gc", "--yes") == 0
    assert "removed 1 take" in (said := capsys.readouterr().out)
    assert "2.5 cents" in said
    assert len(list(home.store.rglob("takes/**/*.*"))) == 4
    assert home.narrate("gc", "--yes") == 0
    assert "nothing to remove" in capsys.readouterr().out


def test_gc_keeps_what_another_manifest_or_a_revision_needs(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    def git(*words: str) -> None:
        names = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *names, *words], cwd=home.folder, check=True, capture_output=True)

    git("init", "-q")
    git("add", "project.yaml", "book.md")
    git("commit", "-q", "-m", "Begin")
    home.speak()
    home.narrate("push")
    other = elsewhere(home)
    home.write(*STORY[:2])
    capsys.readouterr()
    for keep in ("HEAD", str(other.folder)):
        assert home.narrate("gc", "--yes", "--keep", keep) == 0
        assert "nothing to remove: all 3 takes are needed" in capsys.readouterr().out
    assert home.narrate("gc", "--yes", "--keep", "no-such-revision") == 2
    assert len(list(home.store.rglob("*.flac"))) == 3


def test_gc_minds_the_other_projects_of_the_store(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    other = Home(home.folder.parent / "other", home.store, title="Another Book")
    other.write("# Two", "Something else altogether.")
    for each in (home, other):
        each.speak()
        each.layout.ledgers.mkdir()
        (each.layout.ledgers / "run.jsonl").write_bytes(b'{"schema":1}\n')
        each.narrate("push")
    capsys.readouterr()
    assert home.narrate("gc", "--yes") == 2
    assert "another-book" in capsys.readouterr().err
    assert home.narrate("gc", "--yes", "--keep", str(other.folder)) == 0
    assert "nothing to remove" in capsys.readouterr().out
    assert home.narrate("gc", "--yes", "--forget", "another-book") == 0
    assert "removed 2 takes" in capsys.readouterr().out
    assert len(list(home.store.rglob("ledger/*.jsonl"))) == 2


def test_gc_keeps_pieces_and_takes_of_other_engines(home: Home) -> None:
    from pipeline.store.shared.collecting import Needed
    from tests.store.sharing import inputs_of

    needed = Needed()
    needed.add("a", inputs_of("It was late. Nobody came."))
    assert needed.has("b", inputs_of("It was late."))
    assert needed.has("b", inputs_of("It was late. Nobody came.", provider="another"))
    assert needed.has("b", inputs_of("It was late. Nobody came.", engine="espeak"))
    assert not needed.has("b", inputs_of("It was late.", engine="espeak"))
    assert not needed.has("b", inputs_of("It was late. Nobody came.", number=1))
    assert not needed.has("b", inputs_of("Nobody came late."))


def test_a_command_without_a_store_says_how_to_name_one(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["store", "status", str(home.folder)]) == 2
    assert "NARRATE_STORE" in capsys.readouterr().err
