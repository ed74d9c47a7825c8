"""``narrate costs`` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.cli.main import main

LINE = {
    "schema": 1, "at": "2026-11-23T09:30:00.000Z", "run": "r", "event": "ended", "attempt": "a", "key": "k",
    "chapter": "one", "index": 0, "engine": "kugelaudio", "provider": "kugelaudio", "account": None,
    "model": "kugel-3", "voice": "narrator", "number": 1, "outcome": "stored", "error_code": None,
    "request_id": "req-a", "characters": 10, "audio_seconds": 1.5, "reserved_cents": "1", "cost_cents": "0.175",
    "rate": "7.0", "because": "new", "revision": None,
}  # fmt: skip


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A project with a ledger of one attempt, and no manifest: costs do not need it."""
    folder = tmp_path / "book"
    (folder / ".narration" / "ledger").mkdir(parents=True)
    (folder / ".narration" / "ledger" / "r.jsonl").write_text(json.dumps(LINE) + "\n", encoding="utf-8")
    return folder


def test_a_report_goes_to_standard_output_or_to_a_file(
    book: Path, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["costs", str(book)]) == 0
    assert b"Total: 0.175 cents" in capsysbinary.readouterr().out
    out = tmp_path / "costs.json"
    assert main(["costs", str(book), "--json", "--by", "day", "--tz", "Asia/Tokyo", "--out", str(out)]) == 0
    assert json.loads(out.read_bytes())["real"]["views"][0]["rows"][0]["day"] == "2026-11-23"


def test_a_statement_that_disagrees_is_exit_6(book: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    statement = book / "statement.csv"
    statement.write_text("Request,Amount\nreq-a,0.175\n", encoding="utf-8")
    check = ["costs", str(book), "--check", str(statement), "--columns", "request_id=Request,cents=Amount"]
    assert main(check) == 0
    statement.write_text("Request,Amount\nreq-a,0.205\n", encoding="utf-8")
    assert main(check) == 6
    shown = capsysbinary.readouterr()
    assert b"Different amounts" in shown.out
    assert b"1 amounts differ" in shown.err


def test_a_bad_statement_is_exit_2_with_its_line(book: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    statement = book / "statement.csv"
    statement.write_text("request_id,cents\nreq-a,much\n", encoding="utf-8")
    assert main(["costs", str(book), "--check", str(statement)]) == 2
    assert b"statement.csv:2: cents is" in capsysbinary.readouterr().err


@pytest.mark.parametrize(
    "wrong",
    [
        ["--tz", "Nowhere"],
        ["--by", "mood"],
        ["--since", "soon"],
        ["--since", ""],
        ["--ledger", "gone"],
        ["--columns", "cents=Amount"],
        ["--by", "day", "--check", "statement.csv"],
    ],
)
def test_wrong_usage_is_one_line_with_the_next_step(
    book: Path, wrong: list[str], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["costs", str(book), *wrong]) == 2
    message = capsysbinary.readouterr().err.decode()
    assert len(message.splitlines()) == 2
