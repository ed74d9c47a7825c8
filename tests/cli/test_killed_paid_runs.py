"""Killed at any instant, a paid run loses no take and no cent, and the next one ends as if nothing had happened."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.server.accounts import LOCAL_KEY

from .killing import Server, serving, survive, undisturbed, write_project

pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("KUGELAUDIO_API_KEY", LOCAL_KEY)
    with serving(tmp_path) as running:
        yield running


def test_what_was_in_flight_is_suspected_and_everything_else_is_kept(server: Server, tmp_path: Path) -> None:
    expected = undisturbed(write_project(tmp_path / "whole", 14), server)
    chance = random.Random(11)
    for number in range(2):
        survived = survive(write_project(tmp_path / f"killed-{number}", 14), server, expected, 3, chance)
        assert survived.faults == []
        assert survived.killed
