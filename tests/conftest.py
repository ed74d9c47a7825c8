"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of this repository."""
    return REPOSITORY


@pytest.fixture(scope="session")
def books() -> Path:
    """The folder of public-domain books, beside the checkout or where NARRATE_BOOKS points."""
    folder = Path(os.environ.get("NARRATE_BOOKS", REPOSITORY.parent / "shared" / "books"))
    if not folder.is_dir():
        pytest.skip(f"the real books are not at {folder} (set NARRATE_BOOKS)")
    return folder
