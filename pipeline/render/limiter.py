"""One limiter for a run: whoever wants to send a request waits here for a turn (the rules are in ``pacing.py``)."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable

from pipeline.engines.protocol import Limits
from pipeline.render.pacing import Pacing


class Limiter:
    """Grants turns in the order in which they were asked for, repeated attempts before first ones.

    It belongs to one event loop, whose timers must run on ``clock``. ``pacing`` is what earlier runs have left.
    """

    def __init__(
        self, limits: Limits, clock: Callable[[], float] = time.monotonic, *, pacing: Pacing | None = None
    ) -> None:
        self.pacing = pacing or Pacing(limits)
        self._clock = clock
        self._order = itertools.count()
        self._waiting: list[tuple[bool, int, asyncio.Future[int | None]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    async def turn(self, *, again: bool) -> int | None:
        """Wait for a turn; its number, which must be given back once. None: nothing new may start any more."""
        if self._closed:
            return None
        granted: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (not again, next(self._order), granted))
        self._grant()
        try:
            return await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled() and (number := granted.result()) is not None:
                self.void(number)
            raise

    def void(self, number: int) -> None:
        """Give a turn back unused."""
        self.pacing.void(number)
        self._grant()

    def ended(self, number: int, *, heard_at: float | None = None, answered: bool = True) -> None:
        """Give a turn back: the request was answered (first sign at ``heard_at``), or has failed.

        ``answered``: it was the service that said so.
        """
        self.pacing.ended(number, self._clock(), heard_at)
        self.pacing.passed()
        if answered:
            self.pacing.reached()
        self._grant()

    def reached(self) -> None:
        """The service has begun to answer: it is there, and whoever waited for that may start."""
        if self.pacing.away_since is not None:
            self.pacing.reached()
            self._grant()

    def out_of_reach(self, number: int, retry_after: float | None = None) -> float:
        """Give a turn back: the request could not be sent. Nobody starts for the seconds that are returned."""
        seconds = self.pacing.out_of_reach(number, self._clock(), retry_after)
        self._grant()
        return seconds

    @property
    def away_seconds(self) -> float:
        """For how long the service has been out of reach."""
        since = self.pacing.away_since
        return 0.0 if since is None else self._clock() - since

    def refused(self, number: int, retry_after: float | None) -> float:
        """Give a turn back: the service said 429. Nobody starts for the seconds that are returned."""
        self.pacing.reached()
        seconds = self.pacing.refused(number, self._clock(), retry_after)
        self._grant()
        return seconds

    def close(self) -> None:
        """Let nothing new start: whoever waits is told None."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for _, _, granted in self._waiting:
            if not granted.done():
                granted.set_result(None)
        self._waiting.clear()

    def _grant(self) -> None:
        """Grant all turns that are due, and set the timer for the next."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting:
            if self._waiting[0][2].done():  # whoever waited was cancelled
                heapq.heappop(self._waiting)
                continue
            now = self._clock()
            opens = self.pacing.opens_at(now)
            if opens is None:
                return
            if opens > now:
                self._timer = asyncio.get_running_loop().call_later(opens - now, self._grant)
                return
            heapq.heappop(self._waiting)[2].set_result(self.pacing.start(now))
