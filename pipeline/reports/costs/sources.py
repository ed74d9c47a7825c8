"""Where ledgers are: those of projects, and copies from caches and other machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.project.loading import MANIFEST_NAME
from pipeline.store.layout import Layout


@dataclass(frozen=True, slots=True)
class Source:
    """One ledger file, and the name under which its attempts are reported."""

    project: str
    path: Path
    anybodys: bool = False
    """Whether nothing says of which project it is: a copy from a cache or another machine."""


def find_sources(projects: Sequence[Path], ledgers: Sequence[Path]) -> list[Source]:
    """All ledger files of ``projects`` (folders or manifests; the current folder where nothing is given) and of
    ``ledgers`` (files, or folders of ``*.jsonl``).

    An extra ledger belongs to the one project that is named, else to its own name. A file that is reached twice is
    read once. The manifest is not read: what was paid does not depend on it. Raises UsageError.
    """
    wanted = list(projects) or ([] if ledgers else [Path()])
    folders = list(dict.fromkeys(_project_folder(path) for path in wanted))
    names = _distinct_names(folders)
    sources = [Source(name, path) for folder, name in zip(folders, names, strict=True) for path in _own(folder)]
    for ledger in ledgers:
        name = names[0] if len(names) == 1 else _ledger_name(ledger)
        sources += [Source(name, path, anybodys=len(names) != 1) for path in _extra(ledger)]
    if not sources:
        shown = ", ".join(names)
        hint = "the ledger is .narration/ledger beside the manifest; `narrate costs --ledger PATH` reads a copy of one"
        raise UsageError(f"{shown}: nothing was rendered yet, there is no ledger", hint=hint)
    once: dict[Path, Source] = {}
    for source in sources:
        once.setdefault(source.path.resolve(), source)
    return list(once.values())


def own_ledgers(project: Path) -> Path:
    """Where a project (a folder or manifest) keeps its own ledgers. Raises UsageError where there is no project."""
    return _ledgers(_project_folder(project))


def _project_folder(path: Path) -> Path:
    try:
        folder = path if path.is_dir() else path.parent
        known = path.exists() and (_ledgers(folder).is_dir() or path.is_file() or (path / MANIFEST_NAME).exists())
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", hint="name a project folder") from error
    if not known:
        hint = f"expected a folder with a {MANIFEST_NAME} or a .narration/ledger; `--ledger PATH` reads a ledger alone"
        raise UsageError(f"{path}: there is no project", hint=hint)
    return folder.resolve()


def _ledgers(folder: Path) -> Path:
    return Layout(state=folder / ".narration", outputs=folder / "build").ledgers


def _own(folder: Path) -> list[Path]:
    return sorted(_ledgers(folder).glob("*.jsonl"))


def _extra(ledger: Path) -> list[Path]:
    if ledger.is_file():
        return [ledger]
    if not ledger.is_dir():
        raise UsageError(f"{ledger}: there is no ledger", hint="name a .jsonl file or a folder of them")
    found = sorted(ledger.glob("*.jsonl")) or _own(ledger) or sorted((ledger / "ledger").glob("*.jsonl"))
    if not found:
        raise UsageError(f"{ledger}: holds no .jsonl file", hint="name a .jsonl file or a folder of them")
    return found


def _ledger_name(ledger: Path) -> str:
    """A copied ``X/.narration/ledger`` is called X, anything else by its own name."""
    parts = [part for part in ledger.resolve().parts if part not in (".narration", "ledger", "/")]
    return Path(parts[-1]).stem if parts else "ledger"


def _distinct_names(folders: Sequence[Path]) -> list[str]:
    """The folders' names, with as many parents as it takes to tell them apart."""
    for depth in range(1, max((len(folder.parts) for folder in folders), default=1) + 1):
        names = ["/".join(folder.parts[-depth:]) for folder in folders]
        if len(set(names)) == len(names):
            return names
    return [str(folder) for folder in folders]
