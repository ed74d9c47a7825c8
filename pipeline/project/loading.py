"""``project.yaml`` → ``Project``: read, checked against the models and the disk, every problem in one go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.errors import InputError, Problem, UsageError
from pipeline.project.checks import check_files, check_voices
from pipeline.project.dictionaries import DictionaryEntry, clashes, read_dictionary
from pipeline.project.encoding import read_text
from pipeline.project.engines import EngineName
from pipeline.project.fields import inside_problem
from pipeline.project.formats import OutputFormat
from pipeline.project.models import DEFAULT_VOICE, Manifest, Project
from pipeline.project.outputs import Output
from pipeline.project.sources import escapes, expand_sources
from pipeline.project.validation import validate
from pipeline.project.voices import HibariVoice, Voice
from pipeline.project.wording import did_you_mean, in_order
from pipeline.project.yaml_tree import Items, Keys, Node, Scalar, read_tree

__all__ = ["LIMIT_BYTES", "MANIFEST_NAME", "expand_sources", "is_project", "load_project"]

MANIFEST_NAME = "project.yaml"
LIMIT_BYTES = 256 * 1024
"""A manifest may be this large: some 2,000 chapters entries."""


def load_project(path: Path, *, engine: str | None = None) -> Project:
    """The project at ``path``, a folder with a ``project.yaml`` or a manifest file.

    ``engine`` is the engine of this run in place of the manifest's (``--engine``): voices are checked for it.
    Raises InputError with every problem of the manifest and its dictionaries, sorted by place, and UsageError for
    an engine that does not exist.
    """
    chosen = _engine_of_the_run(engine)
    manifest = _find_manifest(path)
    folder, shown = manifest.parent, manifest.name
    text = read_text(manifest, shown=shown, limit_bytes=LIMIT_BYTES)
    root, problems = read_tree(text, shown=shown)
    parsed, more = validate(Manifest, root, shown=shown)
    problems += more
    entries: tuple[DictionaryEntry, ...] = ()
    if isinstance(root, Keys):
        problems += check_files(root, folder, shown)
        problems += check_voices(root, chosen or _engine_in(root), shown)
        entries, more = _dictionary_entries(root, folder)
        problems += more
    if parsed is None or problems:
        raise InputError(in_order(problems, first=shown))
    return _project(parsed, manifest, chosen, entries)


def is_project(path: Path) -> bool:
    """Whether ``path`` is a manifest file or a folder with a ``project.yaml``."""
    try:
        return path.is_file() or (path / MANIFEST_NAME).is_file()
    except (OSError, ValueError):
        return False


def _engine_of_the_run(engine: str | None) -> EngineName | None:
    if engine is None:
        return None
    names = [str(name) for name in EngineName]
    if engine not in names:
        hint = did_you_mean(engine, names) or None
        raise UsageError(f"no engine is called '{engine}'; expected one of {', '.join(names)}", hint=hint)
    return EngineName(engine)


def _find_manifest(path: Path) -> Path:
    """The manifest's path in a resolved folder; its own name is kept, for messages and outputs."""
    try:
        is_folder, exists = path.is_dir(), path.exists()
    except OSError as exc:
        raise InputError([Problem(str(path), 0, 0, f"cannot be read: {exc.strerror}")]) from exc
    if is_folder:
        path = path / MANIFEST_NAME
        if not path.exists():
            others = sorted(item.name for item in path.parent.iterdir() if item.suffix in {".yaml", ".yml"})
            there = f"; there is {', '.join(others[:5])}: name the file" if others else "; `narrate init` writes one"
            raise InputError([Problem(str(path.parent), 0, 0, f"holds no {MANIFEST_NAME}{there}")])
    elif not exists:
        raise InputError([Problem(str(path), 0, 0, f"does not exist; expected a folder with a {MANIFEST_NAME}")])
    return path.parent.resolve() / path.name


def _engine_in(root: Keys) -> EngineName:
    value = root.values.get("engine")
    known = isinstance(value, Scalar) and value.text in list(EngineName)
    return EngineName(value.text) if isinstance(value, Scalar) and known else EngineName.HIBARI


def _dictionary_entries(root: Keys, folder: Path) -> tuple[tuple[DictionaryEntry, ...], list[Problem]]:
    placed, problems = [], []
    for name in _dictionary_names(root.values.get("dictionaries")):
        path = folder / name
        if inside_problem(name) is None and _is_file_inside(path, folder):
            found, more = read_dictionary(path, shown=name)
            placed += found
            problems += more
    problems += clashes(placed)
    return tuple(item.entry for item in placed), problems


def _is_file_inside(path: Path, folder: Path) -> bool:
    try:
        return path.is_file() and not escapes(folder, path)
    except OSError:
        return False  # the check of files says so at the entry's place


def _dictionary_names(node: Node | None) -> list[str]:
    items = node.items if isinstance(node, Items) else []
    return [item.text for item in items if isinstance(item, Scalar) and not item.null]


def _project(
    parsed: Manifest, manifest: Path, engine: EngineName | None, entries: tuple[DictionaryEntry, ...]
) -> Project:
    folder = manifest.parent
    values: dict[str, Any] = {name: getattr(parsed, name) for name in Manifest.model_fields if name != "schema_version"}
    values["engine"] = engine or parsed.engine
    values["outputs"] = _outputs(parsed)
    values["voices"] = parsed.voices or {DEFAULT_VOICE: Voice(hibari=HibariVoice())}
    values["cover"] = (folder / parsed.cover).resolve() if parsed.cover else None
    values["dictionaries"] = tuple((folder / path).resolve() for path in parsed.dictionaries)
    return Project(folder=folder, manifest=manifest, entries=entries, **values)


def _outputs(parsed: Manifest) -> tuple[Output, ...]:
    """The outputs, MP3 at the profile's bit rate where it asks for one and the manifest names none."""
    kbps = parsed.profile.mp3_kbps
    if kbps is None:
        return parsed.outputs
    return tuple(
        Output(format=output.format, bitrate_kbps=max(kbps, output.bitrate_kbps or 0))
        if output.format is OutputFormat.MP3
        else output
        for output in parsed.outputs
    )
