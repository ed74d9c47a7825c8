"""Running the command as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Narrate = Callable[..., "subprocess.CompletedProcess[str]"]

MANUSCRIPT = """# The Lamp

Nobody had lit it since the 9th of May.

"Then I will," said Ada.

# The Stairs

There were 163 steps. She counted them twice.
"""

MANIFEST = """title: Ada and the Lamp
author: A. Tester
language: en
voices:
  narrator: {hibari: {voice: heart}}
chapters:
  - {source: book.md, split: "heading:1"}
"""


@pytest.fixture
def narrate() -> Narrate:
    """``narrate(*arguments)`` in a process of its own."""

    def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pipeline.cli.main", *map(str, arguments)]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=240, env={**os.environ, **environment}
        )

    return run


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of two short chapters."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "book.md").write_text(MANUSCRIPT, encoding="utf-8")
    (folder / "project.yaml").write_text(MANIFEST, encoding="utf-8")
    return folder
