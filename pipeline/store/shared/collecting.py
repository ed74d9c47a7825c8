"""Takes that nobody needs any more: found by what manifests and revisions need, priced, and removed on purpose."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from pipeline.errors import LockHeld
from pipeline.store.keys import KeyInputs
from pipeline.store.shared.exchange import Catalogue
from pipeline.store.shared.names import CLAIMS, PROBES, PROJECTS, RUNNERS, key_of_claim
from pipeline.store.shared.remote import Remote
from pipeline.store.shared.runners import Runner
from pipeline.store.sidecars import Take

_WHO_SPEAKS = ("provider", "model", "params")
"""What of a key's inputs depends on the machine or the provider: the same segment made elsewhere is needed too."""
_NOTHING = Decimal(0)


@dataclass(slots=True)
class Needed:
    """What manifests and revisions need, by the inputs of their keys."""

    keys: set[str] = field(default_factory=set)
    _signatures: set[str] = field(default_factory=set)
    _engines: set[object] = field(default_factory=set)
    _texts: set[str] = field(default_factory=set)
    _long: dict[str, list[str]] = field(default_factory=dict)

    def add(self, key: str, inputs: KeyInputs) -> None:
        """A segment that is needed."""
        text = str(inputs["text"])
        self.keys.add(key)
        self._signatures.add(_signature(inputs))
        self._engines.add(inputs["engine"])
        self._texts.add(text)
        self._long.setdefault(_speaker(inputs), []).append(text)

    def has(self, key: str, inputs: KeyInputs) -> bool:
        """Whether a take is needed: as it is; as made by another version or provider; by another engine for a text that
        is needed; or as a piece of a text that was too long."""
        text = unicodedata.normalize("NFC", str(inputs["text"]))
        if key in self.keys or _signature(inputs) in self._signatures:
            return True
        if inputs["engine"] not in self._engines:
            return text in self._texts
        return any(text in whole and text != whole for whole in self._long.get(_speaker(inputs), ()))


def _signature(inputs: KeyInputs) -> str:
    return json.dumps({name: value for name, value in inputs.items() if name not in _WHO_SPEAKS}, sort_keys=True)


def _speaker(inputs: KeyInputs) -> str:
    return json.dumps([inputs["engine"], inputs["voice"], inputs["language"], inputs["take"]], sort_keys=True)


@dataclass(frozen=True, slots=True)
class Waste:
    """What may go: takes with what was paid for them (cents by provider), audio without a sidecar, marks that are over.

    ``unknown`` takes have no known charge; ``unreadable`` ones cannot be read, so that nobody knows whose they are:
    they stay.
    """

    takes: tuple[Take, ...]
    names: tuple[str, ...]
    size_bytes: int
    unreadable: int

    @property
    def seconds(self) -> float:
        """Of audio."""
        return sum(take.seconds for take in self.takes)

    @property
    def cents(self) -> Mapping[str, Decimal]:
        """What was paid, by provider; kinds of money are never added."""
        paid: dict[str, Decimal] = {}
        for take in self.takes:
            if take.usage.cost_cents:
                provider = str(take.inputs["provider"])
                paid[provider] = paid.get(provider, _NOTHING) + take.usage.cost_cents
        return paid

    @property
    def unknown(self) -> int:
        """How many takes of the paid engine have no known charge."""
        return sum(take.usage.cost_cents is None and take.inputs["engine"] == "kugelaudio" for take in self.takes)


def projects_in(remote: Remote) -> set[str]:
    """The projects that have ledgers or budgets in the store. Raises StoreUnavailable."""
    return {entry.name.split("/")[1] for entry in remote.entries(PROJECTS)}


def find_waste(catalogue: Catalogue, sidecars: Mapping[str, Take | None], needed: Needed) -> Waste:
    """What of the store is not ``needed``; ``sidecars`` has the takes of all keys that are not needed as they are."""
    takes = [take for take in sidecars.values() if take is not None and not needed.has(take.key, take.inputs)]
    going = {take.key for take in takes}
    names = [catalogue.sidecars[take.key].name for take in takes]
    size = sum(catalogue.sidecars[take.key].size_bytes for take in takes)
    for key, entries in catalogue.audio.items():
        used = None if key in going or key not in catalogue.sidecars else sidecars.get(key)
        for entry in entries:
            superseded = used is not None and used.sha256[:16] not in entry.name
            if key in going or key not in catalogue.sidecars or superseded:
                names.append(entry.name)
                size += entry.size_bytes
    return Waste(tuple(takes), tuple(names), size, sum(take is None for take in sidecars.values()))


def marks_over(remote: Remote, keys: Iterable[str]) -> list[str]:
    """Claims of takes that are there, and what ended runs left. Raises StoreUnavailable."""
    there = set(keys)
    claims = [entry.name for entry in remote.entries(CLAIMS) if key_of_claim(entry.name) in there]
    return [*claims, *(entry.name for folder in (PROBES, RUNNERS) for entry in remote.entries(folder))]


def require_quiet(runner: Runner) -> None:
    """Raise LockHeld while runs are at work at the store, which may need what nobody else does."""
    living = sorted(runner.living())
    if living:
        raise LockHeld(
            f"{len(living)} runs are at work at the store {runner.remote.shown}: {', '.join(living[:3])}",
            hint=f"wait until they end; one that was cut off counts for {runner.lease_seconds:.0f} s",
        )


def remove_waste(remote: Remote, waste: Waste, marks: Sequence[str]) -> None:
    """Remove it, sidecars first: a take is there whole or not at all. Raises StoreUnavailable."""
    remote.remove([*waste.names, *marks])
