"""When an attempt is repeated: one policy for every engine."""

from __future__ import annotations

from collections.abc import Callable

import tenacity

from pipeline.kugelaudio import (
    AuthenticationError,
    InsufficientCreditsError,
    KugelAudioError,
    NotFoundError,
    RateLimitError,
    ValidationError,
)

MAX_FAILURES = 5
"""Attempts of one segment that may fail for connection or server errors."""
MAX_WAIT_SECONDS = 60.0
"""No single back-off is longer."""
GIVE_UP_SECONDS = 900.0
"""A segment that only ever meets rate limits is given up after this long."""
_RATE_LIMIT_SECONDS = 5.0
"""What to wait where a rate limit does not say: a WebSocket offers no Retry-After (KugelAudio API, "WebSockets")."""

_FINAL = (AuthenticationError, InsufficientCreditsError, ValidationError, NotFoundError)


def may_pass(error: BaseException) -> bool:
    """Whether trying again can help.

    ======================================  ==========================================================
    AuthenticationError                     no; the run stops (exit 5)
    InsufficientCreditsError                no; no new work, what is in flight is finished (exit 4)
    ValidationError, NotFoundError          no; the segment fails, the others go on (exit 3)
    RateLimitError                          after ``retry_after`` (else 5 s) plus jitter; counts as no failure
    ConnectionError, ServerRestartingError  with full jitter, at most 5 failures
    any other KugelAudioError (5xx)         with full jitter, at most 5 failures
    anything else                           no; it is our own bug
    ======================================  ==========================================================
    """
    return isinstance(error, KugelAudioError) and not isinstance(error, _FINAL)


def attempts(on_wait: Callable[[BaseException, float], None]) -> tenacity.AsyncRetrying:
    """The attempts at one segment by :func:`may_pass`; ``on_wait`` hears the error and the seconds of each wait."""
    jitter = tenacity.wait_random(0, 1)
    back_off = tenacity.wait_random_exponential(multiplier=0.5, max=MAX_WAIT_SECONDS)
    failures = 0

    def wait(state: tenacity.RetryCallState) -> float:
        error = _error(state)
        if isinstance(error, RateLimitError):
            told = error.retry_after if error.retry_after is not None else _RATE_LIMIT_SECONDS
            return min(told, GIVE_UP_SECONDS) + jitter(state)
        return back_off(state)

    def stop(state: tenacity.RetryCallState) -> bool:
        nonlocal failures
        if isinstance(_error(state), RateLimitError):
            return (state.seconds_since_start or 0) > GIVE_UP_SECONDS
        failures += 1
        return failures >= MAX_FAILURES

    def before_sleep(state: tenacity.RetryCallState) -> None:
        on_wait(_error(state), state.upcoming_sleep)

    return tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception(may_pass), wait=wait, stop=stop, before_sleep=before_sleep, reraise=True
    )


def _error(state: tenacity.RetryCallState) -> BaseException:
    assert state.outcome is not None
    error = state.outcome.exception()
    assert error is not None
    return error
