"""When an attempt is repeated: one policy for every engine."""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import tenacity

from pipeline.kugelaudio import (
    AuthenticationError,
    IncompleteAudioError,
    InsufficientCreditsError,
    KugelAudioError,
    NotFoundError,
    RateLimitError,
    ValidationError,
)

_FINAL = (AuthenticationError, InsufficientCreditsError, ValidationError, NotFoundError)


class ShortAudioError(IncompleteAudioError):
    """The engine answered, but with audio that cannot stand for the text; worth another attempt, within bounds."""

    usual_code = "SHORT_AUDIO"


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The one policy by which an attempt is repeated.

    ======================================  ==================================================================
    AuthenticationError                     never; the run stops (exit 5)
    InsufficientCreditsError, budget spent  never; no new work, what is in flight is finished (exit 4)
    TextTooLongError                        never as it is; the segment is cut smaller and goes on
    ValidationError, NotFoundError          never; the segment fails, the others go on (exit 3)
    RateLimitError                          after what was told, else until the limiter's gate opens, plus jitter;
                                            counts as no failure; given up after ``rate_limited_seconds`` of it
    IncompleteAudioError, short audio       at once, ``rejections`` attempts in all: each was paid for
    ConnectionError, ServerRestartingError  full jitter from ``back_off_seconds`` doubling to ``longest_seconds``
                                            (not less than was told); ``failures`` attempts, ``failing_seconds``
    any other KugelAudioError (5xx)         the same
    anything else                           never; it is our own bug
    ======================================  ==================================================================
    """

    failures: int = 5
    """Attempts at one segment that may fail for connection or server errors."""
    failing_seconds: float = 900.0
    """No attempt begins later than this after the first failure."""
    rejections: int = 3
    """Attempts at one segment that may come back short."""
    back_off_seconds: float = 0.5
    longest_seconds: float = 60.0
    rate_limited_seconds: float = 3600.0
    jitter_seconds: float = 0.25


def may_pass(error: BaseException) -> bool:
    """Whether trying again can help (see :class:`RetryPolicy`)."""
    return isinstance(error, KugelAudioError) and not isinstance(error, _FINAL)


class Patience:
    """How much of the policy one segment has used up."""

    def __init__(self, policy: RetryPolicy, clock: Callable[[], float] = time.monotonic) -> None:
        self._policy = policy
        self._clock = clock
        self._failures = self._rejections = 0
        self._failing_since: float | None = None
        self._limited_since: float | None = None

    def over(self, error: BaseException) -> bool:
        """Count an error; whether it was one too many."""
        now = self._clock()
        if isinstance(error, RateLimitError):
            self._limited_since = now if self._limited_since is None else self._limited_since
            return now - self._limited_since > self._policy.rate_limited_seconds
        self._limited_since = None
        if isinstance(error, IncompleteAudioError):
            self._rejections += 1
            return self._rejections >= self._policy.rejections
        self._failures += 1
        self._failing_since = now if self._failing_since is None else self._failing_since
        return self._failures >= self._policy.failures or now - self._failing_since > self._policy.failing_seconds

    def wait_seconds(self, error: BaseException, gate_seconds: float) -> float:
        """How long to wait after an error; ``gate_seconds``: until the limiter lets anybody start."""
        jitter = random.uniform(0, self._policy.jitter_seconds)  # noqa: S311 - spreads load
        told = getattr(error, "retry_after", None) or 0.0
        if isinstance(error, RateLimitError):
            return max(told, gate_seconds) + jitter
        if isinstance(error, IncompleteAudioError):
            return 0.0
        ceiling = min(self._policy.back_off_seconds * 2.0 ** (self._failures - 1), self._policy.longest_seconds)
        return told + random.uniform(0, ceiling)  # noqa: S311


def attempts(
    policy: RetryPolicy,
    *,
    gate_seconds: Callable[[], float],
    on_wait: Callable[[BaseException, float], None],
    sleep: Callable[[float], Awaitable[None]],
) -> tenacity.AsyncRetrying:
    """The attempts at one segment; ``on_wait`` hears the error and the seconds of each wait, ``sleep`` waits them."""
    patience = Patience(policy)
    return tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception(may_pass),
        stop=lambda state: patience.over(_error(state)),
        wait=lambda state: patience.wait_seconds(_error(state), gate_seconds()),
        before_sleep=lambda state: on_wait(_error(state), state.upcoming_sleep),
        sleep=sleep,
        reraise=True,
    )


def _error(state: tenacity.RetryCallState) -> BaseException:
    assert state.outcome is not None
    error = state.outcome.exception()
    assert error is not None
    return error
