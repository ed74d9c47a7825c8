"""Making takes: a few at a time, each durable before it is reported, one failure never stopping the others."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal

from pipeline.engines.protocol import Speech
from pipeline.errors import DamagedTake, StorageError
from pipeline.kugelaudio import AuthenticationError, InsufficientCreditsError, KugelAudioError, TextTooLongError
from pipeline.render.attempts import attempt
from pipeline.render.events import Noticed, Retrying, SegmentFailed, TakeMade
from pipeline.render.plan import PlannedSegment
from pipeline.render.recutting import halves, is_begun, joined
from pipeline.render.retrying import attempts
from pipeline.render.studio import BudgetSpent, Ending, Halted, Studio
from pipeline.store.edges import speech_bounds
from pipeline.store.shared.turns import DamagedInStore, MadeElsewhere
from pipeline.store.sidecars import Take
from pipeline.store.takes import TakeStore, damaged_again


@dataclass(frozen=True, slots=True)
class Failure:
    """A segment that was given up."""

    planned: PlannedSegment
    error: KugelAudioError


@dataclass(slots=True)
class RenderResult:
    """What a render came to.

    ``ending`` is what ended it early, ``interrupted`` a request from outside, ``cut_off`` a second one.
    ``unkept_cents`` are charges for answers that could not be stored; ``fetched`` are the keys of takes that another
    machine made meanwhile.
    """

    takes: dict[str, Take] = field(default_factory=dict)
    fetched: set[str] = field(default_factory=set)
    failures: list[Failure] = field(default_factory=list)
    ending: Ending | None = None
    interrupted: bool = False
    cut_off: bool = False
    unkept_cents: list[Decimal | None] = field(default_factory=list)


async def make_takes(missing: Sequence[PlannedSegment], studio: Studio) -> RenderResult:
    """Make all ``missing`` takes in their order, as many at once as the limiter grants.

    A set ``studio.stop``, an empty wallet, a spent budget, a refused key and a disk that refuses let the takes in
    flight finish and be stored, and start no more.
    """
    result = RenderResult(unkept_cents=studio.unkept_cents)
    queue = iter(missing)
    elsewhere: deque[PlannedSegment] = deque()

    async def worker() -> None:
        with suppress(Halted):
            while not studio.halting.is_set() and (planned := next(queue, None)) is not None:
                if not await _make(planned, studio, result):
                    elsewhere.append(planned)
            while not studio.halting.is_set() and elsewhere:
                planned = elsewhere.popleft()
                if not await _make(planned, studio, result, wait=True):
                    elsewhere.append(planned)

    async def watch() -> None:
        await studio.stop.wait()
        studio.halt()

    watching = asyncio.create_task(watch())
    workers = [asyncio.create_task(worker()) for _ in range(_workers(studio))]
    try:
        await asyncio.gather(*workers)
    except BaseException as error:
        studio.halt()
        for task in workers:
            task.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        here = asyncio.current_task()
        if not (isinstance(error, asyncio.CancelledError) and studio.stop.is_set() and here is not None):
            raise
        here.uncancel()
        result.cut_off = True
    finally:
        watching.cancel()
        await studio.source.finish()
    result.interrupted = studio.stop.is_set()
    result.ending = studio.ending
    return result


def _workers(studio: Studio) -> int:
    """More than there are places: while one take is being stored or waits to be tried again, another is asked for."""
    places = studio.limiter.pacing.most_places  # those that a refusal has taken away come back
    return 2 * places if studio.engine.paid else places + 1


async def _make(planned: PlannedSegment, studio: Studio, result: RenderResult, *, wait: bool = False) -> bool:
    """Make one take; False where another machine is making it, which is waited for only with ``wait``."""
    segment = planned.segment
    try:
        take = await _made(planned, studio, wait=wait)
    except MadeElsewhere:
        return False
    except DamagedInStore as error:  # paid for once, and not to be paid for again: the other segments go on
        studio.receiver(SegmentFailed(segment.chapter, segment.index, str(segment.source), error.message))
    except (AuthenticationError, InsufficientCreditsError, BudgetSpent, StorageError) as error:
        studio.halt(error)
    except KugelAudioError as error:
        result.failures.append(Failure(planned, error))
        studio.receiver(SegmentFailed(segment.chapter, segment.index, str(segment.source), str(error)))
    else:
        result.takes[planned.key] = take
        if planned.key in studio.elsewhere:
            result.fetched.add(planned.key)
            return True
        cost = take.usage.cost_cents if studio.engine.paid else None
        studio.receiver(TakeMade(planned.key, segment.chapter, segment.index, len(segment.text), take.seconds, cost))
    return True


async def _made(planned: PlannedSegment, studio: Studio, *, wait: bool = True) -> Take:
    """The take of a segment or a piece: the stored one, another machine's, or one made here."""
    async with studio.alone_with(planned.key):
        take = studio.store.stored(planned.key)
        if take is not None:
            return take
        async with studio.source.turn(planned.key, wait=studio.wait_for_others if wait else None) as elsewhere:
            if elsewhere is None:
                return await _made_here(planned, studio)
            studio.elsewhere.add(planned.key)
            return elsewhere


