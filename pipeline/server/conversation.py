"""Text that comes in pieces and is spoken sentence by sentence: a session, or one context among several."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from secrets import token_hex
from typing import Any

from pipeline.script.sentences import sentences
from pipeline.script.words import has_word
from pipeline.server import frames
from pipeline.server.api_errors import ApiError
from pipeline.server.books import Outcome
from pipeline.server.catalogue import NATIVE_RATE
from pipeline.server.money import audio_seconds
from pipeline.server.sockets import Line, deliver, finish
from pipeline.server.speech_request import SessionSettings, parsed, wish
from pipeline.server.transport import ClientDisconnected
from pipeline.server.turn import Interrupted, Turn, admit, check_length


class Wake(Enum):
    """What is to be done apart from taking text."""

    TOUCH = "touch"
    """Nothing: it shows that somebody is there."""
    FLUSH = "flush"
    CLOSE = "close"
    LEAVE = "leave"
    """Close, and take no more commands."""


@dataclass(slots=True)
class Totals:
    """What a session or context has brought so far."""

    seconds: Decimal = Decimal(0)
    text_chunks: int = 0
    audio_chunks: int = 0
    usage: dict[str, Any] | None = None

    def add(self, usage: dict[str, Any]) -> None:
        """Count a further turn; a charge that is undetermined once stays so."""
        before = self.usage
        self.usage = usage if before is None else _sum(before, usage)

    def counts(self) -> dict[str, Any]:
        """The members of ``final`` and ``session_closed``."""
        return {
            "total_audio_seconds": float(self.seconds),
            "total_text_chunks": self.text_chunks,
            "total_audio_chunks": self.audio_chunks,
        }


class Conversation:
    """Buffers text, speaks what is complete, and ends turns. :meth:`run` is its task; commands come by a queue."""

    def __init__(self, line: Line, route: str, extra: Mapping[str, Any], idle_seconds: float) -> None:
        self.line = line
        self.route = route
        self.extra = extra
        self.settings: dict[str, Any] = {}
        self.commands: asyncio.Queue[str | Wake] = asyncio.Queue()
        self.totals = Totals()
        self._idle_seconds = idle_seconds
        self._buffer = ""
        self._spoken = 0
        self._turn: Turn | None = None
        self.closed = False

    async def run(self) -> None:
        """Obey commands until closed, or until the line is gone."""
        try:
            while not self.closed:
                await self._obey(await self._next())
        except (ClientDisconnected, Interrupted):
            self.closed = True
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Forget the turn: what it set aside is given back, its text is dropped."""
        if self._turn is not None:
            self._turn.fail(Outcome.ABANDONED, None)
        self._forget()

    async def idle(self) -> None:
        """Nothing came for long; overridden by what a session or context does then."""

    async def ended(self, *, closing: bool) -> None:
        """A turn ended with all its audio; overridden by what is said then."""

    async def _next(self) -> str | Wake:
        while not self.closed:
            try:
                async with asyncio.timeout(self._idle_seconds):
                    return await self.commands.get()
            except TimeoutError:
                await self.idle()
        return Wake.TOUCH

    async def _obey(self, command: str | Wake) -> None:
        try:
            if isinstance(command, str):
                self._buffer += command
                await self._speak_complete()
            elif command is not Wake.TOUCH:
                await self.finish_turn(closing=command is not Wake.FLUSH)
                self.closed = self.closed or command is Wake.LEAVE
        except ApiError as error:
            if self._turn is not None:
                self._turn.fail(Outcome.FAILED, error.error_code)
            self._forget()
            self.closed = await self.line.refuse(error, self.extra)

    @property
    def pending(self) -> bool:
        """Whether text waits to be spoken."""
        return has_word(self._buffer)

    async def finish_turn(self, *, closing: bool) -> None:
        """Speak what is left and end the turn."""
        rest, self._buffer = self._buffer, ""
        if has_word(rest):
            await self._speak(rest)
        if self._turn is not None:
            usage = await finish(self.line, self._turn)
            self._turn = None
            if usage is None:
                return
            self.totals.add(usage)
            await self.line.say({**self.extra, "final": True, **self.totals.counts()})
        elif not closing:
            await self.line.say({**self.extra, "final": True, **self.totals.counts()})
        self._spoken = 0
        await self.ended(closing=closing)

    async def _speak_complete(self) -> None:
        """Speak the sentences that are certainly complete: all but the last, or all where the buffer is full."""
        language = str(self.settings.get("language") or "en")
        starts = [start for start, _ in sentences(self._buffer, language)]
        most = int(self.settings.get("max_buffer_length") or 1000)
        cut = starts[-1] if len(starts) > 1 else len(self._buffer) if len(self._buffer) > most else 0
        text, self._buffer = self._buffer[:cut], self._buffer[cut:]
        if has_word(text):
            await self._speak(text)
        else:
            self._buffer = text + self._buffer

    async def _speak(self, text: str) -> None:
        turn = self._turn
        if turn is None:
            chosen = wish(parsed(SessionSettings, self.settings))
            self.line.request_id = token_hex(16)
            turn = self._turn = admit(
                self.line.service, self.line.caller, self.route, self.line.request_id, chosen, text
            )
        check_length(self.line.caller, self.route, text)
        number = self.totals.text_chunks
        await self.line.say({**self.extra, "generation_started": True, "chunk_id": number, "text": text})
        with turn.generation(text):
            delivery = await turn.spoken(text)
            before = turn.audio_frames
            words = bool(self.settings.get("word_timestamps"))
            await deliver(self.line, turn, delivery, {**self.extra, "chunk_id": number}, self._spoken, words=words)
        seconds = audio_seconds(delivery.heard_samples, NATIVE_RATE)
        self.totals.seconds += seconds
        self.totals.text_chunks += 1
        self.totals.audio_chunks += turn.audio_frames - before
        self._spoken += len(text)
        told = {"chunk_complete": True, "chunk_id": number, "audio_seconds": float(seconds)}
        await self.line.say({**self.extra, **told})

    def _forget(self) -> None:
        self._turn = None
        self._buffer = ""
        self._spoken = 0


def _sum(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    cents = [usage["cost_cents"] for usage in (one, other)]
    told = None if None in cents else sum((Decimal(str(value)) for value in cents), Decimal(0))
    seconds = Decimal(str(one["audio_seconds"])) + Decimal(str(other["audio_seconds"]))
    characters = one["characters"] + other["characters"] if "characters" in one and "characters" in other else None
    return frames.usage(seconds, characters, told, str(other["model_id"]))
