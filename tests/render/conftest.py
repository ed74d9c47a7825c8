"""A small planned book and an engine that fails on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pipeline.engines.instant import InstantEngine
from pipeline.engines.protocol import Order, Speech
from pipeline.kugelaudio import KugelAudioError
from pipeline.manuscript.reading import read_manuscript
from pipeline.project.loading import load_project
from pipeline.render.plan import Plan, make_plan
from pipeline.script.scripting import write_script
from pipeline.store.layout import Layout

BOOK = """# The First

It was a short day, and nobody had much to say about it, though some tried. {first}

"Yes," said the keeper, who had been waiting on the stairs with the lamp in his hand for the better part of an hour.

# The Second

Nobody answered him then, nor later, and the lamp was put back on its hook where it had hung since the spring of 1899.
"""

MANIFEST = """title: A Short Day
voices:
  narrator: {{hibari: {{voice: heart}}, speed: {speed}}}
segment_target: 100
chapters: [{{source: book.md}}]
"""


class FailingEngine(InstantEngine):
    """Answers at once (or after ``seconds``), but raises what ``failures`` holds for the text, one error an attempt."""

    name = "hibari"

    def __init__(
        self,
        failures: Mapping[str, list[KugelAudioError]] | None = None,
        concurrency: int = 3,
        seconds: float = 0.0,
    ) -> None:
        super().__init__(concurrency=concurrency)
        self.seconds = seconds
        self.failures = dict(failures or {})
        self.at_once = self.most_at_once = 0

    async def speak(self, order: Order) -> Speech:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.seconds)
            for text, errors in self.failures.items():
                if text in order.text and errors:
                    raise errors.pop(0)
            return await super().speak(order)
        finally:
            self.at_once -= 1


MakePlan = Callable[..., tuple[Plan, Layout]]


@pytest.fixture
def planned(tmp_path: Path) -> MakePlan:
    """Write the book (anew) and plan it."""

    def plan(engine: InstantEngine, *, first: str = "", speed: float = 1.0) -> tuple[Plan, Layout]:
        (tmp_path / "book.md").write_text(BOOK.format(first=first), encoding="utf-8")
        (tmp_path / "project.yaml").write_text(MANIFEST.format(speed=speed), encoding="utf-8")
        project = load_project(tmp_path)
        script = write_script(read_manuscript(project), project, limit=engine.max_input_length)
        layout = Layout.of(project)
        return make_plan(script, project, engine, layout.takes), layout

    return plan
