"""Writing dictionary files, for entries that come from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path

import yaml

from pipeline.project.dictionaries import DictionaryEntry, load_dictionary
from pipeline.store.files import replacing


def write_dictionary(path: Path, entries: Sequence[DictionaryEntry]) -> None:
    """Make the file at ``path`` hold these entries; of its comments those at its head are kept.

    Raises InputError, and leaves the file as it is, where an entry is not fit for a dictionary; StorageError.
    """
    head = "".join(_head(path))
    rows = yaml.safe_dump({"entries": [*map(_row, entries)]}, allow_unicode=True, sort_keys=False, width=10_000)
    with replacing(path) as temporary:
        temporary.write_text(head + rows, encoding="utf-8", newline="\n")
        load_dictionary(temporary, shown=path.name)


def _head(path: Path) -> Iterator[str]:
    if not path.exists():
        return iter(())
    lines = path.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    return takewhile(lambda line: line.startswith("#") or not line.strip(), lines)


def _row(entry: DictionaryEntry) -> dict[str, str | bool]:
    row: dict[str, str | bool] = {"word": entry.word, "replacement": entry.replacement}
    if entry.ipa is not None:
        row["ipa"] = entry.ipa
    if entry.case_sensitive:
        row["case_sensitive"] = True
    if entry.language is not None:
        row["language"] = entry.language
    return row
