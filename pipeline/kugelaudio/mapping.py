"""Every way the service says no, turned into our errors: the one place that knows.

========================================  ==============================================
signal                                    error
========================================  ==============================================
413, or 429 naming the character limit    TextTooLongError
UNAUTHORIZED, 401, close 4001,            AuthenticationError
handshake 401 or 403
INSUFFICIENT_CREDITS, 402, close 4003     InsufficientCreditsError
RATE_LIMITED, TOO_MANY_CONTEXTS, 429,     RateLimitError
close 4029
NOT_FOUND, 404                            NotFoundError
VALIDATION_ERROR, MISSING_VOICE_ID,       ValidationError
400, 422
MODEL_UNAVAILABLE, 503, close 4500        ConnectionError
close 1012, 1013                          ServerRestartingError (``retry_after`` 1 s)
close 4000 and every other close,         ConnectionError
network failures, time limits
INTERNAL_ERROR, EMPTY_AUDIO, other 4xx    KugelAudioError
and 5xx
========================================  ==============================================

Where status and ``error_code`` speak of different errors the first of ``PRECEDENCE`` counts, as in the provider's
SDK 2.7.0. Sources: the provider's error table and close codes, and the wire behaviour of that SDK; 413 and the second
meaning of 429 from its guide to rate limits.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final

import orjson

from pipeline.kugelaudio.errors import (
    AuthenticationError,
    ConnectionError,  # noqa: A004 - the API's own name
    InsufficientCreditsError,
    KugelAudioError,
    NotFoundError,
    RateLimitError,
    ServerRestartingError,
    TextTooLongError,
    ValidationError,
)

RESTART_RETRY_S: Final = 1.0
"""Seconds to wait after 1012 or 1013, which carry no hint of their own."""

BY_ERROR_CODE: Final[dict[str, tuple[type[KugelAudioError], int]]] = {
    "UNAUTHORIZED": (AuthenticationError, 401),
    "INSUFFICIENT_CREDITS": (InsufficientCreditsError, 402),
    "RATE_LIMITED": (RateLimitError, 429),
    "TOO_MANY_CONTEXTS": (RateLimitError, 429),
    "NOT_FOUND": (NotFoundError, 404),
    "VALIDATION_ERROR": (ValidationError, 400),
    "MISSING_VOICE_ID": (ValidationError, 400),
    "MODEL_UNAVAILABLE": (ConnectionError, 503),
    "INTERNAL_ERROR": (KugelAudioError, 500),
    "EMPTY_AUDIO": (KugelAudioError, 500),
}
BY_STATUS: Final[dict[int, type[KugelAudioError]]] = {
    400: ValidationError,
    401: AuthenticationError,
    402: InsufficientCreditsError,
    404: NotFoundError,
    413: TextTooLongError,
    422: ValidationError,
    429: RateLimitError,
    503: ConnectionError,
}
PRECEDENCE: Final = (
    TextTooLongError,
    AuthenticationError,
    InsufficientCreditsError,
    RateLimitError,
    ValidationError,
    ConnectionError,
    NotFoundError,
)
BY_CLOSE_CODE: Final[dict[int, tuple[type[KugelAudioError], str, str | None]]] = {
    1012: (ServerRestartingError, "The server is restarting", None),
    1013: (ServerRestartingError, "The server is restarting", None),
    4000: (ConnectionError, "The generation failed", "INTERNAL_ERROR"),
    4001: (AuthenticationError, "The API key was refused", None),
    4003: (InsufficientCreditsError, "The wallet is empty", None),
    4029: (RateLimitError, "Too many requests", None),
    4500: (ConnectionError, "The model is unavailable", "MODEL_UNAVAILABLE"),
}
"""The error, what to say, and the ``error_code`` that a frame would have had where the class has none of its own: with
one it is the service that failed, without one the connection went."""

_LONGEST_MESSAGE = 500
_CHARACTER_LIMIT = re.compile(r"\bcharacters?\b|\btext (?:is )?too long\b|\binput length\b", re.IGNORECASE)
_OVER_TIME = re.compile(r"\bper (?:second|minute|hour|day|month)\b|/\s?(?:s|min|h)\b", re.IGNORECASE)


def names_character_limit(message: str) -> bool:
    """Say whether a 429's text speaks of the length of one request rather than of how often one may ask."""
    return bool(_CHARACTER_LIMIT.search(message)) and not _OVER_TIME.search(message)


