"""The two ledger lines of an attempt (DESIGN, "Two ledger lines per attempt")."""

from __future__ import annotations

import secrets
from decimal import Decimal

from pipeline.engines.protocol import Speech
from pipeline.kugelaudio import KugelAudioError, TextTooLongError
from pipeline.render.plan import PlannedSegment
from pipeline.render.studio import Studio
from pipeline.store.ledger import LedgerLine, utc_now


def started_line(planned: PlannedSegment, number: int, because: str | None, studio: Studio) -> LedgerLine:
    """The line that is on disk before the request leaves, with the most that it may cost."""
    segment, terms = planned.segment, studio.terms
    rate = terms.rate if studio.engine.paid else None
    return LedgerLine(
        at=utc_now(),
        run=studio.recorder.run,
        event="started",
        attempt=f"{studio.recorder.run}-{secrets.token_hex(6)}",
        key=planned.key,
        chapter=segment.chapter,
        index=segment.index,
        engine=studio.engine.name,
        provider=studio.identity["provider"],
        account=terms.account,
        model=studio.identity["model"],
        voice=segment.voice,
        number=number,
        characters=len(segment.text),
        reserved_cents=None if rate is None else studio.paces.reserved_cents(segment.voice, segment.text, rate),
        rate=rate,
        because=because,
        revision=terms.revision,
    )


def ended_line(
    line: LedgerLine,
    outcome: str,
    *,
    speech: Speech | None = None,
    code: str | None = None,
    request_id: str | None = None,
    cost: Decimal | None,
) -> LedgerLine:
    """The line that says what became of the attempt that ``line`` started; ``cost`` None: nobody knows."""
    usage = speech.usage if speech is not None else None
    return line.model_copy(
        update={
            "at": utc_now(),
            "event": "ended",
            "outcome": outcome,
            "error_code": code,
            "request_id": (usage.request_id if usage else None) or request_id,
            "audio_seconds": usage.audio_seconds if usage else None,
            "cost_cents": cost,
        }
    )


def code_of(error: KugelAudioError) -> str:
    """What the ledger calls an error."""
    if isinstance(error, TextTooLongError):  # which a WebSocket calls RATE_LIMITED
        return "TEXT_TOO_LONG"
    return error.error_code or type(error).__name__
