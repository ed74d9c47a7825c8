"""A book rendered by the paid engine at the local server, with both sides' books at hand."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from pipeline.engines.kugelaudio import open_kugelaudio
from pipeline.manuscript.reading import read_manuscript
from pipeline.project.loading import load_project
from pipeline.render.events import Event
from pipeline.render.plan import Plan, make_plan
from pipeline.render.purse import Cap, Purse
from pipeline.render.retrying import RetryPolicy
from pipeline.render.running import Rendered, render_missing
from pipeline.render.terms import Terms
from pipeline.script.scripting import write_script
from pipeline.server.running import BackgroundServer
from pipeline.store.layout import Layout
from pipeline.store.ledger import LedgerLine, read_ledger

RATE = Decimal("7.0")
QUICK = RetryPolicy(back_off_seconds=0.02, jitter_seconds=0.01)

MANIFEST = """title: The Ledger
engine: kugelaudio
engines: {{kugelaudio: {{tier: {tier}}}}}
voices: {{narrator: {{kugelaudio: {{voice_id: 1071}}}}}}
segment_target: 60
chapters: [{{source: book.md}}]
rates: {{kugel-3: 7.0}}
"""


@dataclass
class Book:
    """A project of ``paragraphs``, rendered at ``server``."""

    folder: Path
    server: BackgroundServer
    tier: int = 4
    heard: list[Event] = field(default_factory=list)

    def write(self, paragraphs: Sequence[str]) -> None:
        (self.folder / "book.md").write_text("# One\n\n" + "\n\n".join(paragraphs) + "\n", encoding="utf-8")
        (self.folder / "project.yaml").write_text(MANIFEST.format(tier=self.tier), encoding="utf-8")

    def plan(self, jobs: int | None = None) -> tuple[Plan, Any, Layout]:
        project = load_project(self.folder)
        engine = open_kugelaudio(project, jobs=jobs, api_url=self.server.url)
        script = write_script(read_manuscript(project), project, limit=engine.max_input_length)
        layout = Layout.of(project)
        return make_plan(script, project, engine, layout.takes), engine, layout

    def render(
        self,
        *,
        jobs: int | None = None,
        caps: Sequence[Cap] = (),
        policy: RetryPolicy = QUICK,
        rate: Decimal | None = RATE,
    ) -> Rendered:
        plan, engine, layout = self.plan(jobs)
        terms = Terms(rate=rate, purse=Purse(caps), account=engine.account, policy=policy)
        selected = frozenset(chapter.script.slug for chapter in plan.chapters)
        run = f"r{time.monotonic_ns()}"
        return render_missing(plan, engine, layout, run=run, selected=selected, receiver=self.heard.append, terms=terms)

    def ledger(self) -> list[LedgerLine]:
        return list(read_ledger(self.folder / ".narration" / "ledger"))

    def ended(self) -> list[LedgerLine]:
        return [line for line in self.ledger() if line.event == "ended"]

    def billed(self) -> Decimal:
        totals = httpx.get(f"{self.server.url}/admin/books").json()["totals"]
        return Decimal(totals["cents"])

    def requests(self) -> list[dict[str, Any]]:
        lines: list[dict[str, Any]] = httpx.get(f"{self.server.url}/admin/books").json()["requests"]
        return lines

    def faults(self, *rules: dict[str, Any], seed: int = 1) -> None:
        answer = httpx.put(f"{self.server.url}/admin/faults", json={"seed": seed, "faults": list(rules)})
        assert answer.status_code == 200, answer.text


def paragraphs(count: int, characters: int = 70) -> list[str]:
    """So many different paragraphs of about that length."""
    return [
        (f"Paragraph {number} says it plainly. " * 20)[:characters].rsplit(" ", 1)[0] + "." for number in range(count)
    ]


def known_cents(lines: Sequence[LedgerLine]) -> Decimal:
    return sum((line.cost_cents for line in lines if line.cost_cents is not None), Decimal(0))


def unknown_cents(lines: Sequence[LedgerLine]) -> Decimal:
    return sum((line.reserved_cents or Decimal(0) for line in lines if line.cost_cents is None), Decimal(0))
