"""When the next request may start: the rules of the limiter, with every time given from outside.

What holds, whatever the service answers:

- In no 60 seconds does the service count more requests than ``requests_per_minute``. It counts a request somewhere
  between our sending it and its first answer, so that a request stays in our window until 60 seconds after that answer
  (one still under way is counted as if it were sent now). The window is used in full: bursts are allowed, and the next
  start is due in the very moment in which a place becomes free.
- No more than ``generations`` requests are under way.
- While the gate is closed nothing starts: a refusal (429) holds everyone.
- While the service is out of reach the gate closes for pauses that double, and one request at a time tries again.

What a refusal teaches (on a WebSocket it says neither which limit it means nor how long to wait):

================================================  ===================================================================
a time to wait was told                           the gate stays closed for it
our window is (nearly) full                       it was the rate: closed until the oldest request leaves it
others were under way                             it was the concurrency: one fewer at once from now on, short pause
it was alone, or pauses did not help              pauses double from half a second on; after ``_LEARNED_AFTER``
                                                  refusals in a row the rate is what went through in the last minute
================================================  ===================================================================

What was taken away comes back slowly: one place, or a tenth of the rate, for each quiet time, which doubles whenever
giving back was wrong.
"""

from __future__ import annotations

import math
from bisect import bisect_right, insort
from dataclasses import dataclass, field

from pipeline.engines.protocol import Limits

WINDOW_SECONDS = 60.0
"""The service's sliding window (KugelAudio API, "Limits per organisation")."""
_MARGIN = 0.005
"""Seconds that two clocks may differ by over a minute."""
_RAMP_SECONDS = 0.05
"""Over how long the first starts after a standstill are spread, so that connections are not all opened at once."""
_NEARLY_FULL = 0.9
_FIRST_PAUSE = 0.5
_LEARNED_AFTER = 4
_LEAST_RATE = 10
_QUIET_SECONDS = 10.0
_LONGEST_QUIET = 160.0
_LONGEST_AWAY = 30.0


