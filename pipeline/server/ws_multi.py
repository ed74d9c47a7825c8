"""``/ws/tts/multi``: up to 20 conversations on one socket, every frame with its ``context_id``."""

from __future__ import annotations

import asyncio
from typing import Any

from pipeline.server.api_errors import ApiError, invalid, too_many_contexts
from pipeline.server.conversation import Conversation, Wake
from pipeline.server.session_settings import configured, updated
from pipeline.server.sockets import Line
from pipeline.server.ws_session import stop

MAX_CONTEXTS = 20

_COMMANDS = frozenset(
    {"text", "flush", "close_context", "immediate", "context_id", "close_socket", "close", "update_settings"}
    | {"voice_settings", "inactivity_timeout"}
)


class _Context(Conversation):
    """One context: a flush ends a turn, the context stays; closing it tells what it used."""

    async def idle(self) -> None:
        """Close: nobody is there."""
        await self.finish_turn(closing=True)

    async def ended(self, *, closing: bool) -> None:
        """Say goodbye where the context was closed."""
        if closing:
            self.closed = True
            await self.line.say(self.farewell())

    def farewell(self) -> dict[str, Any]:
        """The ``context_closed`` frame."""
        usage = {} if self.totals.usage is None else {"usage": self.totals.usage}
        return {**self.extra, "context_closed": True, **self.totals.counts(), **usage}


class _Contexts:
    """The open contexts of a socket and their tasks."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.settings: dict[str, Any] = {}
        self._open: dict[str, tuple[_Context, asyncio.Task[None]]] = {}

    async def take(self, frame: dict[str, Any]) -> None:
        """Do what a frame asks. Raises ApiError."""
        if "update_settings" in frame:
            self.settings, told = updated(self.settings, frame["update_settings"])
            await self.line.say({"settings_updated": True, "settings": told})
            return
        context_id = frame.get("context_id")
        if not isinstance(context_id, str) or not context_id:
            raise invalid("context_id is required")
        context, is_new = await self._context(context_id, frame)
        text = str(frame.get("text") or "")
        if is_new and not text.strip():
            text = ""  # the blank with which a context is made is no part of what is spoken
        context.commands.put_nowait(text or Wake.TOUCH)
        if frame.get("flush"):
            context.commands.put_nowait(Wake.FLUSH)
        if frame.get("close_context"):
            await self._close(context_id, immediate=bool(frame.get("immediate")))

    async def close_all(self) -> None:
        """Stop everything, with a farewell to each context."""
        for context_id in list(self._open):
            await self._close(context_id, immediate=True)

    async def stop(self) -> None:
        """Stop everything without a word."""
        for _, task in self._open.values():
            await stop(task)

    def seconds(self) -> float:
        """The audio of the contexts that are open."""
        return float(sum(context.totals.seconds for context, _ in self._open.values()))

    async def _context(self, context_id: str, frame: dict[str, Any]) -> tuple[_Context, bool]:
        self._open = {name: item for name, item in self._open.items() if not item[1].done()}
        known = self._open.get(context_id)
        if known is not None:
            return known[0], False
        if len(self._open) >= MAX_CONTEXTS:
            raise too_many_contexts(MAX_CONTEXTS)
        self.settings = configured(self.settings, {k: v for k, v in frame.items() if k not in _COMMANDS})
        own = frame.get("voice_settings") or {}
        if not isinstance(own, dict):
            raise invalid("voice_settings must be an object")
        context = _Context(
            self.line, "multi", {"context_id": context_id}, self.line.service.options.idle_context_seconds
        )
        context.settings = configured(self.settings, own)
        self._open[context_id] = context, asyncio.create_task(context.run())
        await self.line.say({"context_created": True, "context_id": context_id})
        return context, True

    async def _close(self, context_id: str, *, immediate: bool) -> None:
        context, task = self._open[context_id]
        if immediate:
            await stop(task)
            del self._open[context_id]
            await self.line.say(context.farewell())
        else:
            context.commands.put_nowait(Wake.CLOSE)


async def converse(line: Line) -> None:
    """Hand every frame to its context."""
    contexts = _Contexts(line)
    try:
        while True:
            frame: dict[str, Any] = {}
            try:
                frame = await line.receive()
                if frame.get("close_socket") or frame.get("close"):
                    seconds = contexts.seconds()
                    await contexts.close_all()
                    await line.say({"session_closed": True, "total_audio_seconds": seconds})
                    await line.close(1000)
                    return
                await contexts.take(frame)
            except ApiError as error:
                named = {"context_id": frame["context_id"]} if "context_id" in frame else {}
                if await line.refuse(error, named):
                    return
    finally:
        await contexts.stop()
