"""The shared store as a run uses it: whose turn it is to make a take, and sending what was made."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from pipeline.errors import StorageError
from pipeline.store.shared.budgets import SharedBudget
from pipeline.store.shared.claims import Claim, Claims
from pipeline.store.shared.exchange import Arrival, Catalogue, fetch, offer, read_catalogue
from pipeline.store.shared.remote import Remote
from pipeline.store.shared.runners import Runner
from pipeline.store.shared.turns import DamagedInStore, MadeElsewhere
from pipeline.store.sidecars import Take
from pipeline.store.takes import TakeStore

_T = TypeVar("_T")
_THREADS = 16
_WAITING = 64
"""Takes that may wait to be sent; then making them waits."""
_AHEAD = 8
"""Requests for which the budget is drawn at once."""
_LATER_SECONDS = 2.0


@dataclass(slots=True)
class SharedTakes:
    """A project's takes and the store that it shares, for one run.

    ``claims`` is None where nobody is kept from making the same take (an engine that costs nothing, or a store that
    cannot). ``notice`` is told what the user should know.
    """

    remote: Remote
    takes: TakeStore
    runner: Runner
    notice: Callable[[str], None]
    claims: Claims | None = None
    budget: SharedBudget | None = None
    paid: bool = False
    request_seconds: float = 300.0
    """How long a request may take: a claim holds at least so long when one leaves."""
    catalogue: Catalogue = field(default_factory=Catalogue)
    damaged: dict[str, DamagedInStore] = field(default_factory=dict)
    meanwhile: Callable[[], object] = lambda: None
    """Done whenever claims are renewed: sends the ledger, so that little of it is lost with this machine."""
    _arrived: set[str] = field(default_factory=set)
    _sending: set[asyncio.Task[None]] = field(default_factory=set)
    _threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="shared")
    )
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_WAITING))
    _drawing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _over: threading.Event = field(default_factory=threading.Event)
    _keeper: threading.Thread | None = None

    def look(self) -> None:
        """List what the store has. Raises StoreUnavailable."""
        self.catalogue = read_catalogue(self.remote)

    def bring(self, keys: Iterable[str]) -> int:
        """Fetch those of ``keys`` that the store has, several at once; how many came. Raises StorageError.

        What is damaged there is noticed, kept in ``damaged``, and not used.
        """
        wanted = [key for key in dict.fromkeys(keys) if key in self.catalogue.sidecars and key not in self.damaged]
        came = 0
        for job in as_completed([self._threads.submit(self._fetch, key) for key in wanted]):
            try:
                came += job.result() is not None
            except DamagedInStore as error:
                self.damaged[error.key] = error
                self.notice(error.message)
        return came

    def keep_alive(self) -> None:
        """Renew the sign of life and all claims from now on, on a thread of its own. Raises StoreUnavailable."""
        self.runner.now()
        self._keeper = threading.Thread(target=self._keep, name="lease", daemon=True)
        self._keeper.start()

    @asynccontextmanager
    async def turn(self, key: str, *, wait: Callable[[], Awaitable[None]] | None) -> AsyncIterator[Take | None]:
        """The take, where another runner has made it meanwhile; None: it is ours to make, until the context ends.

        Where another is making it, ``wait`` is awaited again and again until the take is there or the other's lease
        has run out; None: MadeElsewhere is raised. Raises DamagedInStore for what must not be paid for again,
        StorageError.
        """
        claim: Claim | None = None
        while True:
            if self.claims is not None and claim is None:
                claim = await self._off(self.claims.take, key)
            if claim is not None or self.claims is None or wait is not None or key in self.catalogue.sidecars:
                take = await self._came(key, claim)
                if take is not None:
                    yield take
                    return
            if claim is not None or self.claims is None:
                break
            if wait is None:
                raise MadeElsewhere
            await wait()
        try:
            yield None
        finally:
            await self._made(key, claim)

    async def still_ours(self, key: str) -> bool:
        """Whether a request for ``key`` may leave: our claim outlives it. Raises StorageError."""
        if self.claims is None:
            return True
        claim = next((claim for claim in self.claims.held() if claim.key == key), None)
        return claim is not None and await self._off(self.claims.confirm, claim, self.request_seconds)

    async def may_spend(self, at_most_cents: Decimal) -> bool:
        """Whether the project's budget has so much for this run in all. Raises StorageError."""
        budget = self.budget
        if budget is None or at_most_cents <= budget.held:
            return True
        async with self._drawing:
            if at_most_cents <= budget.held:
                return True
            ahead = at_most_cents + (at_most_cents - budget.held) * (_AHEAD - 1)
            return await self._off(budget.hold, ahead) or await self._off(budget.hold, at_most_cents)

    async def finish(self) -> None:
        """Wait until everything that is being sent has been sent, or could not be."""
        while self._sending:
            await asyncio.wait(self._sending)

    def deliver(self, takes: Iterable[Take], *, rounds: int = 3) -> StorageError | None:
        """Send every take that the store lacks, again and again for a while; what is left of it, as an error.

        Takes that the store has damaged count as not arrived.
        """
        left = {take.key: take for take in takes if not self._is_there(take.key)}
        failed: dict[str, StorageError] = {}
        for number in range(rounds):
            failed = self._send_all(left.values())
            left = {key: left[key] for key in failed}
            if not left or all(isinstance(error, DamagedInStore) for error in failed.values()):
                break
            if number + 1 < rounds:
                time.sleep(_LATER_SECONDS * (number + 1))
        if not self.paid:  # what costs nothing is made again here as long as the store's take is damaged
            failed = {key: error for key, error in failed.items() if not isinstance(error, DamagedInStore)}
        if not failed:
            return self._unsettled()
        first = next(iter(failed.values()))
        takes_are = "take has" if len(failed) == 1 else "takes have"
        return StorageError(
            f"{len(failed)} {takes_are} not reached the store: {first.message}; kept here: nothing is lost",
            hint=first.hint
            if isinstance(first, DamagedInStore)
            else "run again, or `narrate store push` on this machine, once the store can be reached",
        )

    def settle(self, at_most_cents: Decimal) -> None:
        """Give back what was drawn from the budget and not spent. Raises StorageError."""
        if self.budget is not None and at_most_cents < self.budget.held:
            self.budget.hold(at_most_cents)

    def close(self) -> None:
        """End threads, claims and the sign of life; what the store refuses now ends by itself with the lease."""
        self._over.set()
        if self._keeper is not None:
            self._keeper.join()
        try:
            for claim in self.claims.held() if self.claims is not None else []:
                if claim.key in self._arrived or self.takes.stored(claim.key) is None:
                    self._ended(claim)  # what could not be sent stays claimed: nobody is to pay for it meanwhile
            self.runner.leave()
        except StorageError as error:
            self.notice(f"{error.message}; claims of this run end with their lease")
        self._threads.shutdown()

    def _is_there(self, key: str) -> bool:
        return key in self._arrived or key in self.catalogue.sidecars

    def _unsettled(self) -> StorageError | None:
        if not self.damaged or not self.paid:
            return None
        return next(iter(self.damaged.values()))

    def _fetch(self, key: str) -> Take | None:
        take = fetch(self.remote, key, self.takes)
        if take is not None:
            self._arrived.add(key)
        return take

    async def _came(self, key: str, claim: Claim | None) -> Take | None:
        """The take, if the store has it by now; then our claim on it has ended."""
        if key in self.damaged and not self.paid:
            return None
        try:
            if key in self.damaged:
                raise self.damaged[key]
            take = await self._off(self._fetch, key)
        except BaseException as error:
            if isinstance(error, DamagedInStore):
                self.damaged[key] = error
            if claim is not None:
                await self._off(self._ended, claim)
            if isinstance(error, DamagedInStore) and not self.paid:
                return None
            raise
        if take is not None and claim is not None:
            await self._off(self._ended, claim, True)
        return take

    async def _made(self, key: str, claim: Claim | None) -> None:
        """Our turn is over: send what was made, and end the claim, while other takes are being made."""
        take = self.takes.stored(key)
        if take is None:
            if claim is not None:
                await self._off(self._ended, claim)
            return
        await self._places.acquire()
        task = asyncio.create_task(self._deliver(take, claim))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _deliver(self, take: Take, claim: Claim | None) -> None:
        try:
            await self._off(self._send, take)
        except StorageError as error:
            self.notice(f"{error.message}; it is tried again at the end")
            return  # the claim stands until then: nobody else is to pay meanwhile
        finally:
            self._places.release()
        if claim is not None:
            try:
                await self._off(self._ended, claim, True)
            except StorageError as error:
                self.notice(error.message)

    def _send(self, take: Take) -> None:
        if self.damaged.get(take.key):
            raise self.damaged[take.key]
        if offer(self.remote, take, self.takes) is Arrival.OTHER:
            self.notice(f"the store has another take of {take.key[:12]} that came first; this machine keeps its own")
        self._arrived.add(take.key)

    def _send_all(self, takes: Iterable[Take]) -> dict[str, StorageError]:
        jobs: dict[Future[None], str] = {self._threads.submit(self._send, take): take.key for take in takes}
        failed = {}
        for job in as_completed(jobs):
            try:
                job.result()
            except StorageError as error:
                failed[jobs[job]] = error
        return failed

    def _ended(self, claim: Claim, arrived: bool | None = None) -> None:
        assert self.claims is not None
        self.claims.give_up(claim, arrived=claim.key in self._arrived if arrived is None else arrived)

    def _keep(self) -> None:
        failing = False
        while not self._over.wait(self.runner.lease_seconds / 10):
            try:
                self.runner.now()
                if self.claims is not None:
                    self.claims.renew_all()
                self.meanwhile()
                failing = False
            except StorageError as error:
                if not failing:
                    self.notice(f"{error.message}; it is tried again until the lease ends")
                failing = True

    async def _off(self, work: Callable[..., _T], *arguments: object) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
