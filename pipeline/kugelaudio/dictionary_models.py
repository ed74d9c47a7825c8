"""Pronunciation dictionaries and their entries."""

from __future__ import annotations

from pipeline.kugelaudio.fields import ApiModel, Flag


class Dictionary(ApiModel):
    """A dictionary of a project; inactive ones apply only where a request names them."""

    id: int
    project_id: int
    name: str
    description: str | None = None
    language: str | None = None
    is_active: Flag = True
    created_at: str | None = None
    updated_at: str | None = None


class DictionaryEntry(ApiModel):
    """A word and what is said for it; ``ipa`` wins over ``replacement``."""

    id: int
    dictionary_id: int
    word: str
    replacement: str
    ipa: str | None = None
    case_sensitive: Flag = False
    created_at: str | None = None
    updated_at: str | None = None


class DictionaryEntryList(ApiModel):
    """One page of entries; ``total`` counts all that match."""

    entries: list[DictionaryEntry]
    total: int
    limit: int
    offset: int


class BulkReplaceResult(ApiModel):
    """What replacing every entry did."""

    upserted: int
    deleted: int
    total: int


class DeletedResponse(ApiModel):
    """The answer to a deletion."""

    deleted: Flag = True
