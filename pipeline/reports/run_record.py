"""``build/run.json``: what a run came to, and what every output was made from (README, "Results for machines")."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import orjson
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, ValidationError

from pipeline.assembly.sound import Sound
from pipeline.store.files import storage_errors, write_atomically

RUN_FILE = "run.json"

_Cents = Annotated[Decimal, PlainSerializer(str, return_type=str, when_used="json")]

RunStatus: TypeAlias = Literal["done", "failed", "stopped", "interrupted"]


class FileRecord(BaseModel):
    """An output: ``inputs`` is the digest of all that went into it, so that a run knows it is current; ``sound`` is
    what was measured of it under a delivery profile."""

    model_config = ConfigDict(frozen=True)

    path: str
    kind: str
    chapter: str | None = None
    size_bytes: int
    sha256: str
    inputs: str
    sound: Sound | None = None


class RunRecord(BaseModel):
    """One run of ``narrate render``. ``inputs`` is the digest of all that its outputs depend on, empty where only some
    chapters were wanted; ``stale`` lists outputs in the folder that are older than the manuscript.

    ``spent_cents`` are the charges that are known; ``reserved_cents`` is what the ``unknown_charges`` may come to."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_: Annotated[Literal[1], Field(alias="schema")] = 1
    run: str
    narrate: str
    started: str
    ended: str
    status: RunStatus
    exit_code: int
    engine: str
    provider: str
    model: str
    inputs: str
    chapters: int
    chapters_whole: int
    segments: int
    takes_made: int
    takes_reused: int
    segments_failed: int
    audio_seconds: float
    wall_seconds: float
    spent_cents: _Cents = Decimal(0)
    reserved_cents: _Cents = Decimal(0)
    unknown_charges: int = 0
    caption_violations: dict[str, int] = {}
    files: tuple[FileRecord, ...] = ()
    stale: tuple[str, ...] = ()


def read_run_record(out: Path) -> RunRecord | None:
    """The last run's record; None where there is none or it cannot be read (then everything is made again)."""
    try:
        return RunRecord.model_validate_json((out / RUN_FILE).read_bytes())
    except (OSError, ValidationError):
        return None


def write_run_record(out: Path, record: RunRecord) -> None:
    """Write ``run.json``. Raises StorageError."""
    document = record.model_dump(mode="json", by_alias=True)
    write_atomically(out / RUN_FILE, orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def is_current(record: FileRecord | None, out: Path, inputs: str) -> bool:
    """Whether the recorded output was made from ``inputs`` and still has its size."""
    if record is None or record.inputs != inputs:
        return False
    try:
        return (out / record.path).stat().st_size == record.size_bytes
    except FileNotFoundError:
        return False


def file_record(
    out: Path, path: str, kind: str, chapter: str | None, inputs: str, sound: Sound | None = None
) -> FileRecord:
    """Record an output that was just written."""
    with (out / path).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.tell()
    return FileRecord(path=path, kind=kind, chapter=chapter, size_bytes=size, sha256=digest, inputs=inputs, sound=sound)


def remove_outputs(out: Path) -> int:
    """Remove the outputs that ``run.json`` names, and it; anything else is left alone. Raises StorageError."""
    record = read_run_record(out)
    if record is None:
        return 0
    named = [*(file.path for file in record.files), *record.stale]
    paths = [path for path in named if (out / path).resolve().is_relative_to(out.resolve())]
    with storage_errors(out):
        for path in [*paths, RUN_FILE]:
            (out / path).unlink(missing_ok=True)
        folders = {out / parent for path in paths for parent in Path(path).parents}
        for folder in sorted(folders, key=lambda each: len(each.parts), reverse=True):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
    return len(paths)
