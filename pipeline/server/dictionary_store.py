"""Pronunciation dictionaries and their entries, by organisation and project."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from pipeline.project.dictionaries import DictionaryEntry
from pipeline.script.dictionary import speaks
from pipeline.server.api_errors import invalid, not_found
from pipeline.server.bodies import LARGEST_ID, CreateDictionary, EntryBody
from pipeline.server.clock import utc_now
from pipeline.server.storage import Database

DEFAULT_PROJECT = 1
"""The project that a key belongs to where none is named."""


class DictionaryStore:
    """The tables ``dictionaries`` and ``entries``. Every call names the organisation: others' rows are not found."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._db = database.connection

    def dictionaries(self, organisation: str, project_id: int | None) -> list[dict[str, object]]:
        """The project's dictionaries, oldest first."""
        rows = self._db.execute(
            "SELECT * FROM dictionaries WHERE organisation = ? AND project_id = ? ORDER BY id",
            (organisation, DEFAULT_PROJECT if project_id is None else project_id),
        )
        return [_dictionary(row) for row in rows]

    def dictionary(self, organisation: str, project_id: int | None, dictionary_id: int) -> dict[str, object]:
        """One dictionary. Raises ApiError 404."""
        row = self._db.execute(
            "SELECT * FROM dictionaries WHERE id = ? AND organisation = ?", (dictionary_id, organisation)
        ).fetchone()
        if row is None or (project_id is not None and row["project_id"] != project_id):
            raise not_found(f"Dictionary {dictionary_id}")
        return _dictionary(row)

    def create(self, organisation: str, project_id: int | None, body: CreateDictionary) -> dict[str, object]:
        """Make an empty, active dictionary."""
        now = utc_now()
        project = DEFAULT_PROJECT if project_id is None else project_id
        cursor = self._db.execute(
            "INSERT INTO dictionaries (organisation, project_id, name, description, language, created_at, updated_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (organisation, project, body.name, body.description, body.language, now, now),
        )
        return self.dictionary(organisation, project, int(cursor.lastrowid or 0))

    def update(self, dictionary_id: int, changes: Mapping[str, object]) -> None:
        """Change the given fields (names of columns, as the body's model has them)."""
        _update(self._db, "dictionaries", dictionary_id, changes)

    def delete(self, dictionary_id: int) -> None:
        """Delete a dictionary with its entries."""
        self._db.execute("DELETE FROM dictionaries WHERE id = ?", (dictionary_id,))

    def entries(
        self, dictionary_id: int, search: str | None, limit: int, offset: int
    ) -> tuple[list[dict[str, object]], int]:
        """A page of entries in order of their words, and how many there are; ``search`` is a part of the word."""
        rows = self._db.execute(
            "SELECT * FROM entries WHERE dictionary_id = ? ORDER BY word COLLATE NOCASE, id", (dictionary_id,)
        ).fetchall()
        wanted = (search or "").casefold()
        found = [_entry(row) for row in rows if wanted in row["word"].casefold()]
        return found[offset : offset + limit], len(found)

    def entry(self, dictionary_id: int, entry_id: int) -> dict[str, object]:
        """One entry. Raises ApiError 404."""
        row = self._db.execute(
            "SELECT * FROM entries WHERE id = ? AND dictionary_id = ?", (entry_id, dictionary_id)
        ).fetchone()
        if row is None:
            raise not_found(f"Entry {entry_id}")
        return _entry(row)

    def add(self, dictionary_id: int, body: EntryBody) -> dict[str, object]:
        """Add an entry. Raises ApiError 400 where the word has one."""
        try:
            return self.entry(dictionary_id, _insert(self._db, dictionary_id, body, utc_now()))
        except sqlite3.IntegrityError as error:
            raise invalid(f"The word {body.word!r} already has an entry") from error

    def change(self, dictionary_id: int, entry_id: int, changes: Mapping[str, object]) -> dict[str, object]:
        """Change the given fields of an entry. Raises ApiError 400 where another entry has the word."""
        try:
            _update(self._db, "entries", entry_id, changes)
        except sqlite3.IntegrityError as error:
            raise invalid(f"The word {changes.get('word')!r} already has an entry") from error
        return self.entry(dictionary_id, entry_id)

    def remove(self, entry_id: int) -> None:
        """Delete an entry."""
        self._db.execute("DELETE FROM entries WHERE id = ?", (entry_id,))

    def replace_all(self, dictionary_id: int, bodies: Sequence[EntryBody]) -> dict[str, int]:
        """Put these entries in the place of all others, at once; of a word given twice the last counts."""
        wanted = {body.word: body for body in bodies}
        now = utc_now()
        with self._database.transaction() as db:
            rows = db.execute("SELECT id, word FROM entries WHERE dictionary_id = ?", (dictionary_id,)).fetchall()
            known = {row["word"]: row["id"] for row in rows}
            gone = [(entry_id,) for word, entry_id in known.items() if word not in wanted]
            db.executemany("DELETE FROM entries WHERE id = ?", gone)
            for word, body in wanted.items():
                if word in known:
                    _update(db, "entries", known[word], body.model_dump())
                else:
                    _insert(db, dictionary_id, body, now)
        return {"upserted": len(wanted), "deleted": len(gone), "total": len(wanted)}

    def applying(
        self, organisation: str, project_id: int | None, dictionary_ids: Sequence[int] | None, language: str
    ) -> tuple[DictionaryEntry, ...]:
        """The entries for one request (KugelAudio API, "WebSockets").

        No project: none. ``dictionary_ids`` absent: those of the project's active dictionaries that speak the
        language; empty: none; a list: exactly those, active or not, in any language. Raises ApiError 400 for a list
        without a project, 404 for a dictionary that the project has not.
        """
        if project_id is None:
            if dictionary_ids:
                raise invalid("dictionary_ids needs project_id")
            return ()
        if any(abs(number) > LARGEST_ID for number in (project_id, *(dictionary_ids or ()))):
            raise not_found("Dictionary")
        if dictionary_ids is None:
            chosen = [
                one
                for one in self.dictionaries(organisation, project_id)
                if one["is_active"] and speaks(_tag(one["language"]), language)
            ]
        else:
            chosen = [self.dictionary(organisation, project_id, wanted) for wanted in dictionary_ids]
        return tuple(entry for one in chosen for entry in self._spoken(one["id"]))

    def _spoken(self, dictionary_id: object) -> list[DictionaryEntry]:
        rows = self._db.execute("SELECT * FROM entries WHERE dictionary_id = ? ORDER BY id", (dictionary_id,))
        return [
            DictionaryEntry(row["word"], row["replacement"], row["ipa"] or None, bool(row["case_sensitive"]))
            for row in rows
        ]


def _tag(language: object) -> str | None:
    return str(language) if language else None


def _insert(db: sqlite3.Connection, dictionary_id: int, body: EntryBody, now: str) -> int:
    cursor = db.execute(
        "INSERT INTO entries (dictionary_id, word, replacement, ipa, case_sensitive, created_at, updated_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (dictionary_id, body.word, body.replacement, body.ipa, body.case_sensitive, now, now),
    )
    return int(cursor.lastrowid or 0)


def _update(db: sqlite3.Connection, table: str, row_id: int, changes: Mapping[str, object]) -> None:
    assignments = ", ".join(f"{name} = ?" for name in [*changes, "updated_at"])
    # the names are those of a pydantic model's fields, never the caller's
    db.execute(f"UPDATE {table} SET {assignments} WHERE id = ?", (*changes.values(), utc_now(), row_id))  # noqa: S608


def _dictionary(row: sqlite3.Row) -> dict[str, object]:
    fields = {name: row[name] for name in row.keys() if name != "organisation"}  # noqa: SIM118 - a Row iterates values
    return {**fields, "is_active": bool(row["is_active"])}


def _entry(row: sqlite3.Row) -> dict[str, object]:
    return {**dict(row), "case_sensitive": bool(row["case_sensitive"])}
