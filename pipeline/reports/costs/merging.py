"""Any number of ledgers as one: every attempt once, with memory that does not grow with the ledgers.

Lines that tell of the same attempt or take as others are sorted by attempt in a temporary database of SQLite, which
spills to the disk what memory should not hold (an attempt's lines may be far apart: in two files, or in copies of one).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby
from operator import itemgetter

from pipeline.errors import StorageError
from pipeline.reports.costs.attempts import Merged, merged_attempt
from pipeline.reports.costs.lines import Line

_CACHE_KIB = 16_384
_TABLE = """CREATE TABLE lines
    (attempt TEXT, event TEXT, source INT, key TEXT, stored INT, at TEXT, raw BLOB)"""


class MergedLedger:
    """Ledger lines, ready to be read as attempts; see :func:`merging`."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def add(self, lines: Iterable[Line]) -> None:
        """Keep lines to be merged. Raises what ``lines`` raises."""
        self._database.execute("BEGIN")
        self._database.executemany("INSERT INTO lines VALUES (?, ?, ?, ?, ?, ?, ?)", map(_row, lines))
        self._database.execute("COMMIT")

    def __iter__(self) -> Iterator[Merged]:
        """Every attempt once, by attempt."""
        rows = self._database.execute("SELECT attempt, event, source, raw FROM lines ORDER BY attempt, event, source")
        for _, lines in groupby(rows, key=itemgetter(0)):
            yield merged_attempt([line[1:] for line in lines])

    def first_storings(self, projects: Sequence[str]) -> dict[tuple[str, str], str]:
        """For every project and key whose take several attempts stored, the attempt that stored it first.

        ``projects`` are those of the sources: a take that two books share is bought once for each.
        """
        repeated = "SELECT key FROM lines WHERE stored GROUP BY key HAVING COUNT(DISTINCT attempt) > 1"
        query = f"SELECT key, at, attempt, source FROM lines WHERE stored AND key IN ({repeated})"  # noqa: S608
        first: dict[tuple[str, str], tuple[datetime, str]] = {}
        for key, at, attempt, source in self._database.execute(query):
            storing, place = (datetime.fromisoformat(at), attempt), (projects[source], key)
            first[place] = min(first.get(place, storing), storing)
        return {place: attempt for place, (_, attempt) in first.items()}


@contextmanager
def merging() -> Iterator[MergedLedger]:
    """A place for lines that are to be one ledger: a temporary database that is gone afterwards.

    Raises StorageError where the disk is too full for it.
    """
    database = sqlite3.connect("", isolation_level=None)
    try:
        database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("PRAGMA synchronous = OFF")
        database.execute(_TABLE)
        yield MergedLedger(database)
    except sqlite3.OperationalError as error:
        hint = "free some space, or set SQLITE_TMPDIR to a folder that has some"
        raise StorageError(f"the ledgers cannot be merged: {error}", hint=hint) from error
    finally:
        database.close()


def _row(line: Line) -> tuple[str, str, int, str, bool, str, bytes]:
    source, fields, raw = line
    event = fields["event"]
    stored = event == "ended" and fields.get("outcome") == "stored"
    return fields["attempt"], event, source, fields["key"], stored, fields["at"], raw
