"""Claims: of all runners, one makes a take.

A claim is an object ``claims/<key>.<n>`` that can be created only once. Who creates it may make the take. When its
lease has run out, by the store's clock, or when it is given back, the next runner creates ``n+1``. While a take is not
in the store its claims are never removed, so that numbers only rise; once it is there, whoever gets a claim finds the
take.
"""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass, field

import orjson

from pipeline.store.shared.names import claim_name
from pipeline.store.shared.remote import Remote
from pipeline.store.shared.runners import Runner


@dataclass(slots=True)
class Claim:
    """A claim of this runner; ``kept_at`` is when it was last written, by this machine's steady clock."""

    key: str
    number: int
    kept_at: float

    @property
    def name(self) -> str:
        """What the object is called."""
        return claim_name(self.key, self.number)


@dataclass(slots=True)
class Claims:
    """The claims of one runner. Every method may be called from any thread, and raises StoreUnavailable."""

    remote: Remote
    runner: Runner
    _held: dict[str, Claim] = field(default_factory=dict)
    _token: str = field(default_factory=lambda: secrets.token_hex(8))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, key: str) -> Claim | None:
        """Claim ``key``; None where another runner has it, or has just had it."""
        number = 0
        while True:
            claim = Claim(key, number, time.monotonic())
            if self.remote.create(claim.name, self._body("held")):
                return self._kept(claim) if number == 0 else self._taken_over(claim)
            standing = self._standing(claim.name)
            if standing is None:
                return None
            if standing.token == self._token and not standing.released:
                return self._kept(claim)  # the answer to our own creation was lost
            if not standing.released and not self.runner.expired(standing.modified, standing.lease_seconds):
                return None
            number += 1

    def confirm(self, claim: Claim, needed_seconds: float) -> bool:
        """Whether the claim holds for so long yet; it is renewed where it must be. False: another has taken it over."""
        if self.runner.lease_seconds - (time.monotonic() - claim.kept_at) >= needed_seconds:
            return True
        return self.renew(claim)

    def renew(self, claim: Claim) -> bool:
        """Write the claim again, then look whether it was taken over: who takes over looks the other way round."""
        now = time.monotonic()
        self.remote.write(claim.name, self._body("held"))
        if self.remote.modified(claim_name(claim.key, claim.number + 1)) is not None:
            with self._lock:
                self._held.pop(claim.key, None)
            return False
        claim.kept_at = now
        return True

    def renew_all(self) -> None:
        """Renew every claim that is held."""
        with self._lock:
            held = list(self._held.values())
        for claim in held:
            if time.monotonic() - claim.kept_at > self.runner.lease_seconds / 4 and claim.key in self._held:
                self.renew(claim)

    def give_up(self, claim: Claim, *, arrived: bool) -> None:
        """End the claim: removed where the take is in the store, else marked as given back."""
        with self._lock:
            self._held.pop(claim.key, None)
        if arrived:
            self.remote.remove([claim_name(claim.key, number) for number in range(claim.number + 1)])
        else:
            self.remote.write(claim.name, self._body("released"))

    def held(self) -> list[Claim]:
        """The claims of this runner."""
        with self._lock:
            return list(self._held.values())

    def _kept(self, claim: Claim) -> Claim:
        with self._lock:
            self._held[claim.key] = claim
        return claim

    def _taken_over(self, claim: Claim) -> Claim | None:
        """Whether the runner before has not renewed after all, between our look and our claim."""
        before = self._standing(claim_name(claim.key, claim.number - 1))
        alive = before is not None and not before.released
        if before is not None and alive and not self.runner.expired(before.modified, before.lease_seconds):
            self.remote.write(claim.name, self._body("released"))
            return None
        return self._kept(claim)

    def _standing(self, name: str) -> _Standing | None:
        modified, data = self.remote.modified(name), self.remote.read(name)
        return None if modified is None or data is None else _read(data, modified, self.runner.lease_seconds)

    def _body(self, state: str) -> bytes:
        body = {"schema": 1, "run": self.runner.run, "token": self._token, "state": state}
        return orjson.dumps({**body, "lease_seconds": self.runner.lease_seconds})


@dataclass(frozen=True, slots=True)
class _Standing:
    token: str
    released: bool
    lease_seconds: float
    modified: float


def _read(data: bytes, modified: float, lease_seconds: float) -> _Standing:
    """What a claim says; one that cannot be read holds as any other."""
    try:
        said = orjson.loads(data)
        return _Standing(said["token"], said["state"] == "released", float(said["lease_seconds"]), modified)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return _Standing("", released=False, lease_seconds=lease_seconds, modified=modified)
