"""What happens in a run, as values; receivers (progress bar, plain lines, JSON lines) are in ``cli/progress.py``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class RenderStarted:
    """Takes are about to be made: ``to_make`` of ``segments``, ``characters`` in all."""

    segments: int
    to_make: int
    characters: int


@dataclass(frozen=True, slots=True)
class TakeMade:
    """A take is stored. ``characters`` are its segment's, ``seconds`` its audio's, ``cost_cents`` its charge (None:
    unknown, or free)."""

    key: str
    chapter: str
    index: int
    characters: int
    seconds: float
    cost_cents: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Charged:
    """An attempt at a paid engine has ended with ``outcome`` and cost ``cost_cents`` (None: unknown).

    Of the whole run, in EUR cents: what is known to be spent, what unknown charges may come to, what is set aside for
    requests under way, and what the run may spend (None: no budget).
    """

    chapter: str
    index: int
    outcome: str
    cost_cents: Decimal | None
    spent_cents: Decimal
    unknown_cents: Decimal
    reserved_cents: Decimal
    budget_cents: Decimal | None


@dataclass(frozen=True, slots=True)
class Retrying:
    """An attempt failed and will be repeated in ``wait_seconds``."""

    chapter: str
    index: int
    because: str
    wait_seconds: float


@dataclass(frozen=True, slots=True)
class SegmentFailed:
    """A segment was given up; the others go on."""

    chapter: str
    index: int
    place: str
    because: str


@dataclass(frozen=True, slots=True)
class AssemblyStarted:
    """Files are about to be written: ``files`` of them, holding ``seconds`` of audio."""

    files: int
    seconds: float


@dataclass(frozen=True, slots=True)
class FileWritten:
    """An output is in its place."""

    path: Path
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something the user should know that is no failure."""

    message: str


Event: TypeAlias = (
    RenderStarted | TakeMade | Charged | Retrying | SegmentFailed | AssemblyStarted | FileWritten | Noticed
)
Receiver: TypeAlias = Callable[[Event], None]


class Audience:
    """Passes events on to a receiver until it can no longer be told; ``on_leaving`` is called then.

    Whoever reads the progress may go away in the middle of a run (``narrate render … | head``). That is no reason to
    let go of answers under way: the run starts nothing new, finishes them, and says ``gone`` after that.
    """

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self.gone: OSError | None = None
        self.on_leaving: Callable[[], None] | None = None

    def __call__(self, event: Event) -> None:
        """Tell it, if anybody listens still."""
        if self.gone is not None:
            return
        try:
            self._receiver(event)
        except OSError as error:
            self.gone = error
            if self.on_leaving is not None:
                self.on_leaving()
