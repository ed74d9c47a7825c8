"""Immutable dictionaries at the provider: made once for what they hold, never edited, pinned by number."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Sequence

from pipeline.kugelaudio import AsyncKugelAudio, Dictionary
from pipeline.project.dictionaries import DictionaryEntry
from pipeline.script.dictionary import speaks

_DESCRIPTION = "Made by narrate for one state of a project's dictionaries; used by its number, never edited."
_Rows = list[dict[str, str | bool | None]]


class ServerDictionaries:
    """The dictionaries of one run. Safe to ask from many tasks at once."""

    def __init__(self, client: AsyncKugelAudio, project_id: int, book: Sequence[DictionaryEntry]) -> None:
        self._client = client
        self._project_id = project_id
        self._book = tuple(book)
        self._ids: dict[str, int] = {}
        self._lock = asyncio.Lock()

    async def id_for(self, entries: Sequence[DictionaryEntry], language: str) -> int:
        """The dictionary to pin for a segment to which ``entries`` apply. Raises what the API raises."""
        rows = wire_rows(pinned_entries(entries, language, self._book))
        name = dictionary_name(rows)
        async with self._lock:
            if name not in self._ids:
                self._ids[name] = await self._provided(name, rows)
            return self._ids[name]

    async def _provided(self, name: str, rows: _Rows) -> int:
        """The number of the dictionary called ``name``: the one that is there, else a new one.

        A run that was cut short may have left it empty; then its name says what belongs into it.
        """
        known = await self._client.dictionaries.list(project_id=self._project_id)
        found = min((one for one in known if one.name == name), key=_number, default=None)
        if found is None:
            found = await self._client.dictionaries.create(
                name=name, description=_DESCRIPTION, project_id=self._project_id
            )
        if found.is_active:
            # An active dictionary would apply to every request of the project that names none.
            await self._client.dictionaries.update(found.id, is_active=False, project_id=self._project_id)
        if await self._held(found.id) != rows:
            await self._client.dictionaries.entries.replace_all(found.id, rows, project_id=self._project_id)
        return found.id

    async def _held(self, dictionary_id: int) -> _Rows:
        entries = self._client.dictionaries.entries.iterate(dictionary_id, project_id=self._project_id)
        held = [
            DictionaryEntry(each.word, each.replacement, each.ipa or None, each.case_sensitive)
            async for each in entries
        ]
        return wire_rows(held)


def _number(dictionary: Dictionary) -> int:
    return dictionary.id


def pinned_entries(
    entries: Sequence[DictionaryEntry], language: str, book: Sequence[DictionaryEntry]
) -> list[DictionaryEntry]:
    """What the dictionary of a segment holds: the book's entries for its language, so that few dictionaries do.

    Where the segment has an entry that is not among them (a pronunciation that the source gives its own words), just
    the segment's.
    """
    shared = one_for_each_word([entry for entry in book if speaks(entry.language, language)])
    return shared if set(entries) <= set(shared) else one_for_each_word(entries)


def one_for_each_word(entries: Sequence[DictionaryEntry]) -> list[DictionaryEntry]:
    """The provider keeps one entry for each word: the one for the more specific language, then the one listed first."""
    chosen: dict[str, DictionaryEntry] = {}
    for entry in sorted(entries, key=_generality):
        chosen.setdefault(entry.word, entry)
    return list(chosen.values())


def _generality(entry: DictionaryEntry) -> int:
    return -len(entry.language or "")


def wire_rows(entries: Sequence[DictionaryEntry]) -> _Rows:
    """Entries as ``replace_all`` takes them, in order of their words; the language is left out (it is decided here)."""
    return [
        {
            "word": entry.word,
            "replacement": entry.replacement,
            "ipa": entry.ipa,
            "case_sensitive": entry.case_sensitive,
        }
        for entry in sorted(entries, key=_word)
    ]


def _word(entry: DictionaryEntry) -> str:
    return entry.word


def dictionary_name(rows: _Rows) -> str:
    """``narrate-`` and the hash of what the dictionary holds."""
    canonical = json.dumps(rows, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return f"narrate-{hashlib.sha256(canonical.encode()).hexdigest()[:32]}"
