"""``/ws/tts/stream``: text in pieces, audio as it becomes ready, one turn after the other on one socket."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from pipeline.server.api_errors import ApiError
from pipeline.server.conversation import Conversation, Totals, Wake
from pipeline.server.session_settings import configured, updated
from pipeline.server.sockets import Line

_COMMANDS = frozenset({"text", "flush", "close", "cancel", "close_socket", "update_settings"})


class _Session(Conversation):
    """The turns of ``/ws/tts/stream``: a flush ends the turn, and the turn's end closes the session."""

    async def idle(self) -> None:
        """Speak what waits, with a warning."""
        if self.pending:
            await self.line.say({"warning": "No text for a while: the buffer was flushed", "code": "AUTO_FLUSH"})
            self.commands.put_nowait(Wake.FLUSH)

    async def ended(self, *, closing: bool) -> None:  # noqa: ARG002 - a flush and a close end the same way here
        """Close the session; the socket stays for the next."""
        totals, self.totals = self.totals, Totals()
        usage = {} if totals.usage is None else {"usage": totals.usage}
        await self.line.say({"session_closed": True, **totals.counts(), **usage})


async def converse(line: Line) -> None:
    """Take commands while a task speaks."""
    session = _Session(line, "stream", {}, line.service.options.idle_flush_seconds)
    task = asyncio.create_task(session.run())
    try:
        while not session.closed:
            try:
                frame = await line.receive()
                if frame.get("cancel"):
                    task = await _cancelled(line, session, task)
                    continue
                await _take(line, session, frame)
                if frame.get("close_socket"):
                    await task
                    await line.close(1000)
            except ApiError as error:
                if await line.refuse(error):
                    return
    finally:
        await stop(task)


async def _take(line: Line, session: _Session, frame: dict[str, Any]) -> None:
    session.settings = configured(session.settings, {k: v for k, v in frame.items() if k not in _COMMANDS})
    if "update_settings" in frame:
        session.settings, told = updated(session.settings, frame["update_settings"])
        await line.say({"settings_updated": True, "settings": told})
    text = frame.get("text")
    session.commands.put_nowait(str(text) if text else Wake.TOUCH)
    if frame.get("flush"):
        session.commands.put_nowait(Wake.FLUSH)
    if frame.get("close"):
        session.commands.put_nowait(Wake.CLOSE)
    if frame.get("close_socket"):
        session.commands.put_nowait(Wake.LEAVE)


async def _cancelled(line: Line, session: _Session, task: asyncio.Task[None]) -> asyncio.Task[None]:
    """Stop speaking at once, forget the turn, and be ready for the next."""
    await stop(task)
    session.commands = asyncio.Queue()
    session.totals = Totals()
    await line.say({"interrupted": True})
    return asyncio.create_task(session.run())


async def stop(task: asyncio.Task[None]) -> None:
    """End a task and wait for it."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
