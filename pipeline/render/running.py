"""The part of a run that makes takes, from the plan to the plan with its gaps filled."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pipeline.engines.protocol import Engine
from pipeline.errors import AuthenticationStopped, Interrupted, NarrateError, SegmentsFailed, SpendingStopped
from pipeline.kugelaudio import AuthenticationError
from pipeline.render.events import Noticed, Receiver, RenderStarted
from pipeline.render.interrupts import stopping_on_signals
from pipeline.render.plan import Plan, PlannedSegment
from pipeline.render.pool import RenderResult, Studio, make_takes
from pipeline.store.layout import Layout
from pipeline.store.ledger import Ledger
from pipeline.store.takes import TakeState


@dataclass(frozen=True, slots=True)
class Rendered:
    """The plan with the takes that were made, and ``error`` where the making ended badly."""

    plan: Plan
    made: int
    failed: int
    error: NarrateError | None


def render_missing(
    plan: Plan, engine: Engine, layout: Layout, *, run: str, selected: frozenset[str], receiver: Receiver
) -> Rendered:
    """Make the takes that the ``selected`` chapters lack. Raises StorageError where one cannot be kept."""
    missing = [planned for planned in plan.to_make() if planned.segment.chapter in selected]
    segments = sum(len(chapter.segments) for chapter in plan.chapters)
    receiver(RenderStarted(segments, len(missing), sum(len(planned.segment.text) for planned in missing)))
    damaged = sum(planned.state is TakeState.DAMAGED for planned in missing)
    if damaged:
        receiver(Noticed(f"{damaged} stored {'takes are' if damaged > 1 else 'take is'} damaged and made again"))
    if not missing:
        return Rendered(plan, 0, 0, None)
    result = asyncio.run(_make(missing, engine, layout, run, receiver))
    return Rendered(plan.with_takes(result.takes), len(result.takes), len(result.failures), _ending(result, missing))


async def _make(
    missing: Sequence[PlannedSegment], engine: Engine, layout: Layout, run: str, receiver: Receiver
) -> RenderResult:
    stop = asyncio.Event()
    with (
        Ledger(layout.ledgers / f"{run}.jsonl", run) as ledger,
        stopping_on_signals(stop, receiver),
        ThreadPoolExecutor(max_workers=1, thread_name_prefix="store") as storing,
    ):
        async with engine:
            studio = Studio(engine, engine.identity(), layout.takes, ledger, receiver, stop, storing)
            return await make_takes(missing, studio)


def _ending(result: RenderResult, missing: Sequence[PlannedSegment]) -> NarrateError | None:
    """How the making of takes ended; the first that applies wins (DESIGN, "Exit codes")."""
    left = len(missing) - len(result.takes)
    kept = f"{len(result.takes)} takes were made and kept, {left} are still to be made"
    if result.interrupted and left:
        return Interrupted(f"interrupted: {kept}", hint="run the same command to go on")
    if isinstance(result.stopped, AuthenticationError):
        return AuthenticationStopped(f"{result.stopped}: {kept}", hint="check the key, then run again to go on")
    if result.stopped is not None:
        return SpendingStopped(f"{result.stopped}: {kept}", hint="top up the wallet, then run again to go on")
    if result.failures:
        return SegmentsFailed(
            f"{len(result.failures)} of {len(missing)} segments failed: {kept}",
            hint="chapters that are whole were published; run again to try the failed segments once more",
        )
    return None
