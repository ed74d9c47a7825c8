"""Faults on demand: a script of rules, drawn per request from a seed, and counted when they strike."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipeline.errors import UsageError


class FaultKind(StrEnum):
    """What can go wrong."""

    LATENCY = "latency"
    """The answer starts ``delay_ms`` later, give or take ``jitter_ms``."""
    RATE_LIMITED = "rate_limited"
    """429; over HTTP with ``retry_after`` seconds where given."""
    INSUFFICIENT_CREDITS = "insufficient_credits"
    """402."""
    UNAUTHORIZED = "unauthorized"
    """401, for this request."""
    REVOKED = "revoked"
    """The key is revoked for good, and the request refused with 401."""
    NOT_FOUND = "not_found"
    """404."""
    VALIDATION = "validation"
    """400."""
    TOO_LONG = "too_long"
    """413 over HTTP; over a WebSocket 429 with the character limit in its text."""
    INTERNAL = "internal"
    """500; with ``after_frames`` after so many frames of audio."""
    EMPTY_AUDIO = "empty_audio"
    """500 EMPTY_AUDIO."""
    UNAVAILABLE = "unavailable"
    """503."""
    RESTART = "restart"
    """The socket is closed with ``close_code`` 1012 or 1013 after ``after_frames`` frames; HTTP: the line is cut."""
    CUT = "cut"
    """The connection is cut without a word after ``after_frames`` frames of audio."""
    STALL = "stall"
    """Nothing comes for ``delay_ms`` after ``after_frames`` frames; then it goes on."""
    TRUNCATED_FRAME = "truncated_frame"
    """One frame of audio is only half there."""
    MALFORMED_FRAME = "malformed_frame"
    """A frame that is no JSON comes in between."""
    LOST_FRAME = "lost_frame"
    """One frame of audio never comes."""
    SHORT_AUDIO = "short_audio"
    """Only ``keep`` (0-1) of the audio comes, as if that were all; billed as generated."""
    SILENT_AUDIO = "silent_audio"
    """Silence of the right length; billed."""
    MISSING_TIMESTAMPS = "missing_timestamps"
    """No word timestamps come."""
    LATE_TIMESTAMPS = "late_timestamps"
    """Timestamps come after the first frame of the following chunk's audio."""
    NULL_COST = "null_cost"
    """Billed, but the answer says ``cost_cents: null``."""
    MISSING_FINAL = "missing_final"
    """Billed, but the final frame never comes and the connection stays open."""
    LOST_ANSWER = "lost_answer"
    """Finished and billed, and the connection cut after ``after_frames`` frames of audio (default: all)."""


REFUSALS = frozenset(
    {
        FaultKind.RATE_LIMITED,
        FaultKind.INSUFFICIENT_CREDITS,
        FaultKind.UNAUTHORIZED,
        FaultKind.REVOKED,
        FaultKind.NOT_FOUND,
        FaultKind.VALIDATION,
        FaultKind.TOO_LONG,
        FaultKind.EMPTY_AUDIO,
        FaultKind.UNAVAILABLE,
    }
)
"""Kinds that refuse the request before any audio. ``INTERNAL`` is one too while ``after_frames`` is 0."""

INTERRUPTIONS = frozenset(
    {
        FaultKind.INTERNAL,
        FaultKind.RESTART,
        FaultKind.CUT,
        FaultKind.STALL,
        FaultKind.TRUNCATED_FRAME,
        FaultKind.MALFORMED_FRAME,
        FaultKind.LOST_FRAME,
        FaultKind.LOST_ANSWER,
    }
)
"""Kinds that strike on the way, after ``after_frames`` frames of audio (or at the end, where there are fewer)."""


class Manner(StrEnum):
    """How a refusal reaches the caller of a WebSocket."""

    FRAME = "frame"
    CLOSE = "close"
    HANDSHAKE = "handshake"


class FaultRule(BaseModel):
    """One rule: what goes wrong, and in which of the requests that it looks at.

    It looks at the requests on its ``routes`` whose text holds ``text`` and whose key is ``key`` (each: any, where
    not given), counts them from 1, and strikes those in ``at``, every ``every``-th, those after the first ``after``,
    or a share ``probability`` of them (given together: each must agree; none given: all), ``times`` times at most.
    ``manner: handshake`` counts and refuses connections instead.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    fault: FaultKind
    routes: tuple[str, ...] | None = None
    text: str | None = None
    key: str | None = None
    at: tuple[Annotated[int, Field(ge=1)], ...] | None = None
    every: Annotated[int, Field(ge=1)] | None = None
    after: Annotated[int, Field(ge=0)] | None = None
    probability: Annotated[float, Field(ge=0, le=1)] | None = None
    times: Annotated[int, Field(ge=1)] | None = None
    manner: Manner = Manner.FRAME
    after_frames: Annotated[int, Field(ge=0)] | None = None
    delay_ms: Annotated[float, Field(ge=0)] = 0
    jitter_ms: Annotated[float, Field(ge=0)] = 0
    retry_after: Annotated[int, Field(ge=0)] | None = None
    close_code: Annotated[int, Field(ge=1000, le=4999)] = 1012
    keep: Annotated[float, Field(ge=0, le=1)] = 0.5

    @model_validator(mode="after")
    def _fits(self) -> FaultRule:
        if self.manner is Manner.HANDSHAKE and self.fault not in HANDSHAKE_FAULTS:
            raise ValueError(f"a handshake cannot fail with {self.fault.value}")
        unknown = sorted(set(self.routes or ()) - ROUTES)
        if unknown:
            raise ValueError(f"there is no route {unknown[0]!r}; known are {', '.join(sorted(ROUTES))}")
        return self


ROUTES = frozenset({"rest", "ws", "stream", "multi"})
"""The four ways to generate: ``POST /v1/tts/generate``, ``/ws/tts``, ``/ws/tts/stream``, ``/ws/tts/multi``."""

HANDSHAKE_FAULTS = frozenset(
    {
        FaultKind.RATE_LIMITED,
        FaultKind.UNAUTHORIZED,
        FaultKind.UNAVAILABLE,
        FaultKind.INTERNAL,
        FaultKind.RESTART,
        FaultKind.CUT,
        FaultKind.LATENCY,
    }
)


class FaultScript(BaseModel):
    """A file of faults: the seed of their dice, and the rules."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = 0
    faults: tuple[FaultRule, ...] = ()


