"""The server's memory: SQLite, in a file that survives restarts or in the process."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from pipeline.errors import StorageError

FILE_NAME = "server.sqlite3"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS organisations (id TEXT PRIMARY KEY, tier INTEGER NOT NULL, wallet_cents TEXT);
CREATE TABLE IF NOT EXISTS keys (key TEXT PRIMARY KEY, organisation TEXT NOT NULL, state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS voices (
    id INTEGER PRIMARY KEY AUTOINCREMENT, organisation TEXT, handle TEXT, pitch REAL NOT NULL, fields TEXT NOT NULL,
    sample BLOB);
CREATE TABLE IF NOT EXISTS voice_references (
    id INTEGER PRIMARY KEY AUTOINCREMENT, voice_id INTEGER NOT NULL REFERENCES voices ON DELETE CASCADE,
    name TEXT NOT NULL, reference_text TEXT NOT NULL, audio BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS dictionaries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, organisation TEXT NOT NULL, project_id INTEGER NOT NULL, name TEXT NOT NULL,
    description TEXT, language TEXT, is_active INTEGER NOT NULL DEFAULT 1, created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, dictionary_id INTEGER NOT NULL REFERENCES dictionaries ON DELETE CASCADE,
    word TEXT NOT NULL, replacement TEXT NOT NULL, ipa TEXT, case_sensitive INTEGER NOT NULL, created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL, UNIQUE (dictionary_id, word));
CREATE TABLE IF NOT EXISTS books (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, request_id TEXT NOT NULL, key TEXT NOT NULL,
    organisation TEXT NOT NULL, route TEXT NOT NULL, model_id TEXT, voice_id INTEGER, text_sha256 TEXT NOT NULL,
    characters INTEGER NOT NULL, audio_seconds TEXT NOT NULL, cents TEXT NOT NULL, outcome TEXT NOT NULL,
    error_code TEXT, fault TEXT);
"""


class Database:
    """One SQLite connection, used from the server's event loop only."""

    def __init__(self, folder: Path | None) -> None:
        """Open the state in ``folder`` (None: in memory). Raises StorageError where it cannot be written."""
        self.lasting = folder is not None
        """Whether the state outlives the process."""
        try:
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
            self.connection = sqlite3.connect(
                folder / FILE_NAME if folder is not None else ":memory:",
                isolation_level=None,
                check_same_thread=False,
            )
            self.connection.row_factory = sqlite3.Row
            if folder is not None:
                self.connection.execute("PRAGMA journal_mode = WAL")
            self.connection.execute("PRAGMA synchronous = NORMAL")
            self.connection.execute("PRAGMA foreign_keys = ON")
            self.connection.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise StorageError(
                f"the server's state cannot be kept in {folder}: {error}", hint="give --state another folder"
            ) from error
        self.server_id = self._server_id()

    def _server_id(self) -> str:
        """What tells this server's takes from another's: made once, kept with the state."""
        self.connection.execute("INSERT OR IGNORE INTO meta VALUES ('server_id', ?)", (uuid4().hex,))
        row = self.connection.execute("SELECT value FROM meta WHERE name = 'server_id'").fetchone()
        return str(row["value"])

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def close(self) -> None:
        """Close the connection; a state in memory is gone."""
        self.connection.close()