async def _made_here(planned: PlannedSegment, studio: Studio) -> Take:
    """A take made whole, or one joined of smaller pieces."""
    length = len(planned.segment.text)
    if length <= studio.longest.characters and not is_begun(planned, studio.store, studio.refused_before):
        try:
            take = await _tried(planned, studio)
        except TextTooLongError:
            studio.longest.refused(length)
        else:
            studio.longest.passed(length)
            return take
    return await _in_pieces(planned, studio)


async def _tried(planned: PlannedSegment, studio: Studio) -> Take:
    """Attempt by attempt, as the policy allows."""
    segment = planned.segment
    number, because = 0, planned.reason

    def on_wait(error: BaseException, seconds: float) -> None:
        nonlocal because
        because = f"again after {getattr(error, 'error_code', None) or type(error).__name__}"
        studio.receiver(Retrying(segment.chapter, segment.index, str(error), round(seconds, 1)))

    policy = studio.terms.policy
    async for again in attempts(policy, gate_seconds=lambda: studio.gate_seconds, on_wait=on_wait, sleep=studio.sleep):
        with again:
            number += 1
            take = await attempt(planned, number, because, studio)
    return take


async def _in_pieces(planned: PlannedSegment, studio: Studio) -> Take:
    """Make the segment of halves, each a take that is found again. Raises TextTooLongError where it has none."""
    pieces = halves(planned)
    if len(pieces) < 2:
        raise TextTooLongError(f"{len(planned.segment.text)} characters are too long, and they cannot be cut")
    segment = planned.segment
    studio.receiver(Noticed(f"{segment.chapter}:{segment.index}: too long, so it is made in {len(pieces)} pieces"))
    takes = [(offset, await _made(piece, studio)) for offset, piece in pieces]
    loop = asyncio.get_running_loop()
    name = f"{studio.recorder.run}-joined"
    try:
        return await loop.run_in_executor(studio.storing, _join, planned, takes, name, studio.store)
    except DamagedTake as damaged:
        if damaged.key in studio.made_again:
            raise damaged_again(damaged.key) from damaged
        studio.made_again.add(damaged.key)
        studio.receiver(Noticed(f"{damaged.message}; it is made again"))
        studio.store.set_aside(damaged.key)
        return await _in_pieces(planned, studio)


def _join(planned: PlannedSegment, takes: Sequence[tuple[int, Take]], name: str, store: TakeStore) -> Take:
    pieces = [
        (offset, Speech(store.audio(take), take.sample_rate, store.words(take), take.usage)) for offset, take in takes
    ]
    speech = joined(pieces)
    return store.put(planned.key, planned.inputs, speech, speech_bounds(speech.pcm), name)
