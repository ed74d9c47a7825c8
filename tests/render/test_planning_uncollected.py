"""Planning leaves the collector of cycles as it found it."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from pipeline import planning
from pipeline.errors import InputError


@pytest.mark.parametrize("was_on", [True, False])
@pytest.mark.parametrize("text", ["The lamp was lit.\n", ""], ids=["a plan", "nothing to speak"])
def test_the_collector_is_on_after_planning_where_it_was_on_before(tmp_path: Path, text: str, was_on: bool) -> None:
    (tmp_path / "book.txt").write_text(text)
    (tmp_path / "project.yaml").write_text("title: Short\nchapters: [{source: book.txt}]\n")
    if not was_on:
        gc.disable()
    try:
        try:
            assert planning.plan(tmp_path).to_make()
        except InputError:
            assert not text
        assert gc.isenabled() is was_on
    finally:
        gc.enable()


def test_nothing_is_collected_meanwhile() -> None:
    with planning.uncollected(), planning.uncollected():
        assert not gc.isenabled()
    assert gc.isenabled()
