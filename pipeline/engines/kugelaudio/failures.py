"""What a failure of the API means for a command that needs an answer: one table of exit codes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.errors import AuthenticationStopped, NarrateError, SegmentsFailed, SpendingStopped, UsageError
from pipeline.kugelaudio import (
    AuthenticationError,
    InsufficientCreditsError,
    KugelAudioConnectionError,
    KugelAudioError,
    NotFoundError,
    RateLimitError,
    ValidationError,
)
from pipeline.kugelaudio.configuration import KEY_VARIABLE, URL_VARIABLE

_UNREACHED = (
    f"check the network, and --api-url or {URL_VARIABLE} where one is given (`narrate serve` says when it is ready)"
)


def as_narrate_error(error: KugelAudioError) -> NarrateError:
    """The user-facing error for an error of the API.

    =========================  ====  =============================================
    AuthenticationError        5     the key is refused
    InsufficientCreditsError   4     the wallet is empty
    ValidationError, NotFound  2     what was asked for cannot be
    RateLimitError             3     the provider asks to come back later
    ConnectionError            3     the provider is not there
    any other                  3     the provider failed
    =========================  ====  =============================================
    """
    message = str(error)
    if isinstance(error, AuthenticationError):
        return AuthenticationStopped(message, hint=f"check the key in {KEY_VARIABLE}")
    if isinstance(error, InsufficientCreditsError):
        return SpendingStopped(message, hint="top up the wallet, then run again")
    if isinstance(error, ValidationError | NotFoundError):
        return UsageError(message)
    if isinstance(error, RateLimitError):
        wait = "a minute" if error.retry_after is None else f"{error.retry_after:g} s"
        return SegmentsFailed(message, hint=f"run again in {wait}; `tier` in the manifest must be the organisation's")
    if isinstance(error, KugelAudioConnectionError):
        return SegmentsFailed(message, hint=_UNREACHED)
    return SegmentsFailed(message, hint="the provider failed; run again later")


@contextmanager
def told_to_the_user() -> Iterator[None]:
    """Raise what the API raises as the user-facing error that it means."""
    try:
        yield
    except KugelAudioError as error:
        raise as_narrate_error(error) from error
