"""``narrate costs`` as a user runs it."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.cli.main import main
from pipeline.render.terms import earlier_cents

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
        ["--settle"],
    ],
)
def test_wrong_usage_is_one_line_with_the_next_step(
    book: Path, wrong: list[str], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["costs", str(book), *wrong]) == 2
    message = capsysbinary.readouterr().err.decode()
    assert len(message.splitlines()) == 2


def lost(attempt: str, at: str) -> str:
    unknown = {"outcome": "lost", "request_id": None, "audio_seconds": None, "cost_cents": None, "reserved_cents": "5"}
    return json.dumps({**LINE, **unknown, "attempt": attempt, "key": attempt, "at": at}) + "\n"


def test_unknown_charges_are_settled_by_a_statement_that_agrees(
    book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledgers = book / ".narration" / "ledger"
    with (ledgers / "r.jsonl").open("a") as ledger:
        ledger.write(lost("charged", "2026-11-23T10:00:00.000Z"))
        ledger.write(lost("free", "2026-11-23T11:00:00.000Z"))
        ledger.write(lost("at its end", "2026-11-24T09:45:00.000Z"))
        ledger.write(lost("later", "2026-11-25T11:00:00.000Z"))
        ledger.write(json.dumps({**LINE, "attempt": "z", "key": "z", "at": "2026-11-24T10:00:00.000Z"}) + "\n")
    before = (ledgers / "r.jsonl").read_bytes()
    statement = tmp_path / "statement.csv"
    rows = "2026-11-23T09:30:00Z,1.5,0.175\n2026-11-23T10:00:02Z,9,1.25\n2026-11-24T10:00:00Z,1.5,0.175\n"
    statement.write_text(f"at,audio_seconds,cents\n{rows}")
    assert earlier_cents(ledgers, "kugelaudio") == Decimal("20.35")
    settle = ["costs", str(book), "--check", str(statement), "--settle"]
    assert main(settle) == 0
    assert "settled: 1 charges, 1.25 cents in all; 1 were not charged" in capsys.readouterr().err
    assert earlier_cents(ledgers, "kugelaudio") == Decimal("11.6")
    assert (ledgers / "r.jsonl").read_bytes() == before
    assert main(["costs", str(book), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["real"]["total"]["cents"] == "1.6"
    assert "ontradict" not in json.dumps(report)
    assert main(settle) == 0
    assert "settled: 0 charges" in capsys.readouterr().err
    assert len(list(ledgers.iterdir())) == 2


def test_nothing_is_settled_by_a_statement_that_disagrees(book: Path, tmp_path: Path) -> None:
    with (book / ".narration" / "ledger" / "r.jsonl").open("a") as ledger:
        ledger.write(lost("unknown", "2026-11-23T10:00:00.000Z"))
    statement = tmp_path / "statement.csv"
    statement.write_text("at,cents\n2026-11-23T09:30:00Z,0.5\n2026-11-23T10:00:02Z,1.25\n")
    assert main(["costs", str(book), "--check", str(statement), "--settle"]) == 6
    assert len(list((book / ".narration" / "ledger").iterdir())) == 1
