"""One attempt at one text: a turn, a reservation, the ``started`` line, the request, the take, the ``ended`` line.

The order is what nothing may break (DESIGN, "Two ledger lines per attempt"): no request leaves before its ``started``
line is on disk; audio, then sidecar, then ``ended``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from pipeline.engines.protocol import Order, Passage, Speech
from pipeline.errors import StorageError
from pipeline.kugelaudio import (
    AuthenticationError,
    IncompleteAudioError,
    InsufficientCreditsError,
    KugelAudioConnectionError,
    KugelAudioError,
    RateLimitError,
)
from pipeline.render.acceptance import incomplete_speech, objection
from pipeline.render.attempt_lines import code_of, ended_line, started_line
from pipeline.render.events import Charged
from pipeline.render.fate import outcome_of
from pipeline.render.plan import PlannedSegment
from pipeline.render.purse import PROJECT_BUDGET
from pipeline.render.recording import finished
from pipeline.render.retrying import OutOfReachError, ShortAudioError
from pipeline.render.studio import BudgetSpent, Halted, Overcharged, Studio
from pipeline.store.edges import speech_bounds
from pipeline.store.ledger import LedgerLine
from pipeline.store.rejected import keep_rejected
from pipeline.store.shared.turns import MadeElsewhere
from pipeline.store.sidecars import Take
from pipeline.store.takes import TakeState

_NOTHING = Decimal(0)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Ticket:
    """An attempt that may be made: its turn with the limiter and its ``started`` line."""

    turn: int
    line: LedgerLine


async def attempt(planned: PlannedSegment, number: int, because: str | None, studio: Studio) -> Take:
    """Make the take, once. Raises KugelAudioError, BudgetSpent, StorageError, Halted where nothing new may start."""
    try:
        ticket = await _begin(planned, number, because, studio)
        speech = await _answer(planned, ticket, studio)
        return await _kept(planned, speech, ticket.line, studio)
    finally:
        studio.room.release(planned.key)
        studio.tell_settled()


async def _begin(planned: PlannedSegment, number: int, because: str | None, studio: Studio) -> _Ticket:
    """Wait for a turn and for money, and write ``started``."""
    turn = await studio.limiter.turn(again=number > 1)
    if turn is None:
        raise Halted
    try:
        if not await studio.source.still_ours(planned.key):
            raise MadeElsewhere
        line = started_line(planned, number, because, studio)
        await _reserve(line, planned, studio)
    except BaseException:
        studio.limiter.void(turn)
        raise
    try:
        await studio.recorder.append(line)
        if studio.halting.is_set():  # since the line was given: whatever ended the run, nothing leaves after it
            raise Halted
    except BaseException as error:
        studio.limiter.void(turn)
        _settle(line, _NOTHING, studio)
        if not isinstance(error, StorageError):
            studio.recorder.append_now(ended_line(line, "failed", code="INTERRUPTED", cost=_NOTHING))
        raise
    return _Ticket(turn, line)


async def _reserve(line: LedgerLine, planned: PlannedSegment, studio: Studio) -> None:
    """Set money and room aside, here and, money, where other machines draw on the same budget."""
    if not studio.engine.paid:
        return
    purse = studio.terms.purse
    seconds = studio.paces.longest_seconds(line.voice, planned.segment.text)
    while True:
        await _fitting(line.reserved_cents, seconds, studio)
        purse.reserve(line.attempt, line.reserved_cents)
        try:
            if await studio.source.may_spend(purse.standing.at_most_cents):
                studio.room.hold(planned.key, seconds)
                return
        except BaseException:
            _settle(line, _NOTHING, studio)
            raise
        _settle(line, _NOTHING, studio)  # other machines hold what is left
        if purse.idle:
            raise BudgetSpent(next(cap for cap in purse.caps if cap.name == PROJECT_BUDGET), line.reserved_cents)
        await studio.settled()


async def _fitting(cents: Decimal | None, seconds: float, studio: Studio) -> None:
    """Where so much money does not fit yet, wait for charges of requests under way, which are lower; where so much
    audio does not, for those that are being stored.

    Raises BudgetSpent, StorageError, Halted.
    """
    purse, room = studio.terms.purse, studio.room
    while True:
        if studio.halting.is_set():
            raise Halted
        cap, has_room = purse.refusing(cents), room.fits(seconds)
        if cap is None and has_room:
            return
        if cap is not None and purse.idle:
            raise BudgetSpent(cap, cents)
        if not has_room and room.idle:
            raise room.full(seconds)
        await studio.settled()


async def _answer(planned: PlannedSegment, ticket: _Ticket, studio: Studio) -> Speech:
    """Send the request and return what came; whatever is raised has its ``ended`` line."""
    passage = Passage(on_heard=studio.limiter.reached)
    try:
        speech = await _ask(studio, planned.order, passage)
    except KugelAudioError as error:
        if isinstance(error, AuthenticationError | InsufficientCreditsError):
            studio.halt(error)  # before the turn goes to the next
        away = _give_turn_back(ticket.turn, error, passage, studio)
        await _failed(planned, ticket.line, error, passage, studio)
        if away is not None:
            raise away from error
        raise
    except BaseException as error:  # stopped at once, or our own bug: the request may have been served
        studio.limiter.ended(ticket.turn, answered=False)
        outcome = outcome_of(error, passage) if studio.engine.paid else "failed"
        cost = None if outcome == "lost" else _NOTHING
        _settle(ticket.line, cost, studio)
        studio.recorder.append_now(ended_line(ticket.line, outcome, code=_interruption(error), cost=cost))
        raise
    studio.limiter.ended(ticket.turn, heard_at=passage.heard_at)
    return speech


def _ask(studio: Studio, order: Order, passage: Passage) -> Awaitable[Speech]:
    if studio.metered is not None:
        return studio.metered.speak_metered(order, passage)
    passage.sent_at = time.monotonic()  # for all we know
    return studio.engine.speak(order)


def _give_turn_back(turn: int, error: KugelAudioError, passage: Passage, studio: Studio) -> OutOfReachError | None:
    """Tell the limiter how the request ended; the error to go on with where it could not even be sent."""
    limiter = studio.limiter
    if isinstance(error, RateLimitError):
        studio.gate_seconds = limiter.refused(turn, error.retry_after)
    elif passage.sent_at is not None:
        answered = not isinstance(error, KugelAudioConnectionError) or outcome_of(error, passage) != "lost"
        limiter.ended(turn, heard_at=passage.heard_at, answered=answered)
    elif isinstance(error, KugelAudioConnectionError):
        studio.gate_seconds = limiter.out_of_reach(turn, error.retry_after)
        away = OutOfReachError(error.message, error_code=error.error_code, request_id=error.request_id)
        if limiter.away_seconds > studio.terms.policy.failing_seconds:
            studio.halt(away)
        return away
    else:
        limiter.void(turn)
    return None


async def _failed(
    planned: PlannedSegment, line: LedgerLine, error: KugelAudioError, passage: Passage, studio: Studio
) -> None:
    """Write the ``ended`` line of an attempt that raised; audio that came is kept apart."""
    outcome = outcome_of(error, passage) if studio.engine.paid or isinstance(error, IncompleteAudioError) else "failed"
    speech = incomplete_speech(planned.order, error) if isinstance(error, IncompleteAudioError) else None
    cost = _NOTHING if outcome == "failed" or not studio.engine.paid else speech.usage.cost_cents if speech else None
    _settle(line, cost, studio)
    ended = ended_line(line, outcome, speech=speech, code=code_of(error), request_id=error.request_id, cost=cost)
    if speech is not None:
        storing = studio.storing.submit(keep_rejected, studio.store, planned.key, speech, line.attempt, str(error))
        try:
            await _through(asyncio.wrap_future(storing))
        except StorageError as refused:
            studio.unkept_cents.append(cost)
            studio.halt(refused)
            ended = ended.model_copy(update={"outcome": "lost", "error_code": "STORAGE"})
    await _record(ended, studio)


async def _kept(planned: PlannedSegment, speech: Speech, line: LedgerLine, studio: Studio) -> Take:
    """Store the take, or keep it apart where it is short, then write ``ended``."""
    cost = speech.usage.cost_cents if studio.engine.paid else _NOTHING
    _settle(line, cost, studio)
    storing = asyncio.create_task(_store(planned, speech, line.attempt, studio))
    try:
        take = await _through(storing)
    except ShortAudioError as error:
        await _record(ended_line(line, "rejected", speech=speech, code=code_of(error), cost=cost), studio)
        raise
    except StorageError as error:
        studio.unkept_cents.append(cost)
        studio.halt(error)
        await _record(ended_line(line, "lost", speech=speech, code="STORAGE", cost=cost), studio)
        raise
    studio.paces.heard(line.voice, planned.segment.text, take.seconds)
    await _record(ended_line(line, "stored", speech=speech, cost=cost), studio)
    return take


async def _store(planned: PlannedSegment, speech: Speech, attempt: str, studio: Studio) -> Take:
    """Store the take beside the event loop. The ``started`` line of whoever was given the place goes first: the place
    at the service stands empty until it is on disk, and storing takes this machine's cores from it."""
    await studio.recorder.caught_up()
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(studio.storing, _keep, planned, speech, attempt, studio)


