"""One generation from admission to the bill: limits, faults, speech, price. Shared by REST and the WebSockets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from pipeline.server import api_errors, frames
from pipeline.server.accounts import Caller, KeyState
from pipeline.server.api_errors import ApiError, invalid
from pipeline.server.books import BookEntry, Outcome
from pipeline.server.catalogue import MAX_INPUT_LENGTH, NATIVE_RATE
from pipeline.server.delivery import Delivery
from pipeline.server.faults import Drawn, FaultKind, FaultRule, Manner, Occasion
from pipeline.server.money import audio_seconds, price_cents
from pipeline.server.service import Service
from pipeline.server.speaking import Script
from pipeline.server.speech_request import Wish


class Interrupted(Exception):
    """A fault ended the connection: nothing more can be said on it."""


class Turn:
    """One request, or one turn of a session. Made by :func:`admitted`."""

    def __init__(self, service: Service, caller: Caller, route: str, request_id: str, wish: Wish, drawn: Drawn) -> None:
        self.service = service
        self.caller = caller
        self.route = route
        self.request_id = request_id
        self.wish = wish
        self.drawn = drawn
        self.text = ""
        self.seconds = Decimal(0)
        self.audio_frames = 0
        self.native_samples = 0
        self.started = time.monotonic()
        self._reserved: list[Decimal] = []
        self._delayed = False
        self._voice = service.voices.find(caller.organisation.id, wish.voice_id)
        self.billed = False

    @contextmanager
    def generation(self, text: str) -> Iterator[None]:
        """Hold a place among the concurrent generations until a text is delivered. Raises ApiError."""
        self.text += text
        with self.caller.organisation.limits.generation():
            yield

    async def spoken(self, text: str) -> Delivery:
        """Speak a text, within :meth:`generation`. Raises ApiError."""
        await self._delay()
        if self.caller.organisation.wallet.empty:
            raise api_errors.insufficient_credits()
        delivery = self._changed(await self.service.speaker.speak(self._script(text)))
        self._count(delivery)
        return self._cut_short(delivery)

    def bill(self) -> dict[str, Any]:
        """Take the money, write the books, and return the ``usage`` to be told."""
        cents = sum(self._reserved, Decimal(0))
        organisation = self.caller.organisation
        organisation.wallet = organisation.wallet.pay(cents)
        self._reserved.clear()
        self.billed = True
        self._enter(Outcome.BILLED, cents, None)
        told = None if FaultKind.NULL_COST in self.drawn.changes else cents
        characters = None if self.route == "multi" else len(self.text)
        return frames.usage(self.seconds, characters, told, self.wish.model.id)

    def lose(self) -> None:
        """The bill stands, but the answer never arrives."""
        self.service.books.lost(self.request_id, self.drawn.names)

    def fail(self, outcome: Outcome, error_code: str | None) -> None:
        """Give back what was set aside, and write that nothing was taken. After the bill there is nothing to do."""
        organisation = self.caller.organisation
        organisation.wallet = organisation.wallet.release(sum(self._reserved, Decimal(0)))
        self._reserved.clear()
        if not self.billed:
            self._enter(outcome, Decimal(0), error_code)

    def interruption(self, *, at_end: bool = False) -> FaultRule | None:
        """The fault that strikes now, before the next frame of audio (or at the end of all audio); once."""
        rule = self.drawn.interruption
        if rule is None:
            return None
        default_at_end = rule.fault is FaultKind.LOST_ANSWER and rule.after_frames is None
        if at_end or (not default_at_end and self.audio_frames >= (rule.after_frames or 0)):
            self.drawn.interruption = None
            return rule
        return None

    def final(self, usage: dict[str, Any]) -> dict[str, Any]:
        """The final frame of ``/ws/tts``; its lengths count the native audio."""
        seconds = time.monotonic() - self.started
        length = self.native_samples / NATIVE_RATE
        return {
            "final": True,
            "chunks": self.audio_frames,
            "total_samples": self.native_samples,
            "dur_ms": round(1000 * length, 3),
            "gen_ms": round(1000 * seconds, 3),
            "rtf": round(seconds / length, 4) if length else 0.0,
            "usage": usage,
        }

    async def _delay(self) -> None:
        if not self._delayed and self.drawn.delay_ms:
            await asyncio.sleep(self.drawn.delay_ms / 1000)
        self._delayed = True

    def _script(self, text: str) -> Script:
        settings = self.wish.settings
        entries = self.service.dictionaries.applying(
            self.caller.organisation.id, settings.project_id, settings.dictionary_ids, self.wish.language
        )
        return Script(
            text,
            self.wish.language,
            self._voice.pitch,
            settings.speed,
            entries,
            settings.max_new_tokens,
            self.wish.format,
        )

    def _changed(self, delivery: Delivery) -> Delivery:
        return delivery.silenced() if FaultKind.SILENT_AUDIO in self.drawn.changes else delivery

    def _cut_short(self, delivery: Delivery) -> Delivery:
        rule = self.drawn.changes.get(FaultKind.SHORT_AUDIO)
        return delivery if rule is None else delivery.shortened(rule.keep)

    def _count(self, delivery: Delivery) -> None:
        """Set aside what the delivery costs. Raises ApiError 402."""
        seconds = audio_seconds(delivery.heard_samples, NATIVE_RATE)
        total = price_cents(self.seconds + seconds, self.wish.model.cents_per_minute, self.service.options.billing)
        cents = total - sum(self._reserved, Decimal(0))
        organisation = self.caller.organisation
        organisation.wallet = organisation.wallet.reserve(cents)
        self._reserved.append(cents)
        self.seconds += seconds
        self.native_samples += delivery.native_samples

    def _enter(self, outcome: Outcome, cents: Decimal, error_code: str | None) -> None:
        self.service.books.enter(
            BookEntry(
                self.request_id,
                self.caller,
                self.route,
                self.wish.model.id,
                self._voice.id,
                self.text,
                self.seconds,
                cents,
                outcome,
                error_code,
                self.drawn.names,
            )
        )


def admit(service: Service, caller: Caller, route: str, request_id: str, wish: Wish, text: str) -> Turn:
    """Let a request in: key, faults, length, wallet, window, voice. Raises ApiError; a refusal is in the books."""
    drawn = service.faults.draw(Occasion(route, caller.key, text))
    try:
        return _let_in(service, caller, route, request_id, wish, text, drawn)
    except ApiError as error:
        service.books.enter(
            BookEntry(
                request_id,
                caller,
                route,
                wish.model.id,
                None,
                text,
                Decimal(0),
                Decimal(0),
                Outcome.REFUSED,
                error.error_code,
                drawn.names,
            )
        )
        raise


def _let_in(service: Service, caller: Caller, route: str, request_id: str, wish: Wish, text: str, drawn: Drawn) -> Turn:
    organisation = service.accounts.caller(caller.key).organisation
    if drawn.refusal is not None:
        raise _refused(service, caller, route, drawn.refusal, text)
    check_length(caller, route, text)
    turn = Turn(service, caller, route, request_id, wish, drawn)
    if organisation.wallet.empty:
        raise api_errors.insufficient_credits()
    organisation.limits.request(time.monotonic())
    return turn


def check_length(caller: Caller, route: str, text: str) -> None:
    """Raises ApiError where the text is longer than the tier (413, or 429 on a WebSocket) or the model takes (400)."""
    limit = caller.organisation.limits.tier.characters_per_request
    if limit is not None and len(text) > limit:
        too_long = api_errors.too_long_http if route == "rest" else api_errors.too_long_socket
        raise too_long(len(text), limit)
    if len(text) > MAX_INPUT_LENGTH:
        raise invalid(f"text: {len(text)} characters; the model takes at most {MAX_INPUT_LENGTH}")


def _refused(service: Service, caller: Caller, route: str, rule: FaultRule, text: str) -> ApiError:
    if rule.fault is FaultKind.REVOKED:
        service.accounts.put_key(caller.key, caller.organisation.id, KeyState.REVOKED)
    error = fault_error(rule, route, text)
    error.by_closing = rule.manner is Manner.CLOSE
    return error


def fault_error(rule: FaultRule, route: str, text: str = "") -> ApiError:
    """The error that a fault answers with."""
    too_long = api_errors.too_long_http if route == "rest" else api_errors.too_long_socket
    limit = max(len(text) // 2, 1)
    errors = {
        FaultKind.RATE_LIMITED: api_errors.rate_limited("Rate limit exceeded", rule.retry_after),
        FaultKind.INSUFFICIENT_CREDITS: api_errors.insufficient_credits(),
        FaultKind.UNAUTHORIZED: api_errors.unauthorized(),
        FaultKind.REVOKED: api_errors.unauthorized("This API key was revoked"),
        FaultKind.NOT_FOUND: api_errors.not_found("Voice"),
        FaultKind.VALIDATION: invalid("The request is invalid"),
        FaultKind.TOO_LONG: too_long(len(text), limit),
        FaultKind.INTERNAL: api_errors.internal(),
        FaultKind.EMPTY_AUDIO: api_errors.empty_audio(),
        FaultKind.UNAVAILABLE: api_errors.unavailable(),
    }
    return errors[rule.fault]
