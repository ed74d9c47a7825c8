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
    KugelAudioConnectionError,
    KugelAudioError,
    NotFoundError,
    RateLimitError,
    ValidationError,
)

_FINAL = (AuthenticationError, InsufficientCreditsError, ValidationError, NotFoundError)


class ShortAudioError(IncompleteAudioError):
    """The engine answered, but with audio that cannot stand for the text; worth another attempt, within bounds."""

    usual_code = "SHORT_AUDIO"


class OutOfReachError(KugelAudioConnectionError):
    """The service could not be reached: the request never left, so that nothing can have been charged for it."""


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
    OutOfReachError                         when the limiter's gate opens, which holds everyone, plus jitter;
                                            counts as no failure; the run ends after ``failing_seconds`` of it
    IncompleteAudioError, short audio       at once, ``rejections`` attempts in all: each was paid for
    ConnectionError, ServerRestartingError  full jitter from ``back_off_seconds`` doubling to ``longest_seconds``
                                            (not less than was told); ``failures`` attempts, none of them later
                                            than ``failing_seconds`` after the first failure
    any other KugelAudioError (5xx)         the same
    anything else                           never; it is our own bug
    ======================================  ==================================================================
    """

    failures: int = 5
    """Attempts at one segment that may fail for connection or server errors."""
    failing_seconds: float = 900.0
    rejections: int = 3
    """Attempts at one segment that may come back short."""
    back_off_seconds: float = 2.0
    """At most so long before the second attempt. Others are made meanwhile: a batch loses nothing by patience, and five
    attempts outlast what a service usually takes to come back."""
    longest_seconds: float = 60.0
    rate_limited_seconds: float = 3600.0
    jitter_seconds: float = 0.25


def may_pass(error: BaseException) -> bool:
    """Whether trying again can help (see :class:`RetryPolicy`)."""
    return isinstance(error, KugelAudioError) and not isinstance(error, _FINAL)


class Patience:
    """How much of the policy one segment has used up: :meth:`note` each error, then look at ``over`` and ``seconds``.

    Noting is one step, since the answers of tenacity's callbacks must not depend on the order in which it asks.
    """

    def __init__(self, policy: RetryPolicy, clock: Callable[[], float] = time.monotonic) -> None:
        self._policy = policy
        self._clock = clock
        self._failures = self._rejections = 0
        self._failing_since: float | None = None
        self._limited_since: float | None = None
        self.over = False
        """Whether the last error was one too many."""
        self.seconds = 0.0
        """How long to wait after the last error."""

    def note(self, error: BaseException, gate_seconds: float) -> None:
        """Count an error; ``gate_seconds``: until the limiter lets anybody start."""
        policy, now = self._policy, self._clock()
        jitter = random.uniform(0, policy.jitter_seconds)  # noqa: S311 - spreads load
        told = getattr(error, "retry_after", None) or 0.0
        if isinstance(error, RateLimitError):
            self._limited_since = now if self._limited_since is None else self._limited_since
            self.seconds = max(told, gate_seconds) + jitter
            self.over = now - self._limited_since > policy.rate_limited_seconds
            return
        self._limited_since = None
        if isinstance(error, OutOfReachError):
            self.seconds, self.over = gate_seconds + jitter, False
        elif isinstance(error, IncompleteAudioError):
            self._rejections += 1
            self.seconds, self.over = 0.0, self._rejections >= policy.rejections
        else:
            self._failing_since = now if self._failing_since is None else self._failing_since
            ceiling = min(policy.back_off_seconds * 2.0**self._failures, policy.longest_seconds)
            self._failures += 1
            self.seconds = told + random.uniform(0, ceiling)  # noqa: S311
            late = now + self.seconds - self._failing_since > policy.failing_seconds
            self.over = late or self._failures >= policy.failures


def attempts(
    policy: RetryPolicy,
    *,
    gate_seconds: Callable[[], float],
    on_wait: Callable[[BaseException, float], None],
    sleep: Callable[[float], Awaitable[None]],
) -> tenacity.AsyncRetrying:
    """The attempts at one segment; ``on_wait`` hears the error and the seconds of each wait, ``sleep`` waits them."""
    patience = Patience(policy)

    def retry(error: BaseException) -> bool:
        if not may_pass(error):
            return False
        patience.note(error, gate_seconds())
        return True

    return tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception(retry),  # asked first, and once for each attempt
        stop=lambda _state: patience.over,
        wait=lambda _state: patience.seconds,
        before_sleep=lambda state: on_wait(_error(state), state.upcoming_sleep),
        sleep=sleep,
        reraise=True,
    )


def _error(state: tenacity.RetryCallState) -> BaseException:
    assert state.outcome is not None
    error = state.outcome.exception()
    assert error is not None
    return error
