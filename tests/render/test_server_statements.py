"""A statement written from the server's books agrees with the ledger, after whatever went wrong."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.cli.main import main
from pipeline.server.accounts import LOCAL_KEY
from pipeline.server.running import BackgroundServer
from pipeline.server.service import ServerOptions

from .paying import Book, paragraphs
from .two_books import PAID

FAULTS = (
    {"fault": "cut", "after_frames": 1, "at": [2]},
    {"fault": "lost_answer", "at": [4]},
    {"fault": "lost_frame", "at": [6]},
    {"fault": "null_cost", "at": [8, 9]},
    {"fault": "unavailable", "at": [10]},
)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Book]:
    monkeypatch.setenv("KUGELAUDIO_API_KEY", LOCAL_KEY)
    with BackgroundServer(ServerOptions(silent=True, tier=4)) as server:
        book = Book(tmp_path, server)
        book.write([text[: 40 + 3 * number] for number, text in enumerate(paragraphs(10))])
        book.faults(*FAULTS)
        book.render(jobs=3)
        yield book


def statement(here: Book, columns: tuple[str, ...], *, leave_out: int = 0) -> Path:
    """The server's paid lines as CSV."""
    path = here.folder / "statement.csv"
    paid = [line for line in here.requests() if line["outcome"] in PAID][leave_out:]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(paid)
    return path


@pytest.mark.parametrize("columns", [("at", "audio_seconds", "cents"), ("request_id", "at", "audio_seconds", "cents")])
def test_a_statement_of_the_servers_books_agrees_after_a_faulty_run(
    here: Book, columns: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    path = statement(here, columns)
    code = main(["costs", str(here.folder), "--simulated", "--check", str(path)])
    assert code == 0, capfd.readouterr().out


def test_a_charge_that_is_missing_from_the_statement_is_told(here: Book) -> None:
    path = statement(here, ("at", "audio_seconds", "cents"), leave_out=1)
    assert main(["costs", str(here.folder), "--simulated", "--check", str(path)]) == 6
