"""The errors of the API: one value for what HTTP says in status and body and a WebSocket in a frame or close code."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A refusal or failure that the caller is told. ``status`` is HTTP's; ``retry_after`` is whole seconds.

    ``detail`` is set where the body is FastAPI's ``{"detail": [...]}`` (a body or query that breaks the schema).
    """

    def __init__(
        self,
        status: int,
        error_code: str,
        message: str,
        *,
        retry_after: int | None = None,
        detail: list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error_code = error_code
        self.message = message
        self.retry_after = retry_after
        self.detail = detail
        self.by_closing = False
        """Whether a fault wants a WebSocket closed with a code instead of a frame."""

    def body(self) -> dict[str, Any]:
        """The HTTP body: the envelope, or ``detail`` for what breaks the schema."""
        if self.detail is not None:
            return {"detail": self.detail}
        return {"error": self.message, "error_code": self.error_code, "code": self.status}

    def headers(self) -> dict[str, str]:
        """``Retry-After``, where there is a time to tell."""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}

    def frame(self, request_id: str) -> dict[str, Any]:
        """The WebSocket frame; it never tells a time to wait (API: "Retry-After header on HTTP; not in the body")."""
        status, code = (400, "VALIDATION_ERROR") if self.detail is not None else (self.status, self.error_code)
        return {"error": self.message, "error_code": code, "code": status, "request_id": request_id}

    @property
    def close_code(self) -> int | None:
        """The code with which a socket is closed after the frame; None: it stays open for the next request."""
        return CLOSE_CODES.get(self.error_code)


CLOSE_CODES = {"UNAUTHORIZED": 4001, "INSUFFICIENT_CREDITS": 4003, "MODEL_UNAVAILABLE": 4500}
"""After these a socket is of no more use. ``RATE_LIMITED`` (4029) and others (4000) close only as a fault asks."""

FAULT_CLOSE_CODES = {**CLOSE_CODES, "RATE_LIMITED": 4029}
"""What a refusal closes with where a fault wants a close code instead of a frame; anything else is 4000."""


def invalid(message: str) -> ApiError:
    """400: the request is well formed and makes no sense."""
    return ApiError(400, "VALIDATION_ERROR", message)


def missing_voice() -> ApiError:
    """400: speech without a voice."""
    return ApiError(400, "MISSING_VOICE_ID", "voice_id is required")


def unauthorized(message: str = "Invalid API key") -> ApiError:
    """401: no key, a wrong one, or one that was revoked."""
    return ApiError(401, "UNAUTHORIZED", message)


def insufficient_credits() -> ApiError:
    """402: the wallet does not cover the generation."""
    return ApiError(402, "INSUFFICIENT_CREDITS", "Insufficient credits: top up the wallet to go on")


def not_found(what: str) -> ApiError:
    """404: it does not exist, or not for this caller."""
    return ApiError(404, "NOT_FOUND", f"{what} not found")


def too_long_http(characters: int, limit: int) -> ApiError:
    """413: more characters than the tier takes in one request (REST)."""
    return ApiError(413, "TEXT_TOO_LONG", f"Text of {characters} characters exceeds the character limit of {limit}")


def too_long_socket(characters: int, limit: int) -> ApiError:
    """429 with the character limit in its text: how a WebSocket says 413."""
    message = f"Text of {characters} characters exceeds the character limit of {limit} per request"
    return ApiError(429, "RATE_LIMITED", message)


def rate_limited(message: str, retry_after: int | None) -> ApiError:
    """429: too many requests, generations or connections."""
    return ApiError(429, "RATE_LIMITED", message, retry_after=retry_after)


def too_many_contexts(limit: int) -> ApiError:
    """429: more contexts on one socket than it takes."""
    return ApiError(429, "TOO_MANY_CONTEXTS", f"At most {limit} contexts can be open on one connection")


def internal(message: str = "Generation failed") -> ApiError:
    """500: it broke."""
    return ApiError(500, "INTERNAL_ERROR", message)


def empty_audio() -> ApiError:
    """500: nothing audible came out."""
    return ApiError(500, "EMPTY_AUDIO", "The generation produced no audio")


def unavailable(message: str = "The model is temporarily unavailable") -> ApiError:
    """503: try again shortly."""
    return ApiError(503, "MODEL_UNAVAILABLE", message)


def unprocessable(detail: list[dict[str, Any]]) -> ApiError:
    """422: the body or query breaks the schema; ``detail`` is FastAPI's list."""
    message = "; ".join(f"{'.'.join(map(str, item['loc'][1:]))}: {item['msg']}" for item in detail)
    return ApiError(422, "VALIDATION_ERROR", message, detail=detail)
