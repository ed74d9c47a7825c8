"""A project's dictionary files beside the dictionaries of the same name that people keep at the provider.

These are other dictionaries than those that renders pin (``narrate-…``), which nobody edits. A file ``names.yaml`` is
``names`` there, once for each language of its entries, since the provider gives a dictionary one language.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.engines.kugelaudio.server_dictionaries import one_for_each_word, wire_rows
from pipeline.kugelaudio import Dictionary, KugelAudio
from pipeline.project.dictionaries import DictionaryEntry

_Key = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Difference:
    """What two sets of entries do not share; ``changed`` are pairs of here and there."""

    only_here: tuple[DictionaryEntry, ...]
    only_there: tuple[DictionaryEntry, ...]
    changed: tuple[tuple[DictionaryEntry, DictionaryEntry], ...]

    def __bool__(self) -> bool:
        return bool(self.only_here or self.only_there or self.changed)


def difference(here: Sequence[DictionaryEntry], there: Sequence[DictionaryEntry]) -> Difference:
    """Compare entries by word and language."""
    ours, theirs = _by_key(here), _by_key(there)
    return Difference(
        only_here=tuple(entry for key, entry in ours.items() if key not in theirs),
        only_there=tuple(entry for key, entry in theirs.items() if key not in ours),
        changed=tuple((entry, theirs[key]) for key, entry in ours.items() if key in theirs and theirs[key] != entry),
    )


def _by_key(entries: Sequence[DictionaryEntry]) -> dict[_Key, DictionaryEntry]:
    found: dict[_Key, DictionaryEntry] = {}
    for entry in entries:
        found.setdefault((entry.word, entry.language), entry)
    return found


def merged(here: Sequence[DictionaryEntry], there: Sequence[DictionaryEntry]) -> list[DictionaryEntry]:
    """The entries of ``there``, in the order of ``here`` as far as it has them."""
    places = {key: place for place, key in enumerate(_by_key(here))}
    return sorted(
        _by_key(there).values(), key=lambda entry: (places.get((entry.word, entry.language), len(places)), entry.word)
    )


def fetch(client: KugelAudio, name: str, project_id: int | None) -> list[DictionaryEntry]:
    """The entries of every dictionary called ``name``, each with its dictionary's language."""
    entries = []
    for dictionary in _called(client, name, project_id):
        for row in client.dictionaries.entries.iterate(dictionary.id, project_id=project_id):
            entry = DictionaryEntry(
                row.word, row.replacement, row.ipa or None, row.case_sensitive, dictionary.language or None
            )
            entries.append(entry)
    return entries


def send(client: KugelAudio, name: str, project_id: int | None, entries: Sequence[DictionaryEntry]) -> int:
    """Make the dictionaries called ``name`` hold exactly these entries; returns how many they hold."""
    known = {dictionary.language or None: dictionary for dictionary in _called(client, name, project_id)}
    total = 0
    for language, wanted in _by_language(entries, known).items():
        there = known.get(language) or client.dictionaries.create(name=name, language=language, project_id=project_id)
        rows = wire_rows(one_for_each_word(wanted))
        total += client.dictionaries.entries.replace_all(there.id, rows, project_id=project_id).total
    return total


def _by_language(
    entries: Sequence[DictionaryEntry], known: Mapping[str | None, Dictionary]
) -> dict[str | None, list[DictionaryEntry]]:
    """Entries by language; a language of ``known`` without any is emptied."""
    wanted: dict[str | None, list[DictionaryEntry]] = {language: [] for language in known}
    for entry in entries:
        wanted.setdefault(entry.language, []).append(replace(entry, language=None))
    return wanted


def _called(client: KugelAudio, name: str, project_id: int | None) -> Iterator[Dictionary]:
    return (each for each in client.dictionaries.list(project_id=project_id) if each.name == name)
