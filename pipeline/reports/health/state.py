"""The project's folder: is there room, may it be written, who holds it, and what its ledger says."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import filelock

from pipeline.errors import NarrateError
from pipeline.project.models import Project
from pipeline.reports.estimates import counted
from pipeline.reports.health.finding import Finding, fail, ok, warn
from pipeline.store.layout import Layout
from pipeline.store.ledger import LedgerLine, read_ledger

_LEAST_BYTES, _FEW_BYTES = 200_000_000, 2_000_000_000
"""A short story's takes and outputs; a long novel's (70 MB of takes an hour, and as much again while it is made)."""
_TRIED_BYTES = 8_000_000
_SLOW_BYTES = 5_000_000
"""A second: below it storing takes holds up an embedded engine on eight cores."""
_AREA = "project"


def project_state(project: Project) -> Iterator[Finding]:
    """Disk, permission, lock, ledger."""
    layout = Layout.of(project)
    yield _room(layout)
    yield _writing(layout)
    yield _lock(layout.state)
    yield from _ledger(layout)


def _existing(folder: Path) -> Path:
    """The folder, or the nearest above it that is there: looking must not make any."""
    return next(path for path in (folder, *folder.parents) if path.is_dir())


def _room(layout: Layout) -> Finding:
    free = shutil.disk_usage(_existing(layout.state)).free
    shown = f"{free / 1e9:.1f} GB free"
    if free < _LEAST_BYTES:
        return fail(
            _AREA, "disk", shown, "make room: a render writes takes and outputs, some 150 MB for an hour of audio"
        )
    if free < _FEW_BYTES:
        return warn(_AREA, "disk", shown, "a long novel needs about 2 GB for takes and outputs")
    return ok(_AREA, "disk", shown)


def _writing(layout: Layout) -> Finding:
    folder = _existing(layout.state)
    trial = folder / f".doctor-{secrets.token_hex(4)}"
    clock = time.monotonic()
    try:
        with trial.open("xb") as file:
            file.write(os.urandom(_TRIED_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        step = f"give yourself the right to write to {folder}, or move the project to where you have it"
        return fail(_AREA, "writing", f"{folder}: {(error.strerror or str(error)).lower()}", step)
    finally:
        with contextlib.suppress(OSError):  # a read-only file system refuses this too, though nothing is there
            trial.unlink(missing_ok=True)
    speed = _TRIED_BYTES / max(time.monotonic() - clock, 1e-6)
    shown = f"{folder} can be written, {speed / 1e6:.0f} MB a second"
    if speed < _SLOW_BYTES:
        return warn(
            _AREA, "writing", shown, "a local disk is faster than a network folder; share takes by a store instead"
        )
    return ok(_AREA, "writing", shown)


def _lock(state: Path) -> Finding:
    lock = state / "lock"
    if not lock.exists():
        return ok(_AREA, "lock", "free: nothing was rendered here yet")
    try:
        with filelock.FileLock(lock, timeout=0):
            return ok(_AREA, "lock", "free")
    except filelock.Timeout:
        holder = state / "lock.holder"
        by = f" by {holder.read_text(encoding='utf-8')}" if holder.exists() else ""
        return warn(_AREA, "lock", f"held{by}", "a render is at work; another one has to wait (--wait-lock SECONDS)")
    except OSError as error:
        return fail(_AREA, "lock", f"{lock}: {(error.strerror or str(error)).lower()}", f"make {lock} writable")


def _ledger(layout: Layout) -> Iterator[Finding]:
    try:
        lines = list(read_ledger(layout.ledgers))
    except NarrateError as error:
        yield fail(_AREA, "ledger", error.message, error.hint or "restore it from a backup")
        return
    open_attempts = _open(lines)
    attempts, runs = len({line.attempt for line in lines}), len({line.run for line in lines})
    shown = f"{counted(attempts, 'attempt')} in {counted(runs, 'run')}"
    if open_attempts:
        step = "the next render settles them; `narrate costs` lists what may have been charged"
        yield warn(_AREA, "ledger", f"{shown}; {len(open_attempts):,} were cut off", step)
    else:
        yield ok(_AREA, "ledger", shown if lines else "empty: nothing was asked of an engine yet")


def _open(lines: list[LedgerLine]) -> set[str]:
    ended = {line.attempt for line in lines if line.event == "ended"}
    return {line.attempt for line in lines} - ended
