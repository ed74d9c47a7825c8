"""Send a call and wait for it: blocking or awaiting, the same but for the waiting.

httpx is imported on the first request: speech alone does not need it.
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, TypeVar

from pipeline.kugelaudio.configuration import Configuration, is_loopback
from pipeline.kugelaudio.errors import KugelAudioError
from pipeline.kugelaudio.mapping import timed_out, unreachable
from pipeline.kugelaudio.rest.call import Call, result
from pipeline.kugelaudio.trace import CallTrace, Tracer

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")


class BlockingTransport:
    """REST from ordinary code; safe to share between threads."""

    def __init__(self, configuration: Configuration, trace: Tracer | None = None) -> None:
        self._configuration = configuration
        self._trace = trace
        self._lock = threading.Lock()
        self._http: httpx.Client | None = None

    def send(self, call: Call[T]) -> T:
        """Carry a call out. Raises the error that the answer, or the lack of one, means."""
        import httpx  # noqa: PLC0415 - see the module

        trace = CallTrace.begin(self._trace, f"{call.method} {call.path}")
        try:
            answer = self._client().request(**_request(call, self._configuration))
        except httpx.HTTPError as error:
            raise trace.failed(_failure(error, call, self._configuration)) from None
        return _outcome(call, answer, trace, self._configuration)

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        with self._lock:
            http, self._http = self._http, None
        if http is not None:
            http.close()

    def _client(self) -> httpx.Client:
        import httpx  # noqa: PLC0415 - see the module

        with self._lock:
            if self._http is None:
                self._http = httpx.Client(**_options(self._configuration))
            return self._http


class AwaitingTransport:
    """REST from coroutines; each event loop has its own connections."""

    def __init__(self, configuration: Configuration, trace: Tracer | None = None) -> None:
        self._configuration = configuration
        self._trace = trace
        self._loop: asyncio.AbstractEventLoop | None = None
        self._http: httpx.AsyncClient | None = None

    async def send(self, call: Call[T]) -> T:
        """Carry a call out. Raises the error that the answer, or the lack of one, means."""
        import httpx  # noqa: PLC0415 - see the module

        trace = CallTrace.begin(self._trace, f"{call.method} {call.path}")
        try:
            answer = await self._client().request(**_request(call, self._configuration))
        except httpx.HTTPError as error:
            raise trace.failed(_failure(error, call, self._configuration)) from None
        return _outcome(call, answer, trace, self._configuration)

    async def close(self) -> None:
        """Close the connections of the running loop."""
        http, self._http = self._http, None
        if http is not None and self._loop is asyncio.get_running_loop():
            await http.aclose()

    def _client(self) -> httpx.AsyncClient:
        import httpx  # noqa: PLC0415 - see the module

        loop = asyncio.get_running_loop()
        if self._http is None or self._loop is not loop:
            self._http, self._loop = httpx.AsyncClient(**_options(self._configuration)), loop
        return self._http


def _options(configuration: Configuration) -> dict[str, Any]:
    import httpx  # noqa: PLC0415 - see the module

    limits = configuration.limits
    return {
        "base_url": configuration.api_url,
        "timeout": httpx.Timeout(limits.rest_s, connect=limits.connect_s),
        "limits": httpx.Limits(keepalive_expiry=50.0),
        "follow_redirects": False,
        "trust_env": not is_loopback(configuration.api_url),
    }


def _request(call: Call[T], configuration: Configuration) -> dict[str, Any]:
    request: dict[str, Any] = {
        "method": call.method,
        "url": call.path,
        "params": dict(call.query) or None,
        "headers": {**configuration.key.headers(), "Accept": "application/json"},
    }
    if call.parts:
        request["files"] = list(call.parts)
    elif (content := call.content()) is not None:
        request["content"] = content
        request["headers"]["Content-Type"] = "application/json"
    return request


def _outcome(call: Call[T], answer: httpx.Response, trace: CallTrace, configuration: Configuration) -> T:
    trace.answered(answer.status_code, answer.headers)
    try:
        return result(call, answer.status_code, answer.headers, answer.content)
    except KugelAudioError as error:
        trace.failed(configuration.key.clean(error))
        raise


def _failure(error: httpx.HTTPError, call: Call[T], configuration: Configuration) -> KugelAudioError:
    import httpx  # noqa: PLC0415 - see the module

    doing = f"asking {call.method} {call.path}"
    if isinstance(error, httpx.ConnectTimeout):
        return timed_out(doing, configuration.limits.connect_s)
    if isinstance(error, httpx.TimeoutException):
        return timed_out(doing, configuration.limits.rest_s)
    return unreachable(doing, error)
