"""Making takes: a few at a time, each durable before it is reported, one failure never stopping the others."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

from pipeline.engines.protocol import Engine, Speech
from pipeline.errors import NarrateError
from pipeline.kugelaudio import AuthenticationError, InsufficientCreditsError, KugelAudioError
from pipeline.render.acceptance import objection
from pipeline.render.events import Receiver, Retrying, SegmentFailed, TakeMade
from pipeline.render.plan import PlannedSegment
from pipeline.render.retrying import attempts
from pipeline.store.edges import speech_bounds
from pipeline.store.ledger import Ledger, LedgerLine, utc_now
from pipeline.store.rejected import keep_rejected
from pipeline.store.takes import Take, TakeStore


class ShortAudioError(KugelAudioError):
    """The engine answered, but with audio that cannot stand for the text; worth another attempt."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A segment that was given up."""

    planned: PlannedSegment
    error: KugelAudioError


@dataclass(slots=True)
class RenderResult:
    """What a render came to. ``stopped`` is the error that ended it early, ``interrupted`` a request from outside."""

    takes: dict[str, Take] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    stopped: KugelAudioError | None = None
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Studio:
    """What making takes needs: the engine, where takes and ledger lines go, who listens, and when to stop."""

    engine: Engine
    identity: Mapping[str, str]
    store: TakeStore
    ledger: Ledger
    receiver: Receiver
    stop: asyncio.Event
    storing: Executor
    """Encodes and writes takes beside the event loop. One thread is enough and keeps memory flat: the allocator keeps
    an arena of once used memory for every thread, and a take has megabytes."""


async def make_takes(missing: Sequence[PlannedSegment], studio: Studio) -> RenderResult:
    """Make all ``missing`` takes, ``engine.concurrency`` at once.

    A set ``studio.stop`` lets the takes in flight finish and be stored and starts no more. Raises StorageError where
    a take or a ledger line cannot be kept.
    """
    result = RenderResult()
    queue = iter(missing)

    async def worker() -> None:
        while not studio.stop.is_set() and result.stopped is None:
            planned = next(queue, None)
            if planned is None:
                return
            await _make(planned, studio, result)

    workers = [asyncio.create_task(worker()) for _ in range(max(1, studio.engine.concurrency))]
    try:
        await asyncio.gather(*workers)
    except BaseException:
        for task in workers:
            task.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        raise
    result.interrupted = studio.stop.is_set()
    return result


async def _make(planned: PlannedSegment, studio: Studio, result: RenderResult) -> None:
    segment = planned.segment

    def on_wait(error: BaseException, seconds: float) -> None:
        studio.receiver(Retrying(segment.chapter, segment.index, str(error), round(seconds, 1)))

    try:
        number = 0
        async for attempt in attempts(on_wait):
            with attempt:
                number += 1
                take = await _attempt(planned, number, studio)
    except (AuthenticationError, InsufficientCreditsError) as error:
        result.stopped = result.stopped or error
    except KugelAudioError as error:
        result.failures.append(Failure(planned, error))
        studio.receiver(SegmentFailed(segment.chapter, segment.index, str(segment.source), str(error)))
    else:
        result.takes[planned.key] = take
        studio.receiver(TakeMade(planned.key, segment.chapter, segment.index, len(segment.text), take.seconds))


async def _attempt(planned: PlannedSegment, number: int, studio: Studio) -> Take:
    """One attempt: ledger line, request, acceptance, audio, sidecar, ledger line (DESIGN, "Two ledger lines")."""
    attempt = f"{studio.ledger.run}-{secrets.token_hex(6)}"
    line = _started(planned, number, attempt, studio)
    studio.ledger.append(line, durable=studio.engine.paid)
    try:
        speech = await studio.engine.speak(planned.order)
        loop = asyncio.get_running_loop()
        take = await loop.run_in_executor(studio.storing, _keep, planned, speech, attempt, studio.store)
    except (KugelAudioError, NarrateError) as error:
        studio.ledger.append(_ended(line, "failed", error=error), durable=studio.engine.paid)
        raise
    studio.ledger.append(_ended(line, "stored", speech=speech), durable=studio.engine.paid)
    return take


def _keep(planned: PlannedSegment, speech: Speech, attempt: str, store: TakeStore) -> Take:
    bounds = speech_bounds(speech.pcm)
    fault = objection(planned.segment.text, speech, bounds)
    if fault is not None:
        keep_rejected(store, planned.key, speech, attempt, fault)
        raise ShortAudioError(fault, error_code="SHORT_AUDIO", request_id=speech.usage.request_id)
    return store.put(planned.key, planned.inputs, speech, bounds, attempt)


def _started(planned: PlannedSegment, number: int, attempt: str, studio: Studio) -> LedgerLine:
    segment = planned.segment
    return LedgerLine(
        at=utc_now(),
        run=studio.ledger.run,
        event="started",
        attempt=attempt,
        key=planned.key,
        chapter=segment.chapter,
        index=segment.index,
        engine=studio.engine.name,
        provider=studio.identity["provider"],
        model=studio.identity["model"],
        voice=segment.voice,
        number=number,
        characters=len(segment.text),
        because=planned.reason,
    )


def _ended(
    line: LedgerLine, outcome: str, *, speech: Speech | None = None, error: Exception | None = None
) -> LedgerLine:
    usage = speech.usage if speech is not None else None
    return line.model_copy(
        update={
            "at": utc_now(),
            "event": "ended",
            "outcome": outcome,
            "error_code": _code(error),
            "request_id": usage.request_id if usage else getattr(error, "request_id", None),
            "audio_seconds": usage.audio_seconds if usage else None,
            "cost_cents": usage.cost_cents if usage else None,
        }
    )


def _code(error: Exception | None) -> str | None:
    if error is None:
        return None
    return (error.error_code if isinstance(error, KugelAudioError) else None) or type(error).__name__