def _keep(planned: PlannedSegment, speech: Speech, attempt: str, studio: Studio) -> Take:
    bounds = speech_bounds(speech.pcm)
    fault = objection(planned.segment.text, speech, bounds)
    if fault is not None:
        keep_rejected(studio.store, planned.key, speech, attempt, fault)
        raise ShortAudioError(fault, request_id=speech.usage.request_id)
    if planned.state is TakeState.DAMAGED:
        studio.store.set_aside(planned.key)
    return studio.store.put(planned.key, planned.inputs, speech, bounds, attempt, studio.compression)


async def _through(storing: asyncio.Future[_T]) -> _T:
    """Wait for what is being stored, even while being cancelled: the answer is here, and it was paid for."""
    await finished(storing)
    return storing.result()


async def _record(line: LedgerLine, studio: Studio) -> None:
    """Write an ``ended`` line. Where the disk refuses, the take is there all the same: the next run rebuilds it."""
    try:
        await studio.recorder.append(line)
    except StorageError as error:
        studio.halt(error)
    if studio.engine.paid:
        standing, cap = studio.terms.purse.standing, studio.terms.purse.tightest
        studio.receiver(
            Charged(
                chapter=line.chapter,
                index=line.index,
                outcome=line.outcome or "",
                cost_cents=line.cost_cents,
                spent_cents=standing.spent_cents,
                unknown_cents=standing.unknown_cents,
                reserved_cents=standing.in_flight_cents,
                budget_cents=None if cap is None else cap.cents - cap.before,
            )
        )


def _settle(line: LedgerLine, cost: Decimal | None, studio: Studio) -> None:
    if not studio.engine.paid:
        return
    purse = studio.terms.purse
    kept = purse.settle(line.attempt, cost)
    if not kept and purse.caps and cost is not None and line.reserved_cents is not None:
        studio.halt(Overcharged(line.attempt, cost, line.reserved_cents))
    studio.tell_settled()


def _interruption(error: BaseException) -> str:
    return "INTERRUPTED" if isinstance(error, asyncio.CancelledError | KeyboardInterrupt) else type(error).__name__
