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
    folder = Path(os.environ.get("NARRATE_BOOKS", REPOSITORY.parent / "shared" / "books")).resolve()
    if not folder.is_dir():
        pytest.skip(f"the real books are not at {folder} (set NARRATE_BOOKS)")
    return folder


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skipped test is a failure: whatever it needs was to be installed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") == "true" and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
