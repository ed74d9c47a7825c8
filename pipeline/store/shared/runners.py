"""Which runners are alive, told by the store's clock alone: no two machines need agree on the time."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import orjson

from pipeline.store.shared.names import RUNNERS, runner_name
from pipeline.store.shared.remote import Remote, StoreUnavailable

LEASE_SECONDS = 900.0
"""How long a runner that says nothing keeps its claims. A request may take as long as its answer takes to be spoken and
sent, some minutes at most: 900 s outlive it."""
REQUEST_SECONDS = 300.0
"""How long a request may take: a claim that holds for less is renewed before one leaves."""
GRAIN_SECONDS = 2.0
"""Object stores tell times in whole seconds."""
_FRESH_SECONDS = 1.0


@dataclass(slots=True)
class Runner:
    """This run at the store. ``now`` writes its sign of life and reads when the store says that was."""

    remote: Remote
    run: str
    lease_seconds: float = LEASE_SECONDS
    _read_at: float = float("-inf")
    _now: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def now(self) -> float:
        """The store's time, in seconds since 1970: at most one second old, and never ahead. Raises StoreUnavailable."""
        with self._lock:
            if time.monotonic() - self._read_at > _FRESH_SECONDS:
                before = time.monotonic()
                name = runner_name(self.run)
                self.remote.write(name, orjson.dumps({"schema": 1, "lease_seconds": self.lease_seconds}))
                written = self.remote.modified(name)
                if written is None:
                    raise StoreUnavailable(
                        f"the store {self.remote.shown} does not keep what it is given",
                        hint="check that objects can be written and read there; `narrate doctor` tries it",
                    )
                self._now, self._read_at = written, before
            return self._now

    def expired(self, modified: float, lease_seconds: float) -> bool:
        """Whether what was last written then has outlived its lease, by the store's clock. Raises StoreUnavailable."""
        return self.now() - modified > lease_seconds + GRAIN_SECONDS

    def living(self) -> set[str]:
        """The names of the other runs that are alive. Raises StoreUnavailable."""
        found = {entry.name.removeprefix(f"{RUNNERS}/"): entry.modified for entry in self.remote.entries(RUNNERS)}
        found.pop(self.run, None)
        return {run for run, modified in found.items() if not self.expired(modified, self.lease_seconds)}

    def leave(self) -> None:
        """This run is over. Raises StoreUnavailable."""
        self.remote.remove([runner_name(self.run)])
