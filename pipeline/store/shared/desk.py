"""A project and its store outside of a run: takes sent, brought, and put in the place of damaged ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.store.layout import Layout
from pipeline.store.shared.exchange import Catalogue, offer
from pipeline.store.shared.remote import Remote
from pipeline.store.shared.runners import Runner
from pipeline.store.shared.shared_ledgers import pull_ledgers, push_ledgers
from pipeline.store.shared.source import SharedTakes
from pipeline.store.shared.surveying import damaged_in_store
from pipeline.store.sidecars import Take
from pipeline.store.takes import TakeStore


@dataclass(frozen=True, slots=True)
class Desk:
    """``project`` is its name in the store."""

    shared: SharedTakes
    project: str
    ledgers: Path

    @property
    def remote(self) -> Remote:
        """The store."""
        return self.shared.remote

    @property
    def takes(self) -> TakeStore:
        """The takes here."""
        return self.shared.takes

    @property
    def catalogue(self) -> Catalogue:
        """What the store had when the desk was opened."""
        return self.shared.catalogue

    @property
    def runner(self) -> Runner:
        """This command among those at work."""
        return self.shared.runner

    def push(self) -> tuple[int, int]:
        """Send every take and ledger that the store lacks; how many of each. Raises StorageError."""
        lacking = [take for take in self._here() if take.key not in self.catalogue.sidecars]
        problem = self.shared.deliver(lacking)
        ledgers = push_ledgers(self.remote, self.project, self.ledgers)
        if problem is not None:
            raise problem
        return len(lacking), ledgers

    def pull(self, keys: Iterable[str]) -> tuple[int, int]:
        """Bring takes, and ledgers of runs that are over; how many of each. Raises StorageError."""
        came = self.shared.bring(keys)
        return came, pull_ledgers(self.remote, self.project, self.ledgers, but=self.runner.living())

    def require_intact(self) -> None:
        """Raise DamagedInStore where something came damaged."""
        for error in self.shared.damaged.values():
            raise error

    def replace_damaged(self) -> int:
        """Put the takes that are intact here in the place of those damaged in the store. Raises StorageError."""
        here = {take.key: take for take in self._here() if take.key in self.catalogue.sidecars}
        damaged = [here[error.key] for error in damaged_in_store(self.remote, here)]
        for take in damaged:
            offer(self.remote, take, self.takes, replace=True)
        return len(damaged)

    def _here(self) -> Iterator[Take]:
        for key in self.takes.all_keys():
            take = self.takes.stored(key)
            if take is not None:
                yield take


@contextmanager
def at_desk(
    remote: Remote, layout: Layout, project: str, run: str, lease_seconds: float, notice: Callable[[str], None]
) -> Iterator[Desk]:
    """A desk at a store that is there. Raises StorageError."""
    shared = SharedTakes(remote, layout.takes, Runner(remote, run, lease_seconds), notice)
    try:
        shared.look()
        yield Desk(shared, project, layout.ledgers)
    finally:
        shared.close()
