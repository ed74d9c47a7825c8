"""The clients: :class:`KugelAudio` for ordinary code, :class:`AsyncKugelAudio` for coroutines."""

from __future__ import annotations

from types import TracebackType
from typing import Self, TypedDict, Unpack

from pipeline.kugelaudio.configuration import TimeLimits, configure
from pipeline.kugelaudio.loop_thread import LoopThread
from pipeline.kugelaudio.models import DEFAULT_MODEL
from pipeline.kugelaudio.rest.resources import (
    AsyncDictionaries,
    AsyncModels,
    AsyncVoices,
    Dictionaries,
    Models,
    Voices,
)
from pipeline.kugelaudio.rest.transport import AwaitingTransport, BlockingTransport
from pipeline.kugelaudio.trace import Tracer
from pipeline.kugelaudio.tts import TTS, AsyncTTS


class Options(TypedDict, total=False):
    """What else a client takes; defaults and meaning are those of :func:`configure`."""

    api_url: str | None
    tts_url: str | None
    region: str | None
    limits: TimeLimits | None
    ping_interval_s: float | None
    max_sockets: int
    key_in_query: bool
    restarts: int


class AsyncKugelAudio:
    """The API from coroutines; ``async with`` closes it. One client serves any number of tasks at once."""

    def __init__(self, api_key: str | None = None, *, trace: Tracer | None = None, **options: Unpack[Options]) -> None:
        self._configuration = configure(api_key, **options)
        self._transport = AwaitingTransport(self._configuration, trace)
        self.models = AsyncModels(self._transport)
        self.voices = AsyncVoices(self._transport)
        self.dictionaries = AsyncDictionaries(self._transport)
        self.tts = AsyncTTS(self._configuration, trace)

    async def close(self) -> None:
        """Close every connection of the running event loop."""
        await self.tts.close()
        await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(api_url={self._configuration.api_url!r})"


class KugelAudio:
    """The API from ordinary code; ``with`` closes it. One client serves any number of threads at once.

    The key comes from ``api_key`` or ``KUGELAUDIO_API_KEY``, and may carry a region (``eu-ka_…``).
    """

    def __init__(self, api_key: str | None = None, *, trace: Tracer | None = None, **options: Unpack[Options]) -> None:
        self._configuration = configure(api_key, **options)
        self._transport = BlockingTransport(self._configuration, trace)
        self._thread = LoopThread()
        self.models = Models(self._transport)
        self.voices = Voices(self._transport)
        self.dictionaries = Dictionaries(self._transport)
        self.tts = TTS(AsyncTTS(self._configuration, trace), self._thread)

    @classmethod
    async def create(
        cls, api_key: str | None = None, *, model: str = DEFAULT_MODEL, **options: Unpack[Options]
    ) -> KugelAudio:
        """Return a client with a socket already open on the running event loop, for the ``_async`` methods."""
        client = cls(api_key, **options)
        await client.connect_async(model)
        return client

    def connect(self, model: str = DEFAULT_MODEL) -> None:
        """Open a socket ahead of the first request."""
        self.tts.connect(model)

    async def connect_async(self, model: str = DEFAULT_MODEL) -> None:
        """Open a socket ahead of the first awaited request."""
        await self.tts.connect_async(model)

    def is_connected(self) -> bool:
        """Whether an open socket waits for work."""
        return self.tts.is_connected()

    def close(self) -> None:
        """Close every connection of the blocking form and end its thread. The client may be used again."""
        self.tts.close()
        self._thread.stop()
        self._transport.close()

    async def aclose(self) -> None:
        """Close the sockets of the running event loop, then everything else."""
        await self.tts.close_async()
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(api_url={self._configuration.api_url!r})"
