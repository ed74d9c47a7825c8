"""A session on ``/ws/tts/stream`` as a state machine: what to send for a wish, what a frame brings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline.kugelaudio.errors import IncompleteAudioError, ValidationError
from pipeline.kugelaudio.g711 import encoding_named
from pipeline.kugelaudio.models import SessionUsage, StreamConfig
from pipeline.kugelaudio.speech.completeness import short_of_account
from pipeline.kugelaudio.speech.conversation import read_usage
from pipeline.kugelaudio.speech.frames import read_frame
from pipeline.kugelaudio.speech.parameters import Settings
from pipeline.kugelaudio.speech.turn import Spoken, Turn


@dataclass(frozen=True, slots=True)
class TurnOver:
    """The turn has ended and was accounted for."""

    frame: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The server has dropped the turn as asked."""


@dataclass(frozen=True, slots=True)
class SettingsUpdated:
    """The settings now in force."""

    settings: dict[str, Any]


SessionEvent = Spoken | TurnOver | Interrupted | SettingsUpdated


class SessionConversation:
    """The turns of one session. The configuration goes with the first frame of each turn."""

    def __init__(self, config: StreamConfig) -> None:
        self.config = config
        self.usage: SessionUsage | None = None
        self.final: dict[str, Any] | None = None
        self.stats: dict[str, Any] = {}
        self._configured = False
        self._leftover_closes = 0
        self._silent = True
        """Whether no audio has come on this socket yet."""
        self.turn = self._new_turn()

    def text(self, text: str, *, flush: bool) -> dict[str, Any]:
        """Return the frame that adds text."""
        return self._configuring(self.turn.ask({"text": text, "flush": flush}))

    def flush(self) -> dict[str, Any]:
        """Return the frame that has everything spoken."""
        return self._configuring(self.turn.ask({"flush": True}))

    def close(self) -> dict[str, Any]:
        """Return the frame that ends the turn."""
        if self.turn.flushed and self.turn.audio_over:
            # the server ends a flushed turn by itself: the answer to this close may come on top of its own
            self._leftover_closes += 1
        frame = {"close": True}
        self.turn.frames.append(frame)
        return frame

    def cancel(self) -> dict[str, Any]:
        """Return the frame that drops the turn, and forget it."""
        self.abandon()
        self._leftover_closes += 1
        return {"cancel": True}

    def replay(self) -> list[dict[str, Any]]:
        """Return the frames that ask for the turn again on a new socket."""
        frames = self.turn.frames
        self.reconnected()
        self.turn = self._new_turn()
        self.turn.replayed = True
        return [self._configuring(self.turn.ask(frame)) for frame in frames]

    def reconnected(self) -> None:
        """A new socket knows nothing yet."""
        self._configured = False
        self._leftover_closes = 0
        self._silent = True
        if not self.turn.open:
            self.turn = self._new_turn(self.turn)

    def abandon(self) -> None:
        """Forget the turn."""
        self.turn = self._new_turn()
        self.stats = {}
        self._configured = False

    def configure(self, config: StreamConfig) -> None:
        """Use another configuration from the next turn on. Raises ValidationError in the middle of a turn."""
        if self.turn.open:
            raise ValidationError("The configuration changes between turns: end or cancel the turn first")
        self.config = config
        self._configured = False

    def receive(self, data: bytes | str) -> list[SessionEvent]:
        """Take a frame, return what it brings. Raises the error it stands for."""
        frame = read_frame(data)
        if frame.get("interrupted"):
            return [Interrupted()]
        if frame.get("settings_updated"):
            settings = frame.get("settings")
            return [SettingsUpdated(settings if isinstance(settings, dict) else {})]
        if frame.get("session_closed"):
            return self._closed(frame)
        if frame.get("audio"):
            self._silent = False
        events: list[SessionEvent] = [*self.turn.take(frame)]
        if frame.get("final"):
            self.final = frame
        return events

    def _closed(self, frame: dict[str, Any]) -> list[SessionEvent]:
        if self._leftover_closes and not self.turn.started:
            self._leftover_closes -= 1
            return []
        usage = read_usage(frame)
        self.usage = usage or self.usage
        self.stats = frame
        if self.turn.account_owed and not self.turn.started:
            self.turn.account_owed = False
            return []
        self.turn.check()
        if self.turn.says_something and not self.turn.heard:
            raise IncompleteAudioError("The turn ended without any audio", error_code="EMPTY_AUDIO")
        if short := short_of_account(usage, self.turn.delivered_s, self.config.speed):
            raise IncompleteAudioError(f"The turn is incomplete: {short}", error_code="INCOMPLETE_AUDIO")
        self.turn = self._new_turn(self.turn)
        self._configured = False
        return [TurnOver(frame)]

    def _new_turn(self, last: Turn | None = None) -> Turn:
        turn = Turn(encoding_named(self.config.output_format) or "pcm_s16le", first=self._silent)
        if last is not None:
            turn.words = last.words
        return turn

    def _configuring(self, frame: dict[str, Any]) -> dict[str, Any]:
        if self._configured:
            return frame
        self._configured = True
        return {**frame, **self.config.to_wire()}


def settings_frame(settings: Settings) -> dict[str, Any]:
    """Return the frame that changes settings; those of None stay. Raises TypeError for others, ValueError for none."""
    known = ", ".join(Settings.__annotations__)
    unknown = sorted(set(settings) - Settings.__annotations__.keys())
    if unknown:
        raise TypeError(f"Fixed for the connection: {', '.join(unknown)}; only {known} change")
    body = {name: value for name, value in settings.items() if value is not None}
    if not body:
        raise ValueError(f"Name at least one of {known}")
    return {"update_settings": body}
