"""Ledger lines of many tasks: whoever gave one, or waits for those given before, finds them on disk."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pipeline.render.recording import Recorder
from pipeline.store.ledger import Ledger, LedgerLine, read_ledger, utc_now


def line(attempt: str) -> LedgerLine:
    fields: dict[str, object] = {
        "at": utc_now(), "run": "r1", "event": "started", "attempt": attempt, "key": "cd" + "1" * 62, "chapter": "one",
        "index": 0, "engine": "hibari", "provider": "embedded", "model": "heart", "voice": "narrator", "number": 1,
        "characters": 11,
    }  # fmt: skip
    return LedgerLine.model_validate(fields)


async def written_by(recorder: Recorder, folder: Path, attempts: list[str]) -> list[str]:
    """What the ledger holds as soon as the recorder has caught up with lines that tasks have just given it."""
    tasks = [asyncio.create_task(recorder.append(line(attempt))) for attempt in attempts]
    await asyncio.sleep(0)
    await recorder.caught_up()
    found = [each.attempt for each in read_ledger(folder)]
    await asyncio.gather(*tasks)
    return found


def test_catching_up_waits_for_every_line_given_before(tmp_path: Path) -> None:
    """The first line is written at once, those after it together behind it."""

    async def given(attempts: list[str]) -> list[str]:
        with Ledger(tmp_path / "r1.jsonl", "r1") as ledger:
            recorder = Recorder(ledger, durable=True)
            try:
                return await written_by(recorder, tmp_path, attempts)
            finally:
                recorder.close()

    attempts = [f"r1-{number}" for number in range(40)]
    assert asyncio.run(given(attempts)) == attempts
    assert asyncio.run(given([])) == attempts, "with nothing to wait for it goes on at once"
