"""Calls about dictionaries and their entries.

``project_id`` is needed only with a key that serves several projects.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.kugelaudio.dictionary_models import BulkReplaceResult, Dictionary, DictionaryEntry, DictionaryEntryList
from pipeline.kugelaudio.fields import ApiModel
from pipeline.kugelaudio.rest.call import Call, given, nothing, reader


class _Dictionaries(ApiModel):
    dictionaries: list[Dictionary]


_list = reader(_Dictionaries)
_dictionary = reader(Dictionary)
_entry = reader(DictionaryEntry)
_entries = reader(DictionaryEntryList)
_replaced = reader(BulkReplaceResult)


def list_dictionaries(*, project_id: int | None = None) -> Call[list[Dictionary]]:
    """List the dictionaries of the project."""
    return Call("GET", "/v1/dictionaries", lambda body: _list(body).dictionaries, given(project_id=project_id))


def create_dictionary(
    *, name: str, description: str | None = None, language: str | None = None, project_id: int | None = None
) -> Call[Dictionary]:
    """Create a dictionary, active and empty; without ``language`` it serves all."""
    body = given(name=name, description=description, language=language)
    return Call("POST", "/v1/dictionaries", _dictionary, given(project_id=project_id), body)


def get_dictionary(dictionary_id: int, *, project_id: int | None = None) -> Call[Dictionary]:
    """Fetch one dictionary."""
    return Call("GET", f"/v1/dictionaries/{dictionary_id}", _dictionary, given(project_id=project_id))


def update_dictionary(
    dictionary_id: int,
    *,
    name: str | None = None,
    description: str | None = None,
    language: str | None = None,
    is_active: bool | None = None,
    project_id: int | None = None,
) -> Call[Dictionary]:
    """Change what is given of a dictionary."""
    body = given(name=name, description=description, language=language, is_active=is_active)
    return Call("PATCH", f"/v1/dictionaries/{dictionary_id}", _dictionary, given(project_id=project_id), body)


def delete_dictionary(dictionary_id: int, *, project_id: int | None = None) -> Call[None]:
    """Delete a dictionary with its entries."""
    return Call("DELETE", f"/v1/dictionaries/{dictionary_id}", nothing, given(project_id=project_id))


def list_entries(
    dictionary_id: int,
    *,
    search: str | None = None,
    limit: int = 100,
    offset: int = 0,
    project_id: int | None = None,
) -> Call[DictionaryEntryList]:
    """List one page of entries whose word contains ``search``; ``limit`` is at most 500."""
    query = given(limit=limit, offset=offset, search=search, project_id=project_id)
    return Call("GET", _path(dictionary_id), _entries, query)


def add_entry(
    dictionary_id: int,
    *,
    word: str,
    replacement: str,
    ipa: str | None = None,
    case_sensitive: bool = False,
    project_id: int | None = None,
) -> Call[DictionaryEntry]:
    """Add an entry."""
    body = given(word=word, replacement=replacement, ipa=ipa, case_sensitive=case_sensitive)
    return Call("POST", _path(dictionary_id), _entry, given(project_id=project_id), body)


def update_entry(
    dictionary_id: int,
    entry_id: int,
    *,
    word: str | None = None,
    replacement: str | None = None,
    ipa: str | None = None,
    case_sensitive: bool | None = None,
    project_id: int | None = None,
) -> Call[DictionaryEntry]:
    """Change what is given of an entry."""
    body = given(word=word, replacement=replacement, ipa=ipa, case_sensitive=case_sensitive)
    return Call("PATCH", _path(dictionary_id, entry_id), _entry, given(project_id=project_id), body)


def delete_entry(dictionary_id: int, entry_id: int, *, project_id: int | None = None) -> Call[None]:
    """Delete an entry."""
    return Call("DELETE", _path(dictionary_id, entry_id), nothing, given(project_id=project_id))


def replace_entries(
    dictionary_id: int, entries: Iterable[Mapping[str, Any]], *, project_id: int | None = None
) -> Call[BulkReplaceResult]:
    """Make the dictionary hold exactly these entries ``{word, replacement, ipa?, case_sensitive?}``, atomically."""
    body = {"entries": [dict(entry) for entry in entries]}
    return Call("PUT", _path(dictionary_id), _replaced, given(project_id=project_id), body)


def _path(dictionary_id: int, entry_id: int | None = None) -> str:
    path = f"/v1/dictionaries/{dictionary_id}/entries"
    return path if entry_id is None else f"{path}/{entry_id}"
