"""Pronunciation dictionaries: how a word is to be said."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pipeline.errors import InputError, Problem
from pipeline.project.encoding import read_text
from pipeline.project.fields import flag, language, text, whole
from pipeline.project.validation import validate
from pipeline.project.wording import in_order
from pipeline.project.yaml_tree import Items, Keys, Node, read_tree

LIMIT_BYTES = 4 * 1024 * 1024
"""A dictionary file may be this large: some 40,000 entries."""

_Word = Annotated[str, text(200)]
_Replacement = Annotated[str, text(1000)]
_Language = Annotated[str, language()]
_Flag = Annotated[bool, flag()]


@dataclass(frozen=True, slots=True, order=True)
class DictionaryEntry:
    """One entry: where ``word`` stands in the text, say ``replacement``, or ``ipa`` where the engine can (IPA wins).

    ``language`` limits the entry to text in that language (BCP 47; None: any). Limits as the KugelAudio API
    has them: word 1-200 characters, replacement 1-1000, IPA up to 200.
    """

    word: str
    replacement: str
    ipa: str | None = None
    case_sensitive: bool = False
    language: str | None = None


@dataclass(frozen=True, slots=True)
class PlacedEntry:
    """An entry and the line where it stands, so that a clash can name both places."""

    entry: DictionaryEntry
    file: str
    line: int
    column: int


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _FileEntry(_Part):
    word: Annotated[_Word, Field(description="The word as the manuscript has it.")]
    replacement: Annotated[_Replacement | None, Field(description="What is said instead; absent: the word.")] = None
    ipa: Annotated[_Word | None, Field(description="The pronunciation in IPA; wins where the engine takes it.")] = None
    case_sensitive: Annotated[_Flag, Field(description="Whether capitals must agree.")] = False
    language: Annotated[_Language | None, Field(description="Only in text of this language.")] = None


class _File(_Part):
    schema_version: Annotated[Literal[1], whole(1, 1), Field(alias="schema", description="Version of the format.")] = 1
    entries: Annotated[
        tuple[_FileEntry, ...],
        BeforeValidator(lambda value: () if value is None else value),  # nothing written below the key yet
        Field(description="The words, each with its pronunciation."),
    ]


def load_dictionary(path: Path, *, shown: str | None = None) -> tuple[DictionaryEntry, ...]:
    """The entries of a dictionary file, in their order. ``shown`` is the file's name in messages.

    Raises InputError with every problem of the file, each with its line; a word that is given twice for the same
    language names both.
    """
    name = shown or path.name
    placed, problems = read_dictionary(path, shown=name)
    problems = [*problems, *clashes(placed)]
    if problems:
        raise InputError(in_order(problems, first=name))
    return tuple(item.entry for item in placed)


def read_dictionary(path: Path, *, shown: str) -> tuple[list[PlacedEntry], list[Problem]]:
    """The entries of a file with their places, and its problems; no check for words given twice."""
    try:
        content = read_text(path, shown=shown, limit_bytes=LIMIT_BYTES)
        root, problems = read_tree(content, shown=shown)
    except InputError as exc:
        return [], list(exc.problems)
    parsed, more = validate(_File, root, shown=shown)
    problems += more
    if parsed is None:
        return [], problems
    problems += _entries_that_say_nothing(parsed, root, shown)
    nodes = _entry_nodes(root)
    placed = [
        PlacedEntry(_entry(item), shown, node.line, node.column)
        for item, node in zip(parsed.entries, nodes, strict=True)
    ]
    return placed, problems


def clashes(placed: list[PlacedEntry]) -> list[Problem]:
    """Words that are given twice for the same language and case, in one file or in several."""
    first: dict[tuple[str, str | None, bool], PlacedEntry] = {}
    problems = []
    for item in placed:
        entry = item.entry
        word = entry.word if entry.case_sensitive else entry.word.casefold()
        before = first.setdefault((word, entry.language, entry.case_sensitive), item)
        if before is not item:
            where = f"line {before.line}" if before.file == item.file else f"{before.file}:{before.line}"
            message = f"'{entry.word}' is given twice (first in {where}); expected each word once per language"
            problems.append(Problem(item.file, item.line, item.column, message))
    return problems


def _entry(item: _FileEntry) -> DictionaryEntry:
    return DictionaryEntry(item.word, item.replacement or item.word, item.ipa, item.case_sensitive, item.language)


def _entry_nodes(root: Node) -> list[Node]:
    entries = root.values.get("entries") if isinstance(root, Keys) else None
    return entries.items if isinstance(entries, Items) else []


def _entries_that_say_nothing(parsed: _File, root: Node, shown: str) -> list[Problem]:
    problems = []
    for index, (item, node) in enumerate(zip(parsed.entries, _entry_nodes(root), strict=True)):
        same = item.replacement is None or unicodedata.normalize("NFC", item.replacement) == item.word
        if same and item.ipa is None:
            message = f"entries[{index}]: '{item.word}' changes nothing; expected a replacement or ipa"
            problems.append(Problem(shown, node.line, node.column, message))
    return problems
