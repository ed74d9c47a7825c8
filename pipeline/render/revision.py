"""Which state of the manuscript a run rendered, as git names it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SECONDS = 10.0


def git_revision(folder: Path) -> str | None:
    """The commit that is checked out in ``folder``; None outside a repository, before its first commit, without git."""
    if not any((parent / ".git").exists() for parent in [folder.resolve(), *folder.resolve().parents]):
        return None
    git = shutil.which("git")
    if git is None:
        return None
    command = [git, "-C", str(folder), "rev-parse", "--verify", "--quiet", "HEAD"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    commit = told.stdout.strip()
    return commit if _COMMIT.fullmatch(commit) else None
