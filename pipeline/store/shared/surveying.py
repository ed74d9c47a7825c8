"""Looking through a whole store: what is damaged, what it holds, and taking what is damaged out of use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pipeline.store.shared.exchange import Catalogue, read_verified, verified_sidecar
from pipeline.store.shared.names import CLAIMS, DAMAGED, ledger_folder, sidecar_name
from pipeline.store.shared.remote import Remote
from pipeline.store.shared.runners import Runner
from pipeline.store.shared.turns import DamagedInStore
from pipeline.store.sidecars import Take

_THREADS = 16


@dataclass(frozen=True, slots=True)
class Survey:
    """A store at a glance."""

    takes: int
    size_bytes: int
    ledgers: int
    claims: int
    runs: tuple[str, ...]


def survey(remote: Remote, catalogue: Catalogue, project: str, runner: Runner) -> Survey:
    """What listings tell. Raises StoreUnavailable."""
    audio = sum(entry.size_bytes for entries in catalogue.audio.values() for entry in entries)
    return Survey(
        takes=len(catalogue.sidecars),
        size_bytes=audio + sum(entry.size_bytes for entry in catalogue.sidecars.values()),
        ledgers=len(remote.entries(ledger_folder(project))),
        claims=len(remote.entries(CLAIMS)),
        runs=tuple(sorted(runner.living())),
    )


def damaged_in_store(remote: Remote, keys: Iterable[str]) -> Iterator[DamagedInStore]:
    """Read every take of ``keys`` and check it. Raises StoreUnavailable."""

    def look(key: str) -> DamagedInStore | None:
        try:
            read_verified(remote, key)
        except DamagedInStore as error:
            return error
        return None

    with ThreadPoolExecutor(max_workers=_THREADS) as threads:
        yield from filter(None, threads.map(look, keys))


def sidecars_of(remote: Remote, keys: Iterable[str]) -> dict[str, Take | None]:
    """What the sidecars of ``keys`` say; None for those that are damaged or gone. Raises StoreUnavailable."""

    def look(key: str) -> tuple[str, Take | None]:
        data = remote.read(sidecar_name(key))
        try:
            return key, None if data is None else verified_sidecar(key, data)[1]
        except ValueError:
            return key, None

    with ThreadPoolExecutor(max_workers=_THREADS) as threads:
        return dict(threads.map(look, keys))


def set_aside(remote: Remote, key: str, catalogue: Catalogue) -> None:
    """Take a damaged take out of use: what is left of it moves to ``damaged/``, commit mark first.

    Raises StoreUnavailable.
    """
    names = [sidecar_name(key), *(entry.name for entry in catalogue.audio.get(key, ()))]
    for name in names:
        data = remote.read(name)
        if data is not None:
            remote.write(f"{DAMAGED}/{name.rpartition('/')[2]}", data)
            remote.remove([name])
