"""Keep the key out of everything a person or a log file may read."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pipeline.kugelaudio.errors import KugelAudioError

E = TypeVar("E", bound=KugelAudioError)

HIDDEN = "***"
_IN_QUERY = re.compile(r"(api_key=)[^&\s\"'>]+", re.IGNORECASE)


class ApiKey:
    """A key that prints as stars. ``reveal`` is for the one place that puts it on the wire."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the key itself."""
        return self._value

    def redact(self, text: str) -> str:
        """Replace the key, and whatever stands in an ``api_key=`` query, by stars."""
        if self._value:
            text = text.replace(self._value, HIDDEN)
        return _IN_QUERY.sub(rf"\1{HIDDEN}", text)

    def clean(self, error: E) -> E:
        """Take the key out of an error: servers have been seen to repeat what they refuse."""
        error.message = self.redact(error.message)
        error.args = (error.message,)
        return error

    def headers(self) -> dict[str, str]:
        """Return the headers that authenticate a request, REST or WebSocket handshake."""
        return {"Authorization": f"Bearer {self._value}", "X-API-Key": self._value}

    def __repr__(self) -> str:
        return f"ApiKey({HIDDEN!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        msg = "an API key is not pickled"
        raise TypeError(msg)


class RedactingLogger(logging.LoggerAdapter[logging.Logger]):
    """A logger that formats each record first and takes the key out of it (websockets logs handshake headers)."""

    def __init__(self, logger: logging.Logger, key: ApiKey) -> None:
        super().__init__(logger, {})
        self._key = key

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """Log ``msg % args`` without the key; tracebacks are left out since they could name it."""
        if not self.isEnabledFor(level):
            return
        values = args[0] if len(args) == 1 and isinstance(args[0], Mapping) and args[0] else args
        text = str(msg) % values if args else str(msg)
        kwargs.pop("exc_info", None)
        self.logger.log(level, "%s", self._key.redact(text), **kwargs)
