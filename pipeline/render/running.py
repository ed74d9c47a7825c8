"""The part of a run that makes takes, from the plan to the plan with its gaps filled."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.engines.protocol import Engine
from pipeline.errors import (
    AuthenticationStopped,
    Interrupted,
    NarrateError,
    SegmentsFailed,
    SpendingStopped,
    StorageError,
)
from pipeline.kugelaudio import AuthenticationError
from pipeline.render.events import Audience, Noticed, Receiver, RenderStarted
from pipeline.render.interrupts import stopping_on_signals
from pipeline.render.pace import measured_paces
from pipeline.render.plan import Plan, PlannedSegment, estimate_of
from pipeline.render.pool import RenderResult, make_takes
from pipeline.render.purse import Spending
from pipeline.render.recording import Recorder
from pipeline.render.reservation import Paces
from pipeline.render.retrying import OutOfReachError
from pipeline.render.sources import Alone, TakeSource
from pipeline.render.studio import BudgetSpent, Ending, Overcharged, Studio
from pipeline.render.terms import Terms, require_price
from pipeline.store.files import require_open, require_writable
from pipeline.store.layout import Layout
from pipeline.store.ledger import Ledger, refused_as_too_long
from pipeline.store.takes import TakeState

_STORING_THREADS = 2
"""For an engine that needs none of this machine's cores; an embedded one shares them with a single thread."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """The plan with the takes that were made, what was spent, and ``error`` where the making ended badly."""

    plan: Plan
    made: int
    failed: int
    error: NarrateError | None
    spending: Spending = field(default_factory=Spending)


def render_missing(
    plan: Plan,
    engine: Engine,
    layout: Layout,
    *,
    run: str,
    selected: frozenset[str],
    receiver: Receiver,
    terms: Terms | None = None,
    source: TakeSource | None = None,
) -> Rendered:
    """Make the takes that the ``selected`` chapters lack, on the ``terms`` of the run (None: nothing costs anything);
    ``source`` is the store that other machines share (None: there is none).

    Raises UsageError where there is a budget and no price, StorageError where a take cannot be kept, and Interrupted
    where a second signal cut off what was in flight.
    """
    terms = terms or Terms()
    missing = [planned for planned in plan.to_make() if planned.segment.chapter in selected]
    segments = sum(len(chapter.segments) for chapter in plan.chapters)
    receiver(RenderStarted(segments, len(missing), sum(len(planned.segment.text) for planned in missing)))
    damaged = sum(planned.state is TakeState.DAMAGED for planned in missing)
    if damaged:
        receiver(Noticed(f"{damaged} stored {'takes are' if damaged > 1 else 'take is'} damaged and made again"))
    if not missing:
        return Rendered(plan, 0, 0, None, terms.purse.standing)
    require_price(terms)
    if engine.paid:
        require_writable(layout.takes.folder)
        require_open(_kept_in(missing, layout))
    audience = Audience(receiver)
    try:
        result = asyncio.run(_make(missing, plan, engine, layout, run, audience, terms, source or Alone()))
    except asyncio.CancelledError:  # asked to stop at once while already ending
        raise Interrupted("interrupted: what was finished is kept", hint="run the same command to go on") from None
    if audience.gone is not None:
        raise audience.gone
    rendered = plan.with_takes(result.takes)
    error = _ending(result, missing, rendered, terms)
    if isinstance(result.ending, Overcharged) and error is None:
        receiver(Noticed(f"{result.ending}; check `rates` for {terms.model}"))
    if isinstance(error, StorageError) or result.cut_off:
        assert error is not None
        raise error
    made = len(result.takes) - len(result.fetched)
    return Rendered(rendered, made, len(result.failures), error, terms.purse.standing)


def _kept_in(missing: Sequence[PlannedSegment], layout: Layout) -> set[Path]:
    """Every folder that something paid for is written into."""
    takes = {layout.takes.audio_path(planned.key).parent for planned in missing}
    return {*takes, layout.ledgers, layout.takes.folder.parent / "rejected"}


