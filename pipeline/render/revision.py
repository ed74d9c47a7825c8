"""Which state of the manuscript a run rendered, as git names it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SECONDS = 10.0


def git_revision(folder: Path) -> str | None:
    """The commit that is checked out in ``folder``, with ``-dirty`` behind it where tracked files of the folder differ.

    None outside a repository, before its first commit, without git.
    """
    if not any((parent / ".git").exists() for parent in [folder.resolve(), *folder.resolve().parents]):
        return None
    commit = _told(folder, "rev-parse", "--verify", "--quiet", "HEAD")
    if commit is None or not _COMMIT.fullmatch(commit):
        return None
    changed = _told(folder, "status", "--porcelain", "--untracked-files=no", "--", ".")
    return f"{commit}-dirty" if changed else commit


def _told(folder: Path, *arguments: str) -> str | None:
    """What git says; None where it cannot."""
    git = shutil.which("git")
    if git is None:
        return None
    command = [git, "--no-optional-locks", "-C", str(folder), *arguments]
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    return told.stdout.strip() if told.returncode == 0 else None
