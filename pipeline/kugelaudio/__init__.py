"""The KugelAudio API client. Usable alone; it imports nothing else of this package's parent."""

from pipeline.kugelaudio.errors import (
    AuthenticationError,
    InsufficientCreditsError,
    KugelAudioError,
    NotFoundError,
    RateLimitError,
    ServerRestartingError,
    ValidationError,
)
from pipeline.kugelaudio.errors import ConnectionError as KugelAudioConnectionError

__all__ = [
    "AuthenticationError",
    "InsufficientCreditsError",
    "KugelAudioConnectionError",
    "KugelAudioError",
    "NotFoundError",
    "RateLimitError",
    "ServerRestartingError",
    "ValidationError",
]
