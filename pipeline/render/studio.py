"""What making takes needs, and how it is told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import Executor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal

from pipeline.engines.protocol import Engine, Limits, MeteredEngine
from pipeline.errors import StorageError
from pipeline.kugelaudio import KugelAudioError
from pipeline.render.events import Receiver
from pipeline.render.limiter import Limiter
from pipeline.render.purse import Cap
from pipeline.render.recording import Recorder
from pipeline.render.recutting import KnownLimit
from pipeline.render.reservation import Paces
from pipeline.render.room import Room
from pipeline.render.sources import Alone, TakeSource
from pipeline.render.terms import Terms
from pipeline.store.compression import Compression
from pipeline.store.takes import TakeStore

_OTHERS_SECONDS = 2.0
"""How long is waited before looking again whether another machine has made a take."""


class Halted(Exception):
    """Nothing new is started any more."""


class BudgetSpent(Exception):
    """The next request does not fit into a budget, and nothing is under way that could still turn out cheaper."""

    def __init__(self, cap: Cap, cents: Decimal | None) -> None:
        held = ""
        if cap.unknown_before:
            held = f", {cap.unknown_before} of it set aside for charges of earlier runs that are not known"
        needed = "" if cents is None else f" (the next segment may cost {cents} cents)"
        super().__init__(f"{cap.name} of {cap.cents} cents is spent{held}{needed}")


class Overcharged(Exception):
    """A charge was above what was reserved for it: no budget could be kept on these terms."""

    def __init__(self, attempt: str, cost_cents: Decimal, reserved_cents: Decimal) -> None:
        super().__init__(f"attempt {attempt} was charged {cost_cents} cents, more than the {reserved_cents} reserved")


Ending = KugelAudioError | BudgetSpent | Overcharged | StorageError
"""What ends a run early."""


@dataclass(slots=True)
class Studio:
    """The desk that all workers share; it belongs to one event loop."""

    engine: Engine
    identity: Mapping[str, str]
    store: TakeStore
    recorder: Recorder
    receiver: Receiver
    stop: asyncio.Event
    """Set from outside: finish what is in flight, start nothing new."""
    storing: Executor
    """Encodes and writes takes beside the event loop. Few threads keep memory flat: the allocator keeps an arena of
    once used memory for every thread, and a take has megabytes."""
    terms: Terms
    paces: Paces
    refused_before: frozenset[str] = frozenset()
    """The keys of texts that earlier runs were told are too long."""
    source: TakeSource = field(default_factory=Alone)
    """Whose turn it is, where other machines make takes of the same book."""
    elsewhere: set[str] = field(default_factory=set)
    """The keys of takes that other machines made meanwhile."""
    made_again: set[str] = field(default_factory=set)
    """The keys of takes that were found damaged once in this run; twice is the disk's fault, and costs."""
    room: Room = field(init=False)
    """What is set aside on the disk for answers that are paid for."""
    metered: MeteredEngine | None = field(init=False)
    """The engine, where it tells how far a request came; asked once, since a protocol is slow to ask for."""
    limiter: Limiter = field(init=False)
    longest: KnownLimit = field(init=False)
    gate_seconds: float = 0.0
    """For how long the last refusal holds everyone."""
    ending: Ending | None = None
    compression: Compression = field(default_factory=Compression)
    """Compresses takes while there is time for it."""
    unkept_cents: list[Decimal | None] = field(default_factory=list)
    """Charges for answers that came and could not be stored."""
    halting: asyncio.Event = field(default_factory=asyncio.Event)
    _settled: asyncio.Event = field(default_factory=asyncio.Event)
    _making: dict[str, asyncio.Lock] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.metered = self.engine if isinstance(self.engine, MeteredEngine) else None
        self.limiter = Limiter(limits_of(self.engine), pacing=self.terms.pacing)
        self.room = Room(self.store.folder)
        self.longest = KnownLimit(self.engine.max_input_length)

    def halt(self, ending: Ending | None = None) -> None:
        """Start nothing new; the first ``ending`` is the one that is told."""
        self.ending = self.ending or ending
        self.halting.set()
        self.limiter.close()
        self.tell_settled()

    async def sleep(self, seconds: float) -> None:
        """Wait, but not longer than until nothing new is started."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.halting.wait(), seconds)

    async def wait_for_others(self) -> None:
        """Let other machines go on for a while. Raises Halted where nothing new is started any more."""
        await self.sleep(_OTHERS_SECONDS)
        if self.halting.is_set():
            raise Halted

    def tell_settled(self) -> None:
        """Wake those who wait for money that was set aside."""
        self._settled.set()
        self._settled = asyncio.Event()

    async def settled(self) -> None:
        """Wait until a request under way has its charge."""
        await self._settled.wait()

    @asynccontextmanager
    async def alone_with(self, key: str) -> AsyncIterator[None]:
        """One task at a time for a take, so that no take is asked for twice at once."""
        lock = self._making.setdefault(key, asyncio.Lock())
        async with lock:
            yield
        if not lock.locked():
            self._making.pop(key, None)


def limits_of(engine: Engine) -> Limits:
    """What the engine takes: a metered one tells, any other only how many requests it makes good use of."""
    return engine.limits if isinstance(engine, MeteredEngine) else Limits(None, max(1, engine.concurrency))
