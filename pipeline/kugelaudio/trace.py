"""What happens during one call, told to whoever asks: times, sizes, ids. Never text, audio or the key."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from pipeline.kugelaudio.errors import KugelAudioError

_NUMBERS = itertools.count(1)
_LIMIT_HEADERS: Final = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")

E = TypeVar("E", bound=KugelAudioError)
Detail = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class TraceEvent:
    """One moment of a call.

    ``kind`` is one of started, connected, reused, sent, first_audio, words, restarted, reconnected, answered,
    finished, failed, abandoned; ``elapsed_s`` counts from the start of the call.
    """

    call: int
    operation: str
    kind: str
    elapsed_s: float
    detail: Mapping[str, Detail] = field(default_factory=dict)


Tracer = Callable[[TraceEvent], None]
"""Receives the events of a call on the thread that makes it; must not block. What it raises ends the call."""


@dataclass(frozen=True, slots=True)
class CallTrace:
    """The running account of one call; free of cost when nobody listens."""

    tracer: Tracer | None
    number: int
    operation: str
    started: float

    @classmethod
    def begin(cls, tracer: Tracer | None, operation: str) -> CallTrace:
        """Start the clock of a call."""
        trace = cls(tracer, next(_NUMBERS) if tracer else 0, operation, time.monotonic())
        trace.tell("started")
        return trace

    def tell(self, kind: str, **detail: Detail) -> None:
        """Report a moment."""
        if self.tracer is not None:
            self.tracer(TraceEvent(self.number, self.operation, kind, time.monotonic() - self.started, detail))

    def failed(self, error: E) -> E:
        """Report an error and hand it back to be raised."""
        self.tell(
            "failed",
            error=type(error).__name__,
            status_code=error.status_code,
            error_code=error.error_code,
            request_id=error.request_id,
            retry_after_s=error.retry_after,
        )
        return error

    def answered(self, status: int, headers: Mapping[str, str]) -> None:
        """Report an HTTP answer with what it says about rate limits."""
        if self.tracer is None:
            return
        limits = {name: headers[name] for name in _LIMIT_HEADERS if name in headers}
        self.tell("answered", status_code=status, request_id=headers.get("x-request-id"), **limits)
