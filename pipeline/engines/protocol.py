"""What rendering asks of a speech engine, embedded or paid."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

from pipeline.project.dictionaries import DictionaryEntry

if TYPE_CHECKING:  # plans know engines and load no numbers
    import numpy as np
    from numpy.typing import NDArray

VoiceParameters = Mapping[str, str | int | float]


@dataclass(frozen=True, slots=True)
class Order:
    """One segment as an engine gets it.

    ``voice`` is the binding resolved by :meth:`Engine.resolve_voice`. ``entries`` are the dictionary entries that
    apply. ``number`` counts the takes asked of this segment (0: the first); a seeded engine derives its seed from it.
    """

    text: str
    language: str
    voice: VoiceParameters
    entries: tuple[DictionaryEntry, ...] = ()
    number: int = 0


@dataclass(frozen=True, slots=True)
class WordTimes:
    """Words as columns of equal length, in order of time and of text.

    ``char_start`` / ``char_end``: code points in the text as written, half-open. ``start_sample`` / ``end_sample``:
    position in the audio. All int32. ``score``: alignment confidence 0-1 (float32), None where the engine computes
    the times itself.
    """

    char_start: NDArray[np.int32]
    char_end: NDArray[np.int32]
    start_sample: NDArray[np.int32]
    end_sample: NDArray[np.int32]
    score: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.char_start)


@dataclass(frozen=True, slots=True)
class Usage:
    """What the engine says it did. ``cost_cents`` is EUR cents; None means unknown, never zero."""

    audio_seconds: float
    characters: int
    cost_cents: Decimal | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Speech:
    """An engine's answer: mono PCM16 at ``sample_rate``, one row of ``words`` per written word, usage."""

    pcm: NDArray[np.int16]
    sample_rate: int
    words: WordTimes
    usage: Usage


@dataclass(frozen=True, slots=True)
class Unspeakable:
    """A run of text (code points, half-open) that the engine cannot speak, and what to do about it."""

    start: int
    end: int
    message: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What a service takes: requests in any 60 seconds, generations at once, open connections; None: no limit."""

    requests_per_minute: int | None
    generations: int
    connections: int | None = None


@dataclass(slots=True)
class Passage:
    """When a request left and when the first of its answer came (``time.monotonic()``); None: not (yet), as far as
    is known. It is filled while the request is under way; ``on_heard`` is called when the first comes."""

    sent_at: float | None = None
    heard_at: float | None = None
    on_heard: Callable[[], None] | None = None

    def heard(self) -> None:
        """Note that the first of the answer has come."""
        self.heard_at = time.monotonic()
        if self.on_heard is not None:
            self.on_heard()


class Engine(Protocol):
    """A speech engine. Errors raised by :meth:`speak` are of the family ``pipeline.kugelaudio.KugelAudioError``.

    Used as an async context manager around a run; :meth:`identity`, :meth:`resolve_voice` and
    :meth:`unspeakable` work without entering it and are cheap.
    """

    name: str
    paid: bool
    max_input_length: int
    """Characters in one request, at most."""
    concurrency: int
    """How many requests :meth:`speak` usefully takes at once."""

    def identity(self) -> Mapping[str, str]:
        """What of the engine goes into the content key: provider, model, and for embedded engines their version."""

    def resolve_voice(self, binding: Mapping[str, object], speed: float) -> VoiceParameters:
        """The binding with every default filled in, as it goes into the content key.

        Raises ValueError, with a message for the user, where the engine has no such voice or value.
        """

    def unspeakable(self, text: str, language: str) -> list[Unspeakable]:
        """The runs of text that this engine cannot speak (wrong language or script); empty: all can be spoken."""

    async def speak(self, order: Order) -> Speech:
        """Speak one segment."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *exc: object) -> None: ...


@runtime_checkable
class MeteredEngine(Engine, Protocol):
    """An engine behind a service with limits and a wallet."""

    limits: Limits
    """What the service takes, as far as is known beforehand."""
    account: str
    """Tells wallets apart, and tells nothing about the key."""

    async def speak_metered(self, order: Order, passage: Passage) -> Speech:
        """As :meth:`speak`, one request and no more: ``passage`` tells how far it came, whatever is raised."""