async def _make(
    missing: Sequence[PlannedSegment],
    plan: Plan,
    engine: Engine,
    layout: Layout,
    run: str,
    audience: Audience,
    terms: Terms,
    source: TakeSource,
) -> RenderResult:
    stop = asyncio.Event()
    threads = _STORING_THREADS if engine.paid else 1
    with (
        Ledger(layout.ledgers / f"{run}.jsonl", run) as ledger,
        _recorder(ledger, durable=engine.paid) as recorder,
        ThreadPoolExecutor(max_workers=threads, thread_name_prefix="store") as storing,
        stopping_on_signals(stop, audience) as stopping,
    ):
        async with engine:
            studio = Studio(
                engine=engine,
                identity=engine.identity(),
                store=layout.takes,
                recorder=recorder,
                receiver=audience,
                stop=stop,
                storing=storing,
                terms=terms,
                paces=Paces.of(plan.spoken()),
                source=source,
                refused_before=refused_as_too_long(layout.ledgers) if engine.paid else frozenset(),
            )
            audience.on_leaving = studio.halt
            result = await make_takes(missing, studio)
            ledger.require_there()
            stopping.over()  # the service's sockets are closed yet, which may take a moment
            return result


@contextmanager
def _recorder(ledger: Ledger, *, durable: bool) -> Iterator[Recorder]:
    recorder = Recorder(ledger, durable=durable)
    try:
        yield recorder
    finally:
        recorder.close()


def _ending(result: RenderResult, missing: Sequence[PlannedSegment], plan: Plan, terms: Terms) -> NarrateError | None:
    """How the making of takes ended; the first that applies wins (DESIGN, "Exit codes")."""
    left = [planned for planned in missing if planned.key not in result.takes]
    kept = f"{len(result.takes)} takes were made and kept, {len(left)} are still to be made"
    if result.cut_off or (result.interrupted and left):
        return Interrupted(f"interrupted: {kept}{_uncertain(terms)}", hint="run the same command to go on")
    if result.ending is not None and (left or not isinstance(result.ending, Overcharged)):
        return _ended_early(result, result.ending, kept, left, plan, terms)
    if result.failures:
        return SegmentsFailed(
            f"{len(result.failures)} of {len(missing)} segments failed: {kept}",
            hint="chapters that are whole were published; run again to try the failed segments once more",
        )
    return None


def _ended_early(
    result: RenderResult, ending: Ending, kept: str, left: Sequence[PlannedSegment], plan: Plan, terms: Terms
) -> NarrateError:
    if isinstance(ending, AuthenticationError):
        return AuthenticationStopped(f"{ending}: {kept}", hint="check the key, then run again to go on")
    if isinstance(ending, StorageError):
        return StorageError(f"{ending.message}; {kept}{_unkept(result)}", hint=ending.hint)
    if isinstance(ending, OutOfReachError):
        return SegmentsFailed(f"{ending}: {kept}", hint="run the same command to go on once the service can be reached")
    hint = "top up the wallet, then run again to go on"
    if isinstance(ending, BudgetSpent):
        hint = "raise the budget, then run again to go on"
    elif isinstance(ending, Overcharged):
        hint = f"check `rates` for {terms.model}, then run again: more is set aside for a voice that is so slow"
    rest = f"{_rest(left, plan, terms)}{_uncertain(terms)}"
    return SpendingStopped(f"{ending}: {kept}{rest}", hint=hint)


def _rest(left: Sequence[PlannedSegment], plan: Plan, terms: Terms) -> str:
    """What is left will cost about so much."""
    paces = {**plan.pricing.paces, **measured_paces((voice, len(text), s) for voice, text, s in plan.spoken())}
    expected = estimate_of(left, replace(plan.pricing, paces=paces, cents_per_minute=terms.rate))
    if expected.cents_high is None:
        return (
            f", at a price that is not known ({expected.seconds_low / 60:.0f}-{expected.seconds_high / 60:.0f} minutes)"
        )
    return f" for about {expected.cents_low} to {expected.cents_high} cents"


def _uncertain(terms: Terms) -> str:
    """What may have been charged besides."""
    standing = terms.purse.standing
    if not standing.unknown_charges:
        return ""
    return f"; {standing.unknown_charges} charges are unknown, at most {standing.unknown_cents} cents in all"


def _unkept(result: RenderResult) -> str:
    """What was paid for and could not be kept."""
    if not result.unkept_cents:
        return ""
    known = [cents for cents in result.unkept_cents if cents is not None]
    unknown = len(result.unkept_cents) - len(known)
    paid = f"{sum(known)} cents" + (f" and {unknown} unknown charges" if unknown else "")
    return f"; {len(result.unkept_cents)} answers came and could not be stored ({paid})"