def from_answer(
    status: int | None,
    error_code: str | None,
    message: str,
    *,
    request_id: str | None = None,
    retry_after: float | None = None,
) -> KugelAudioError:
    """Choose the error for a status and a code, most specific first; either may be missing."""
    by_code, usual_status = BY_ERROR_CODE.get(error_code or "", (None, None))
    # 422 is FastAPI's word for a request that breaks the schema: a code that says more about it counts for more
    by_status = None if status == 422 and by_code in PRECEDENCE else BY_STATUS.get(status or 0)
    kind = next((kind for kind in PRECEDENCE if kind in {by_code, by_status}), KugelAudioError)
    if kind is RateLimitError and error_code != "TOO_MANY_CONTEXTS" and names_character_limit(message):
        kind = TextTooLongError
    fallback = f"The server answered {status}" if kind is KugelAudioError and status else None
    return kind(
        message.strip()[:_LONGEST_MESSAGE] or fallback,
        status_code=status or usual_status,
        error_code=error_code,
        request_id=request_id,
        retry_after=None if kind is TextTooLongError else retry_after,
    )


def from_http(status: int, headers: Mapping[str, str], body: bytes) -> KugelAudioError:
    """Map an HTTP answer of 400 or above: the error envelope, FastAPI's ``detail``, or plain text.

    ``headers`` must look names up without regard to case (httpx and websockets both do).
    """
    error_code, message, hint = None, "", None
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        message = body.decode("utf-8", "replace")
    else:
        if isinstance(answer, dict):
            error_code = _text(answer.get("error_code"))
            message = _message(answer.get("error")) or _message(answer.get("detail"))
            hint = _seconds(answer.get("retry_after"))
        elif isinstance(answer, str):
            message = answer
    return from_answer(
        status,
        error_code,
        message,
        request_id=headers.get("x-request-id") or None,
        retry_after=hint if hint is not None else retry_after_s(headers.get("retry-after")),
    )


def from_frame(frame: Mapping[str, Any]) -> KugelAudioError:
    """Map a WebSocket error frame ``{error, error_code?, code?, request_id?, retry_after?}``."""
    code = frame.get("code")
    return from_answer(
        code if isinstance(code, int) else None,
        _text(frame.get("error_code")),
        _message(frame.get("error")),
        request_id=_text(frame.get("request_id")),
        retry_after=_seconds(frame.get("retry_after")),
    )


def from_close(code: int | None, reason: str = "") -> KugelAudioError:
    """Map the close of a socket that still owed an answer. 1000 and 1006 are cuts like any other then."""
    kind, message, error_code = BY_CLOSE_CODE.get(
        code or 1006, (ConnectionError, "The connection was closed before the answer was complete", None)
    )
    detail = ", ".join(part for part in (f"close code {code}" if code else "", reason.strip()) if part)
    return kind(
        f"{message} ({detail[:_LONGEST_MESSAGE]})" if detail else message,
        error_code=error_code,
        retry_after=RESTART_RETRY_S if kind is ServerRestartingError else None,
    )


def from_handshake(status: int, headers: Mapping[str, str], body: bytes) -> KugelAudioError:
    """Map a refused WebSocket upgrade; there the server says 403 for a bad key, which is a 401 like any other."""
    error = from_http(status, headers, body)
    if status != 403:
        return error
    return AuthenticationError(request_id=error.request_id, retry_after=error.retry_after)


def unreachable(doing: str, cause: BaseException) -> ConnectionError:
    """Map a failure of the network; the cause's own text stays out since it may hold a URL with the key."""
    return ConnectionError(f"Could not reach the service while {doing}: {type(cause).__name__}")


def timed_out(doing: str, limit_s: float) -> ConnectionError:
    """Map a time limit that passed."""
    return ConnectionError(f"No answer within {limit_s:g} s while {doing}", error_code="TIMEOUT")


def retry_after_s(header: str | None, now_s: float | None = None) -> float | None:
    """Read a ``Retry-After`` header, seconds or HTTP date (RFC 9110 section 10.2.3); None where it says nothing."""
    if not header:
        return None
    seconds = _seconds(header)
    if seconds is not None:
        return seconds
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(0.0, at.timestamp() - (time.time() if now_s is None else now_s))


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        seconds = float(value)
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _message(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(_complaint(item) for item in value)
    return value if isinstance(value, str) else ""


def _complaint(item: object) -> str:
    """One line of FastAPI's list, ``body.speed: Input should be …``."""
    if not isinstance(item, dict):
        return str(item)
    parts = item.get("loc")
    place = ".".join(str(part) for part in parts if part != "body") if isinstance(parts, list) else ""
    text = str(item.get("msg", "not valid"))
    return f"{place}: {text}" if place else text
