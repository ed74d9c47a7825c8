"""Errors of the KugelAudio API, one class per thing a caller can do about it.

::

    KugelAudioError                the service failed, or answered what cannot be understood
    ├── AuthenticationError        the key is missing, invalid or revoked: stop
    ├── RateLimitError             too many requests: wait ``retry_after`` seconds
    ├── InsufficientCreditsError   the wallet is empty: top up
    ├── NotFoundError              no such voice, model, dictionary or entry
    ├── ValidationError            the request is wrong and will stay wrong
    │   └── TextTooLongError       over the character limit: cut the text, waiting never helps
    ├── IncompleteAudioError       the answer ended well but part of it is missing; ``partial`` has the rest
    └── ConnectionError            network, timeout, or the service is away: try again
        └── ServerRestartingError  a rolling deploy closed the socket (1012, 1013)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from pipeline.kugelaudio.audio import AudioResponse
    from pipeline.kugelaudio.models import SessionUsage


class KugelAudioError(Exception):
    """Any failure of the API. ``retry_after`` is in seconds.

    ``status_code`` and ``error_code`` are the service's where it told them, else those that the class stands for.
    """

    usual_message: ClassVar[str] = "The service failed"
    usual_status: ClassVar[int | None] = None
    usual_code: ClassVar[str | None] = None
    usual_retry_s: ClassVar[float | None] = None

    def __init__(
        self,
        message: str | None = None,
        *,
        status_code: int | None = None,
        error_code: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.message = message or self.usual_message
        super().__init__(self.message)
        self.status_code = self.usual_status if status_code is None else status_code
        self.error_code = error_code or self.usual_code
        self.request_id = request_id
        self.retry_after = self.usual_retry_s if retry_after is None else retry_after

    def __str__(self) -> str:
        return f"{self.message} (request_id: {self.request_id})" if self.request_id else self.message


class AuthenticationError(KugelAudioError):
    """The key is missing, invalid or revoked."""

    usual_message = "The API key is missing, invalid or revoked"
    usual_status = 401
    usual_code = "UNAUTHORIZED"


class RateLimitError(KugelAudioError):
    """Too many requests, or too many at once."""

    usual_message = "Too many requests"
    usual_status = 429
    usual_code = "RATE_LIMITED"


class InsufficientCreditsError(KugelAudioError):
    """The organisation's wallet is empty."""

    usual_message = "The wallet is empty"
    usual_status = 402
    usual_code = "INSUFFICIENT_CREDITS"


class NotFoundError(KugelAudioError):
    """The voice, model, dictionary or entry does not exist or is not visible to this key."""

    usual_message = "Not found"
    usual_status = 404
    usual_code = "NOT_FOUND"


class ValidationError(KugelAudioError):
    """The request is malformed or a parameter is out of range."""

    usual_message = "The request is not valid"
    usual_status = 400
    usual_code = "VALIDATION_ERROR"


class TextTooLongError(ValidationError):
    """The text is over the character limit of the tier or the model (413, or the other meaning of 429)."""

    usual_message = "The text is over the character limit"
    usual_status = 413
    usual_code = "TEXT_TOO_LONG"


class IncompleteAudioError(KugelAudioError):
    """The server said it was done, yet audio or timestamps are missing.

    It was probably billed: ``usage`` is what the server said of that. ``partial`` holds the audio that did arrive
    where the whole answer was being collected.
    """

    partial: AudioResponse | None = None
    usage: SessionUsage | None = None


class ConnectionError(KugelAudioError):  # noqa: A001 - the API's own name; exported as KugelAudioConnectionError
    """The network failed, a time limit passed, or the service is unavailable."""

    usual_message = "The service is unavailable"
    usual_status = 503


class ServerRestartingError(ConnectionError):
    """The server closed the socket for a rolling deploy; it asks to come back in ``retry_after`` seconds."""

    usual_message = "The server is restarting"
    usual_retry_s = 1.0