@dataclass(slots=True)
class Pacing:
    """The state of one run's limiter. All times are seconds of one monotonic clock."""

    limits: Limits
    rate: int | None = field(init=False)
    """Requests in any minute, as known now."""
    places: int = field(init=False)
    """Requests at once, as known now."""
    _under_way: dict[int, float] = field(default_factory=dict)
    _counted: list[float] = field(default_factory=list)
    _numbers: int = 0
    _gate: float = -math.inf
    _ramp_left: int = field(init=False)
    _last_start: float = -math.inf
    _refused_in_a_row: int = 0
    _quiet_since: float = 0.0
    _quiet_seconds: float = _QUIET_SECONDS
    _given_back_at: float = -math.inf
    away_since: float | None = None
    """Since when the service has been out of reach; None: it is not, as far as is known."""
    _away_in_a_row: int = 0
    _trying: int | None = None
    """The request that tries whether the service is back."""

    def __post_init__(self) -> None:
        self.rate = self.limits.requests_per_minute
        self.places = self.most_places
        self._ramp_left = self.places

    def opens_at(self, now: float) -> float | None:
        """When the next request may start; None: not before one that is under way has ended."""
        self._give_back(now)
        if len(self._under_way) >= self.places or (self.away_since is not None and self._trying in self._under_way):
            return None
        free = self._free_at(now)
        if free is None:
            return None
        ramp = self._last_start + _RAMP_SECONDS / self.places if self._ramp_left > 0 else now
        return max(now, free, self._gate, ramp)

    def start(self, now: float) -> int:
        """Note that a request starts; its number. Call it only when :meth:`opens_at` is not in the future."""
        self._numbers += 1
        self._under_way[self._numbers] = self._last_start = now
        self._ramp_left -= 1
        if self.away_since is not None:
            self._trying = self._numbers
        return self._numbers

    def void(self, number: int) -> None:
        """The request was never sent."""
        self._under_way.pop(number, None)

    def ended(self, number: int, now: float, heard_at: float | None = None) -> None:
        """The request was answered (``heard_at``: its first sign), or failed in a way that may have been counted."""
        if self._under_way.pop(number, None) is None:
            return
        self._count(now if heard_at is None else min(heard_at, now), now)

    def all_ended(self, now: float) -> None:
        """Nothing is under way any more, whatever became of it: it may have been counted."""
        for number in tuple(self._under_way):
            self.ended(number, now)

    def passed(self) -> None:
        """A request was let through: refusals are no longer in a row."""
        self._refused_in_a_row = 0

    def out_of_reach(self, number: int, now: float, retry_after: float | None = None) -> float:
        """The request could not be sent. Returns the seconds for which everybody waits now; then one tries again."""
        started = self._under_way.pop(number, now)
        self.away_since = now if self.away_since is None else self.away_since
        if started >= self._gate:
            self._away_in_a_row += 1
            pause = min(_FIRST_PAUSE * 2 ** (self._away_in_a_row - 1), _LONGEST_AWAY)
            self._close(now + max(pause, retry_after or 0.0))
        return max(0.0, self._gate - now)

    def reached(self) -> None:
        """The service answered: it is there."""
        self.away_since, self._away_in_a_row, self._trying = None, 0, None

    def refused(self, number: int, now: float, retry_after: float | None = None) -> float:
        """The service said 429. Returns the seconds for which everybody waits now."""
        started = self._under_way.pop(number, now)
        others = len(self._under_way)
        in_window = self._in_window(now) + others
        full = self.rate is not None and in_window >= _NEARLY_FULL * self.rate
        fresh = started >= self._gate  # of the requests that one closing of the gate caught, the first speaks for all
        if fresh:
            self._refused_in_a_row += 1
            self._quiet(now)
        if retry_after is not None:
            self._close(now + retry_after)
        elif full:
            self._close(self._counted[0] + WINDOW_SECONDS + _MARGIN if self._counted else now + _FIRST_PAUSE)
        elif others and self.places > 1:
            self._count(now, now)  # whether the service counts what it then turns away is not known
            self.places -= 1
            self._close(now + _FIRST_PAUSE / 2)
        elif fresh:
            self._pause(now, in_window)
        opens = self.opens_at(now)
        return max(0.0, (self._gate if opens is None else opens) - now)

    def _pause(self, now: float, in_window: int) -> None:
        """Nothing tells how long: longer each time, until what went through is taken for the rate."""
        if self._refused_in_a_row >= _LEARNED_AFTER and self.limits.requests_per_minute is not None:
            self.rate = max(_LEAST_RATE, min(in_window, self.limits.requests_per_minute))
            self.places = self.most_places  # it was not the concurrency after all
        pause = _FIRST_PAUSE * 2 ** (self._refused_in_a_row - 1)
        self._close(now + min(pause, WINDOW_SECONDS))

    @property
    def most_places(self) -> int:
        """Requests at once, as far as the limits go that were known beforehand."""
        connections = self.limits.connections
        return max(1, self.limits.generations if connections is None else min(self.limits.generations, connections))

    def _close(self, until: float) -> None:
        self._gate = max(self._gate, until)
        self._ramp_left = self.places

    def _quiet(self, now: float) -> None:
        """Start the quiet time anew; a refusal soon after something was given back says that this was too early."""
        if now - self._given_back_at < self._quiet_seconds:
            self._quiet_seconds = min(self._quiet_seconds * 2, _LONGEST_QUIET)
        self._quiet_since = now

    def _changed(self) -> bool:
        return self.places < self.most_places or self.rate != self.limits.requests_per_minute

    def _give_back(self, now: float) -> None:
        if now - self._quiet_since < self._quiet_seconds:
            return
        if not self._changed():
            self._quiet_seconds = _QUIET_SECONDS
            return
        self._quiet_since = self._given_back_at = now
        self.places = min(self.places + 1, self.most_places)
        most = self.limits.requests_per_minute
        if self.rate is not None and most is not None:
            self.rate = min(most, self.rate + max(1, self.rate // 10))

    def _count(self, at: float, now: float) -> None:
        if self.limits.requests_per_minute is None:
            return
        del self._counted[: bisect_right(self._counted, now - WINDOW_SECONDS - _MARGIN)]
        insort(self._counted, at)

    def _in_window(self, now: float) -> int:
        return len(self._counted) - bisect_right(self._counted, now - WINDOW_SECONDS - _MARGIN)

    def _free_at(self, now: float) -> float | None:
        """When the window has a place; None: not before a request that is under way was answered."""
        if self.rate is None:
            return now
        too_many = len(self._under_way) + len(self._counted) - self.rate
        if too_many < 0:
            return now
        if too_many >= len(self._counted):
            return None
        return self._counted[too_many] + WINDOW_SECONDS + _MARGIN
