"""The contexts of ``/ws/tts/multi`` as a state machine: each is a speaker with turns of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pipeline.kugelaudio.errors import IncompleteAudioError, KugelAudioError
from pipeline.kugelaudio.g711 import encoding_named
from pipeline.kugelaudio.mapping import from_frame
from pipeline.kugelaudio.models import SessionUsage, StreamConfig
from pipeline.kugelaudio.speech.completeness import short_of_account
from pipeline.kugelaudio.speech.conversation import read_usage
from pipeline.kugelaudio.speech.frames import parse_frame
from pipeline.kugelaudio.speech.turn import Spoken, Turn

CONTEXT_VOICE: Final = ("voice_id", "cfg_scale", "max_new_tokens")
"""What each context may have for itself; the rest belongs to the connection and goes with its first frame."""
_SESSION_ONLY: Final = ("flush_timeout_ms", "max_buffer_length", "chunk_length_schedule", "auto_mode")


@dataclass(frozen=True, slots=True)
class ContextCreated:
    """The server knows the context."""


@dataclass(frozen=True, slots=True)
class AudioOver:
    """All audio that was asked for before the flush has come."""


@dataclass(frozen=True, slots=True)
class ContextClosed:
    """The context is gone; ``usage`` is its account."""

    usage: SessionUsage | None


@dataclass(frozen=True, slots=True)
class SettingsInForce:
    """The settings now in force for contexts that start later."""

    settings: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SocketClosing:
    """The server said goodbye."""

    stats: dict[str, Any]


ContextEvent = Spoken | ContextCreated | AudioOver | ContextClosed | SettingsInForce | SocketClosing | KugelAudioError


class MultiConversation:
    """What to send for a wish, and which context a frame is for."""

    def __init__(self, config: StreamConfig) -> None:
        self.config = config
        self.voices: dict[str, int | str | None] = {}
        """The voice asked for each context, in order of creation."""
        self.turns: dict[str, Turn] = {}
        self.usage: dict[str, SessionUsage] = {}
        self._delivered_s: dict[str, float] = {}
        """Of the turns of a context that have ended; its account counts them all."""
        self._configured = False

    def create(self, context_id: str, voice_id: int | str | None) -> dict[str, Any]:
        """Return the frame that creates a context."""
        self.voices[context_id] = voice_id
        self.turns[context_id] = self._new_turn(first=True)
        wire = self.config.to_wire()
        voice = {name: wire.pop(name) for name in CONTEXT_VOICE if name in wire}
        if voice_id is not None:
            voice["voice_id"] = voice_id
        for name in _SESSION_ONLY:
            wire.pop(name, None)
        frame: dict[str, Any] = {"text": " ", "context_id": context_id}
        if self._configured:
            frame |= {"model_id": wire["model_id"]} if "model_id" in wire else {}
        else:
            frame |= wire
        self._configured = True
        return {**frame, "voice_settings": voice}

    def text(self, context_id: str, text: str, *, flush: bool) -> dict[str, Any]:
        """Return the frame that adds text to a context."""
        return self._turn(context_id).ask({"text": text, "context_id": context_id, "flush": flush})

    def flush(self, context_id: str) -> dict[str, Any]:
        """Return the frame that has everything of a context spoken."""
        return self._turn(context_id).ask({"flush": True, "context_id": context_id})

    def restart(self) -> list[dict[str, Any]]:
        """A new socket replaces the old: return the frames that restore contexts and their unheard turns."""
        self._configured = False
        frames: list[dict[str, Any]] = []
        turns = self.turns
        self.turns = {}
        for context_id, voice_id in list(self.voices.items()):
            frames.append(self.create(context_id, voice_id))
            old = turns[context_id]
            if old.open and not old.heard:
                self.turns[context_id].replayed = True
                frames += [self.turns[context_id].ask(frame) for frame in old.frames]
        return frames

    def receive(self, data: bytes | str) -> tuple[str | None, list[ContextEvent]]:
        """Take a frame; return its context (None: all of them) and what it brings. Raises for what is no frame."""
        frame = parse_frame(data)
        context_id = frame.get("context_id")
        known = context_id if isinstance(context_id, str) and context_id in self.turns else None
        if frame.get("error"):
            return known, [from_frame(frame)]
        if frame.get("settings_updated"):
            settings = frame.get("settings")
            return None, [SettingsInForce(settings if isinstance(settings, dict) else {})]
        if frame.get("session_closed"):
            return None, [SocketClosing(frame)]
        if known is None:
            return None, []
        return known, self._of_context(known, frame)

    def _of_context(self, context_id: str, frame: dict[str, Any]) -> list[ContextEvent]:
        turn = self.turns[context_id]
        try:
            events: list[ContextEvent] = [*turn.take(frame)]
            if frame.get("context_closed"):
                return [*events, self._closed(context_id, turn, frame)]
        except KugelAudioError as error:
            self.turns[context_id] = self._new_turn()
            return [error]
        if frame.get("context_created"):
            events.append(ContextCreated())
        if frame.get("final"):
            self._delivered_s[context_id] = self._delivered_s.get(context_id, 0.0) + turn.delivered_s
            self.turns[context_id] = self._new_turn()
            events.append(AudioOver())
        return events

    def _closed(self, context_id: str, turn: Turn, frame: dict[str, Any]) -> ContextClosed:
        came_s = self._delivered_s.get(context_id, 0.0) + turn.delivered_s
        self.forget(context_id)
        usage = read_usage(frame)
        if usage is not None:
            self.usage[context_id] = usage
        turn.check()
        if short := short_of_account(usage, came_s, self.config.speed):
            raise IncompleteAudioError(f"The context is incomplete: {short}", error_code="INCOMPLETE_AUDIO")
        return ContextClosed(usage)

    def forget(self, context_id: str) -> None:
        """The context is no more."""
        self.voices.pop(context_id, None)
        self.turns.pop(context_id, None)
        self._delivered_s.pop(context_id, None)

    def _turn(self, context_id: str) -> Turn:
        return self.turns[context_id]

    def _new_turn(self, *, first: bool = False) -> Turn:
        return Turn(encoding_named(self.config.output_format) or "pcm_s16le", first=first)
