"""``takes.yaml`` beside the manifest: which take of a text is used, where it is not the first.

Written by ``narrate retake``, read by every plan, committed with the manuscript. A choice belongs to a text (by hash),
wherever the text stands: it survives edits elsewhere, and holds for every occurrence of a repeated line.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from pipeline.errors import InputError, Problem
from pipeline.project.encoding import read_text
from pipeline.project.fields import pattern, text, whole
from pipeline.project.sources import natural_key
from pipeline.project.validation import validate
from pipeline.project.wording import in_order
from pipeline.project.yaml_tree import Items, Keys, Node, Scalar, read_tree
from pipeline.store.files import storage_errors, write_atomically

TAKES_NAME = "takes.yaml"
LIMIT_BYTES = 4 * 1024 * 1024
HASH_DIGITS = 16
MOST_TAKES = 999
"""The highest number of a take: nobody listens to more."""
_EXCERPT = 60
_HEADER = """\
# Which take of a text is used, where it is not the first (take 0). Written by `narrate retake`; commit it.
# `text` is a hash of the segment's text: a choice survives edits elsewhere and ends when this text changes.
"""

_Hash = Annotated[str, pattern(f"the first {HASH_DIGITS} digits of a text's hash", rf"[0-9a-f]{{{HASH_DIGITS}}}")]
_Number = Annotated[int, whole(0, MOST_TAKES)]
_Line = Annotated[str, text(300)]


@dataclass(frozen=True, slots=True)
class ChosenTake:
    """The take of one text. ``before`` is the number that was used before the last choice, for ``--undo``.

    ``chapter`` and ``excerpt`` are for people: where the text stood when it was chosen, and how it begins.
    """

    text: str
    take: int
    before: int = 0
    chapter: str = ""
    excerpt: str = ""


ChosenTakes = Mapping[str, ChosenTake]
"""By the hash of the text."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Entry(_Part):
    text: Annotated[_Hash, Field(description="Hash of the text.")]
    take: Annotated[_Number, Field(description="The number of the take, from 0.")]
    before: Annotated[_Number, Field(description="The number before the last choice.")] = 0
    chapter: Annotated[_Line | None, Field(description="The chapter's slug, for people.")] = None
    excerpt: Annotated[_Line | None, Field(description="How the text begins, for people.")] = None


class _File(_Part):
    schema_version: Annotated[Literal[1], whole(1, 1), Field(alias="schema", description="Version of the format.")] = 1
    takes: Annotated[tuple[_Entry, ...], Field(description="The chosen takes.")] = ()


def text_hash(segment_text: str) -> str:
    """What a choice is kept under: the first 16 hexadecimal digits of SHA-256 of the text in NFC."""
    return hashlib.sha256(unicodedata.normalize("NFC", segment_text).encode()).hexdigest()[:HASH_DIGITS]


def excerpt_of(segment_text: str) -> str:
    """How a text begins, in one printable line."""
    shown = "".join(character if character.isprintable() else " " for character in segment_text)
    shown = " ".join(shown.split())
    return shown if len(shown) <= _EXCERPT else f"{shown[: _EXCERPT - 1].rstrip()}…"


def read_chosen(folder: Path) -> dict[str, ChosenTake]:
    """The choices in the ``takes.yaml`` of ``folder``; none where there is no such file.

    Raises InputError with every problem and its line: keys that are not known, numbers that are none, a text twice.
    """
    path = folder / TAKES_NAME
    if not path.exists():
        return {}
    root, problems = read_tree(read_text(path, shown=TAKES_NAME, limit_bytes=LIMIT_BYTES), shown=TAKES_NAME)
    if isinstance(root, Scalar) and root.null:
        return {}
    parsed, more = validate(_File, root, shown=TAKES_NAME)
    problems += more
    if parsed is not None:
        problems += _texts_twice(parsed, root)
    if parsed is None or problems:
        raise InputError(in_order(problems, first=TAKES_NAME))
    return {
        entry.text: ChosenTake(entry.text, entry.take, entry.before, entry.chapter or "", entry.excerpt or "")
        for entry in parsed.takes
    }


def _texts_twice(parsed: _File, root: Node) -> list[Problem]:
    first: dict[str, Node] = {}
    problems = []
    takes = root.values.get("takes") if isinstance(root, Keys) else None
    nodes = takes.items if isinstance(takes, Items) else []
    for entry, node in zip(parsed.takes, nodes, strict=True):
        before = first.setdefault(entry.text, node)
        if before is not node:
            message = f"the text {entry.text} is chosen in line {before.line} already; keep one of the two"
            problems.append(Problem(TAKES_NAME, node.line, node.column, message))
    return problems


def write_chosen(folder: Path, chosen: ChosenTakes) -> None:
    """Write ``takes.yaml``, by chapter and hash so that it merges well; none is left without a choice.

    Raises StorageError.
    """
    path = folder / TAKES_NAME
    if not chosen:
        with storage_errors(path):
            path.unlink(missing_ok=True)
        return
    entries = sorted(chosen.values(), key=lambda entry: (natural_key(entry.chapter), entry.text))
    body = "".join(_written(entry) for entry in entries)
    write_atomically(path, f"{_HEADER}schema: 1\ntakes:\n{body}".encode())


def _written(entry: ChosenTake) -> str:
    lines = [f'  - text: "{entry.text}"', f"    take: {entry.take}"]
    lines += [f"    before: {entry.before}"] if entry.before else []
    # A string in JSON is a double-quoted scalar in YAML.
    lines += [
        f"    {name}: {json.dumps(value, ensure_ascii=False)}"
        for name, value in (("chapter", entry.chapter), ("excerpt", entry.excerpt))
        if value
    ]
    return "".join(f"{line}\n" for line in lines)
