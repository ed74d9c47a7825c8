"""Streaming sessions from ordinary code: the same session, run on the client's own event loop."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from types import TracebackType
from typing import Any, Self, Unpack

from pipeline.kugelaudio.audio import AudioChunk
from pipeline.kugelaudio.loop_thread import LoopThread
from pipeline.kugelaudio.models import SessionUsage, StreamConfig, WordTimestamp
from pipeline.kugelaudio.speech.parameters import SessionParameters, Settings
from pipeline.kugelaudio.speech.session import StreamingSession


class StreamingSessionSync:
    """A :class:`StreamingSession` whose methods block and return lists."""

    def __init__(self, session: StreamingSession, thread: LoopThread) -> None:
        self._session = session
        self._thread = thread

    @property
    def last_usage(self) -> SessionUsage | None:
        """What the last turn that ended has cost; None before."""
        return self._session.last_usage

    @property
    def last_final(self) -> dict[str, Any] | None:
        """The frame that ended the audio of the last turn; None before."""
        return self._session.last_final

    @property
    def last_word_timestamps(self) -> list[WordTimestamp]:
        """The words of the turn so far, or of the last one."""
        return self._session.last_word_timestamps

    def send(self, text: str, flush: bool = False) -> list[AudioChunk]:
        """Add text to the turn and return the audio that is there; with ``flush`` all of the turn's."""
        return self._gather(self._session.send(text, flush))

    def flush(self) -> list[AudioChunk]:
        """Have everything spoken that was sent, and return the audio."""
        return self._gather(self._session.flush())

    def drain(self) -> list[AudioChunk]:
        """End the turn and return the rest of its audio."""
        return self._gather(self._session.drain())

    def end_session(self) -> dict[str, Any]:
        """End the turn, dropping audio that was not fetched, and return its account."""
        return self._thread.run(self._session.end_session())

    end = end_session

    def cancel_current(self) -> None:
        """Stop speaking at once."""
        self._thread.run(self._session.cancel_current())

    def update_config(self, config: StreamConfig | None = None, **fields: Unpack[SessionParameters]) -> None:
        """Use another configuration from the next turn on."""
        self._session.update_config(config, **fields)

    def update_settings(self, **settings: Unpack[Settings]) -> dict[str, Any]:
        """Change settings from the next turn on and return those in force."""
        return self._thread.run(self._session.update_settings(**settings))

    def close(self) -> dict[str, Any]:
        """End the turn and close the socket; return the account of the last turn."""
        return self._thread.run(self._session.close())

    def __enter__(self) -> Self:
        self._thread.run(self._session.connect())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.run(self._session.__aexit__(kind, error, trace))

    def _gather(self, chunks: AsyncGenerator[AudioChunk, None]) -> list[AudioChunk]:
        return self._thread.run(_collected(chunks))


async def _collected(chunks: AsyncGenerator[AudioChunk, None]) -> list[AudioChunk]:
    return [chunk async for chunk in chunks]
