"""Who may generate now: a sliding window of requests, and counts of generations and connections under way."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.server.api_errors import rate_limited
from pipeline.server.tiers import Tier

WINDOW_SECONDS = 60.0


class Window:
    """Requests accepted in the last 60 seconds. Times are seconds of one monotonic clock."""

    def __init__(self, limit: int | None, seconds: float = WINDOW_SECONDS) -> None:
        self.limit = limit
        self._seconds = seconds
        self._accepted: deque[float] = deque()

    def wait_seconds(self, now: float) -> float:
        """How long until a request would be accepted; 0: at once."""
        self._forget(now)
        if self.limit is None or len(self._accepted) < self.limit:
            return 0.0
        if self.limit == 0:
            return self._seconds
        return self._accepted[-self.limit] + self._seconds - now

    def accept(self, now: float) -> None:
        """Count a request."""
        if self.limit is not None:
            self._accepted.append(now)

    def remaining(self, now: float) -> int | None:
        """Requests that would be accepted now; None: no limit."""
        self._forget(now)
        return None if self.limit is None else max(self.limit - len(self._accepted), 0)

    def reset_seconds(self, now: float) -> float:
        """How long until the window is empty again."""
        self._forget(now)
        return self._accepted[-1] + self._seconds - now if self._accepted else 0.0

    def _forget(self, now: float) -> None:
        while self._accepted and self._accepted[0] <= now - self._seconds:
            self._accepted.popleft()


class Limits:
    """One organisation's limits at work."""

    def __init__(self, tier: Tier) -> None:
        self.window = Window(tier.requests_per_minute)
        self.generations = 0
        self.connections = 0
        self.change(tier)

    def change(self, tier: Tier) -> None:
        """Put other limits in force; what is under way goes on."""
        self.tier = tier
        self.window.limit = tier.requests_per_minute

    def request(self, now: float) -> None:
        """Count a request. Raises ApiError 429 where the window is full."""
        wait = self.window.wait_seconds(now)
        if wait > 0:
            raise rate_limited("Rate limit exceeded: too many requests per minute", max(math.ceil(wait), 1))
        self.window.accept(now)

    @contextmanager
    def generation(self) -> Iterator[None]:
        """Hold a place among the concurrent generations. Raises ApiError 429 where none is free."""
        most = self.tier.concurrent_generations
        if most is not None and self.generations >= most:
            raise rate_limited("Rate limit exceeded: too many concurrent generations", 1)
        self.generations += 1
        try:
            yield
        finally:
            self.generations -= 1

    @contextmanager
    def connection(self) -> Iterator[None]:
        """Hold a place among the open connections. Raises ApiError 429 where none is free."""
        most = self.tier.open_connections
        if most is not None and self.connections >= most:
            raise rate_limited("Too many open connections", 1)
        self.connections += 1
        try:
            yield
        finally:
            self.connections -= 1

    def headers(self, now: float, epoch_seconds: float) -> dict[str, str]:
        """``X-RateLimit-*``: the limit, what is left, and when (epoch seconds) the window is empty again."""
        remaining = self.window.remaining(now)
        if self.window.limit is None or remaining is None:
            return {}
        return {
            "X-RateLimit-Limit": str(self.window.limit),
            "X-RateLimit-Remaining": str(remaining),
            "X-RateLimit-Reset": str(math.ceil(epoch_seconds + self.window.reset_seconds(now))),
        }
