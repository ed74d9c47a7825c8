"""Which shared store a run is to use, and what is there."""

from __future__ import annotations

import os
from dataclasses import dataclass

from pipeline.errors import UsageError
from pipeline.project.models import Project
from pipeline.store.shared.address import STORE_VARIABLE, Address, store_address
from pipeline.store.shared.runners import LEASE_SECONDS

LEASE_VARIABLE = "NARRATE_STORE_LEASE"
_SHORTEST_LEASE = 3


@dataclass(frozen=True, slots=True)
class StoreWish:
    """Which store a run is to use. ``shared``: several runners at once, which the store must be able to keep apart."""

    address: Address | None = None
    shared: bool = False
    lease_seconds: float = LEASE_SECONDS


def store_wish(project: Project, flag: str | None, *, shared: bool = False) -> StoreWish:
    """What flag, environment and manifest say, in this order. Raises UsageError."""
    address = store_address(project, flag=flag, variable=os.environ.get(STORE_VARIABLE))
    return StoreWish(address, shared, _lease_seconds())


def _lease_seconds() -> float:
    said = os.environ.get(LEASE_VARIABLE, "").strip()
    if not said:
        return LEASE_SECONDS
    if not said.isdecimal() or not _SHORTEST_LEASE <= int(said) <= 86_400:
        raise UsageError(
            f"{LEASE_VARIABLE} is no number of seconds from {_SHORTEST_LEASE} to 86400",
            hint=f"unset it: {LEASE_SECONDS} seconds suit every store",
        )
    return float(said)


def stored_elsewhere(wish: StoreWish) -> frozenset[str]:
    """The keys of all takes in the store, with one listing. Raises StorageError."""
    if wish.address is None:
        return frozenset()
    from pipeline.store.shared.exchange import read_catalogue  # noqa: PLC0415 - most plans have no store
    from pipeline.store.shared.opening import open_remote, require_version  # noqa: PLC0415

    remote = open_remote(wish.address)
    return read_catalogue(remote).keys if require_version(remote, begin=False) else frozenset()
