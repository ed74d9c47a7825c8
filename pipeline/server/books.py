"""The server's books: every generation that was asked for, and what was taken for it."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum

from pipeline.server.accounts import Caller
from pipeline.server.storage import Database


class Outcome(Enum):
    """How a generation ended. ``BILLED`` and ``LOST`` (the answer never arrived) were paid, the others not."""

    BILLED = "billed"
    LOST = "lost"
    REFUSED = "refused"
    FAILED = "failed"
    ABANDONED = "abandoned"


PAID = (Outcome.BILLED, Outcome.LOST)

_WRITTEN_AT_ONCE = 64
"""Lines: few enough that a load test's answers do not wait for them (1 ms)."""


@dataclass(frozen=True, slots=True)
class BookEntry:
    """One line. ``cents`` is what was taken; ``fault`` the fault that was put in, if any."""

    request_id: str
    caller: Caller
    route: str
    model_id: str | None
    voice_id: int | None
    text: str
    audio_seconds: Decimal
    cents: Decimal
    outcome: Outcome
    error_code: str | None = None
    fault: str | None = None


class Books:
    """The table ``books``, and the wallet's balance with it in one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[tuple[datetime, BookEntry]] = deque()
        self._most_waiting = 0 if database.lasting else _WRITTEN_AT_ONCE - 1

    def enter(self, entry: BookEntry) -> None:
        """Write a line and, where it was paid, the organisation's balance.

        A state that ends with the process has its lines written in groups, at the latest when they are read.
        """
        self._waiting.append((datetime.now(UTC), entry))
        organisation = entry.caller.organisation
        if entry.outcome in PAID and organisation.wallet.balance is not None:
            with self._database.transaction() as connection:
                self._write(connection)
                connection.execute(
                    "UPDATE organisations SET wallet_cents = ? WHERE id = ?",
                    (str(organisation.wallet.balance), organisation.id),
                )
        elif len(self._waiting) > self._most_waiting:
            self._write_waiting()

    def lost(self, request_id: str, fault: str | None) -> None:
        """A paid answer did not arrive."""
        self._write_waiting()
        self._database.connection.execute(
            "UPDATE books SET outcome = ?, fault = ? WHERE request_id = ? AND outcome = ?",
            (Outcome.LOST.value, fault, request_id, Outcome.BILLED.value),
        )

    def lines(self) -> list[dict[str, object]]:
        """All lines, oldest first; seconds and cents as decimal strings."""
        self._write_waiting()
        rows = self._database.connection.execute("SELECT * FROM books ORDER BY id").fetchall()
        return [dict(row) for row in rows]

    def totals(self) -> dict[str, object]:
        """Requests by outcome, and the sum of what was taken, exact."""
        self._write_waiting()
        rows = self._database.connection.execute("SELECT outcome, cents, audio_seconds FROM books").fetchall()
        paid = [row for row in rows if Outcome(row["outcome"]) in PAID]
        return {
            "requests": len(rows),
            "outcomes": {one.value: sum(row["outcome"] == one.value for row in rows) for one in Outcome},
            "cents": str(sum((Decimal(row["cents"]) for row in paid), Decimal(0))),
            "audio_seconds": str(sum((Decimal(row["audio_seconds"]) for row in paid), Decimal(0))),
        }

    def _write_waiting(self) -> None:
        if self._waiting:
            with self._database.transaction() as connection:
                self._write(connection)

    def _write(self, connection: sqlite3.Connection) -> None:
        rows = [_row(*self._waiting.popleft()) for _ in range(len(self._waiting))]
        connection.executemany(_INSERT, rows)


_INSERT = (
    "INSERT INTO books (at, request_id, key, organisation, route, model_id, voice_id, text_sha256, "
    "characters, audio_seconds, cents, outcome, error_code, fault) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def _row(at: datetime, entry: BookEntry) -> tuple[object, ...]:
    return (
        at.isoformat(),
        entry.request_id,
        entry.caller.key,
        entry.caller.organisation.id,
        entry.route,
        entry.model_id,
        entry.voice_id,
        hashlib.sha256(entry.text.encode("utf-8", "surrogatepass")).hexdigest(),
        len(entry.text),
        str(entry.audio_seconds),
        str(entry.cents),
        entry.outcome.value,
        entry.error_code,
        entry.fault,
    )
