"""A plan without takes here rests on the pace that the ledger tells of those that are elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.planning import plan
from pipeline.render.plan import Plan
from pipeline.store.ledger import LedgerLine

MANIFEST = """title: The Lamp
engine: kugelaudio
voices: {narrator: {kugelaudio: {voice_id: 1071}}}
chapters: [{source: book.md}]
rates: {kugel-3: 7.0}
segment_target: 100
"""
SECONDS_A_CHARACTER = 0.1


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("KUGELAUDIO_API_KEY", "KUGELAUDIO_API_URL", "NARRATE_STORE"):
        monkeypatch.delenv(name, raising=False)
    paragraphs = [
        f"Evening {number}: " + "the lamp was lit, and the boats came home by it. " * 4 for number in range(15)
    ]
    (tmp_path / "book.md").write_text("# One\n\n" + "\n\n".join(paragraphs), encoding="utf-8")
    (tmp_path / "project.yaml").write_text(MANIFEST, encoding="utf-8")
    return tmp_path


def write_ledger(folder: Path, planned: Plan, outcome: str) -> None:
    (folder / ".narration" / "ledger").mkdir(parents=True, exist_ok=True)
    lines = [
        LedgerLine(
            at="2026-11-23T06:00:00.000Z", run="a", event="ended", attempt=f"a-{number}", key=each.key, chapter="one",
            index=number, engine="kugelaudio", provider=planned.provider, model=planned.model, voice="narrator",
            number=1, outcome=outcome, characters=len(each.segment.text),
            audio_seconds=len(each.segment.text) * SECONDS_A_CHARACTER,
        )
        for number, each in enumerate(planned.to_make()[1:])
    ]  # fmt: skip
    text = "".join(f"{line.model_dump_json(by_alias=True)}\n" for line in lines)
    (folder / ".narration" / "ledger" / "a.jsonl").write_text(text, encoding="utf-8")


def test_the_ledger_tells_the_pace_of_takes_that_lie_elsewhere(book: Path) -> None:
    before = plan(book, offline=True)
    assert "not yet measured" in before.estimate.basis
    write_ledger(book, before, "stored")
    after = plan(book, offline=True)
    assert "the measured pace of narrator (10.0 characters a second in 15 takes)" in after.estimate.basis
    seconds = sum(len(each.segment.text) for each in after.to_make()) * SECONDS_A_CHARACTER
    assert after.estimate.seconds_low < seconds < after.estimate.seconds_high < seconds * 1.1
    assert len(after.to_make()) == len(before.to_make()), "a ledger is no take"


def test_attempts_that_made_no_take_of_the_plan_tell_nothing(book: Path) -> None:
    before = plan(book, offline=True)
    write_ledger(book, before, "rejected")
    assert "not yet measured" in plan(book, offline=True).estimate.basis
    write_ledger(book, before, "stored")
    manifest = (book / "project.yaml").read_text(encoding="utf-8").replace("1071", "1705")
    (book / "project.yaml").write_text(manifest, encoding="utf-8")
    assert "not yet measured" in plan(book, offline=True).estimate.basis, "another voice has another pace"
