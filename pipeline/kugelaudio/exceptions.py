"""The errors under the module name that the API's documentation gives them."""

from pipeline.kugelaudio.errors import (
    AuthenticationError,
    ConnectionError,  # noqa: A004 - the API's own name
    IncompleteAudioError,
    InsufficientCreditsError,
    KugelAudioError,
    NotFoundError,
    RateLimitError,
    ServerRestartingError,
    TextTooLongError,
    ValidationError,
)

__all__ = [
    "AuthenticationError",
    "ConnectionError",
    "IncompleteAudioError",
    "InsufficientCreditsError",
    "KugelAudioError",
    "NotFoundError",
    "RateLimitError",
    "ServerRestartingError",
    "TextTooLongError",
    "ValidationError",
]
