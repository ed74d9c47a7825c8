"""Whether a run has nothing to do, told without reading the manuscript: a novel's second render takes no second.

A run's record keeps a digest of everything its outputs depend on. While that digest stands, every output has its size
and no take has gone that they were made from, there is nothing that a run would do.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
from decimal import Decimal
from pathlib import Path

import orjson

import pipeline
from pipeline.project.engines import EngineName
from pipeline.project.loading import expand_sources, load_project
from pipeline.project.models import Project
from pipeline.reports.outcome import Outcome
from pipeline.reports.run_record import RunRecord, is_current, read_run_record
from pipeline.reports.timeline_json import chapters_written
from pipeline.store.chosen_takes import TAKES_NAME
from pipeline.store.layout import Layout
from pipeline.store.takes import TakeStore

_DECIDING = (
    *("av", "ebooklib", "espeakng-loader", "hibari-tts", "lxml", "markdown-it-py", "mdit-py-plugins", "numpy"),
    *("onnxruntime", "pydub", "scipy", "sentencex"),
)
"""Packages whose release can change what is read, spoken or written."""


def nothing_to_do(path: Path, *, engine: str | None, out: Path | None) -> Outcome | None:
    """What a render comes to where the last one did all there is to do; None where it has to be run.

    Raises InputError. A paid engine is always asked: which provider answers is not in the manifest.
    """
    project = load_project(path, engine=engine)
    if project.engine is EngineName.KUGELAUDIO:
        return None
    folder = out or Layout.of(project).outputs
    record = unchanged_run(folder, inputs_digest(project))
    if record is None or not _takes_are_there(folder, Layout.of(project).takes):
        return None
    takes = record.takes_made + record.takes_reused
    free = {"spent_cents": Decimal(0), "reserved_cents": Decimal(0), "unknown_charges": 0}
    record = record.model_copy(update={**free, "takes_made": 0, "takes_reused": takes, "wall_seconds": 0.0})
    return Outcome(project, folder, record, nothing_to_do=True, error=None)


def inputs_digest(project: Project) -> str:
    """Digest of all that the outputs depend on: manifest, manuscript, dictionaries, cover, chosen takes, engine, this
    package and the packages that decide bytes.

    Raises InputError where a source is missing.
    """
    sources = [path for entry in project.chapters for path in expand_sources(project, entry)]
    chosen = project.folder / TAKES_NAME
    files = [*sources, *([project.cover] if project.cover else []), *([chosen] if chosen.exists() else [])]
    content = [
        project.model_dump(mode="json"),
        [
            [path.relative_to(project.folder).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest()]
            for path in files
        ],
        [_version(name) for name in _DECIDING],
        _own_code(),
    ]
    return hashlib.sha256(orjson.dumps(content)).hexdigest()


def unchanged_run(out: Path, digest: str) -> RunRecord | None:
    """The record of the last run where its outputs still stand for ``digest``, else None."""
    record = read_run_record(out)
    if record is None or record.inputs != digest or record.status != "done" or record.stale:
        return None
    whole = record.chapters == record.chapters_whole
    return record if whole and all(is_current(file, out, file.inputs) for file in record.files) else None


def _takes_are_there(out: Path, takes: TakeStore) -> bool:
    """Whether every take of the book is still stored, by its files: a plan that lacks one would make it again."""
    try:
        keys = {clip["key"] for chapter in chapters_written(out / "timeline.json") for clip in chapter["clips"]}
    except (OSError, ValueError, KeyError, TypeError):
        return False  # the run that follows says what is wrong with it
    return all(takes.audio_path(key).exists() and takes.sidecar_path(key).exists() for key in keys)


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None  # an extra that is not installed


def _own_code() -> list[list[str | int]]:
    """This package's files by size and time: a changed checkout is never mistaken for the one that rendered."""
    root = Path(pipeline.__file__).parent
    stats = ((path.relative_to(root).as_posix(), path.stat()) for path in sorted(root.rglob("*.py")))
    return [[name, stat.st_size, stat.st_mtime_ns] for name, stat in stats]
