"""Ledgers between a project and its store. They only grow: what two machines have is put together, never replaced."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from pipeline.store.files import storage_errors, write_atomically
from pipeline.store.shared.names import ledger_folder
from pipeline.store.shared.remote import Remote


def merged(ours: bytes, theirs: bytes) -> bytes:
    """Both ledgers of one run: every whole line once, ours first."""
    lines = dict.fromkeys(line for line in ours.split(b"\n")[:-1] if line)
    lines.update(dict.fromkeys(line for line in theirs.split(b"\n")[:-1] if line))
    return b"".join(line + b"\n" for line in lines)


def push_ledger(remote: Remote, project: str, path: Path) -> bool:
    """Add to the store what it lacks of one run's ledger; whether it lacked anything. Raises StorageError."""
    if not path.exists():
        return False
    with storage_errors(path):
        ours = path.read_bytes()
    name = f"{ledger_folder(project)}/{path.name}"
    theirs = remote.read(name) or b""
    both = merged(theirs, ours)
    if both == theirs:
        return False
    remote.write(name, both)
    return True


def push_ledgers(remote: Remote, project: str, folder: Path) -> int:
    """Send every ledger of which the store has less; how many were sent. Raises StorageError."""
    sizes = {entry.name.rpartition("/")[2]: entry.size_bytes for entry in remote.entries(ledger_folder(project))}
    sent = 0
    for path in sorted(folder.glob("*.jsonl")):
        if sizes.get(path.name) != path.stat().st_size:
            sent += push_ledger(remote, project, path)
    return sent


def pull_ledgers(remote: Remote, project: str, folder: Path, *, but: Collection[str] = ()) -> int:
    """Bring here what other machines wrote; how many ledgers grew. Runs named in ``but`` are left where they are.

    Raises StorageError.
    """
    grown = 0
    for entry in remote.entries(ledger_folder(project)):
        path = folder / entry.name.rpartition("/")[2]
        if path.suffix != ".jsonl" or path.stem in but:
            continue
        if path.exists() and path.stat().st_size == entry.size_bytes:
            continue
        ours, theirs = path.read_bytes() if path.exists() else b"", remote.read(entry.name) or b""
        both = merged(ours, theirs)
        if both != ours:
            write_atomically(path, both)
            grown += 1
    return grown