NO_FAULTS = FaultScript()


def read_script(value: Any, shown: str) -> FaultScript:
    """A script from parsed YAML or JSON. Raises UsageError naming the place and what is wrong there."""
    try:
        return FaultScript.model_validate({} if value is None else value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise UsageError(f"{shown}: {place}: {first['msg']}", hint="see `narrate serve --help`") from error


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a rule looks at: a request to generate, or (``handshake``) a socket to be opened."""

    route: str
    key: str
    text: str = ""
    handshake: bool = False


@dataclass(slots=True)
class _Counted:
    rule: FaultRule
    dice: random.Random
    seen: int = 0
    struck: int = 0

    def strikes(self, occasion: Occasion) -> bool:
        """Whether the rule strikes here; counts what it looked at."""
        if not _concerns(self.rule, occasion):
            return False
        self.seen += 1
        rule = self.rule
        lucky = rule.probability is None or self.dice.random() < rule.probability
        return (
            lucky
            and (rule.times is None or self.struck < rule.times)
            and (rule.at is None or self.seen in rule.at)
            and (rule.every is None or self.seen % rule.every == 0)
            and (rule.after is None or self.seen > rule.after)
        )


def _concerns(rule: FaultRule, occasion: Occasion) -> bool:
    return (
        (rule.manner is Manner.HANDSHAKE) == occasion.handshake
        and (rule.routes is None or occasion.route in rule.routes)
        and (rule.key is None or rule.key == occasion.key)
        and (rule.text is None or rule.text in occasion.text)
    )


@dataclass(slots=True)
class Drawn:
    """What strikes one request: a delay, at most one refusal or interruption, and changes to the answer."""

    delay_ms: float = 0.0
    refusal: FaultRule | None = None
    interruption: FaultRule | None = None
    changes: dict[FaultKind, FaultRule] = field(default_factory=dict)

    @property
    def names(self) -> str | None:
        """The faults' names, for the books."""
        rules = [*filter(None, (self.refusal, self.interruption)), *self.changes.values()]
        return ",".join(rule.fault.value for rule in rules) or None


class Faults:
    """The rules in force, with their counts and dice."""

    def __init__(self, script: FaultScript) -> None:
        self.load(script)

    def load(self, script: FaultScript) -> None:
        """Put other rules in force; counts start anew."""
        self.script = script
        self._rules = [
            _Counted(rule, random.Random(f"{script.seed}/{number}"))  # noqa: S311 - faults, not secrets
            for number, rule in enumerate(script.faults)
        ]

    def draw(self, occasion: Occasion) -> Drawn:
        """What strikes this request. A refusal or interruption that comes after another is not counted as struck."""
        drawn = Drawn()
        for counted in self._rules:
            if counted.strikes(occasion) and _taken(drawn, counted):
                counted.struck += 1
        return drawn

    def counts(self) -> list[dict[str, object]]:
        """For each rule, how many requests it looked at and how many it struck."""
        return [
            {"fault": counted.rule.fault.value, "seen": counted.seen, "struck": counted.struck}
            for counted in self._rules
        ]


def _taken(drawn: Drawn, counted: _Counted) -> bool:
    rule = counted.rule
    if rule.fault is FaultKind.LATENCY:
        drawn.delay_ms += max(rule.delay_ms + counted.dice.uniform(-rule.jitter_ms, rule.jitter_ms), 0.0)
    elif is_refusal(rule) or rule.fault in INTERRUPTIONS:
        if drawn.refusal is not None or drawn.interruption is not None:
            return False
        if is_refusal(rule):
            drawn.refusal = rule
        else:
            drawn.interruption = rule
    else:
        drawn.changes[rule.fault] = rule
    return True


def is_refusal(rule: FaultRule) -> bool:
    """Whether the rule refuses before any audio."""
    return rule.fault in REFUSALS or (rule.fault is FaultKind.INTERNAL and not rule.after_frames)
