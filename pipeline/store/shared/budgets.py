"""A project's budget over all runners: what every run holds of it, as a chain of objects.

Each object ``<n>`` of the chain says what every run holds, and is created only once, from what ``n-1`` said: of two
runners that reserve at once, one finds its number taken, looks again and sees what the other holds. So all runners
together never pass the budget.
"""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

import orjson

from pipeline.errors import StorageError
from pipeline.store.shared.names import budget_folder
from pipeline.store.shared.remote import Remote

_NOTHING = Decimal(0)
_KEPT = 16
"""How many of the chain's last objects stay."""
_TRIES = 60


@dataclass(slots=True)
class SharedBudget:
    """The budget of ``project`` at ``provider``, of ``cents`` in all, as ``run`` draws on it.

    ``ledgers`` is what each earlier run came to by the ledger: of ledger and chain the higher counts.
    """

    remote: Remote
    project: str
    provider: str
    run: str
    cents: Decimal
    ledgers: Mapping[str, Decimal] = field(default_factory=dict)
    held: Decimal = _NOTHING

    def others(self) -> Decimal:
        """What all other runs have come to, or hold. Raises StorageError."""
        return self._others(self._last()[1])

    def hold(self, cents: Decimal) -> bool:
        """Hold so much for this run, more or less than before; False where the budget does not have it.

        Raises StorageError.
        """
        for _ in range(_TRIES):
            number, holding = self._last()
            if cents > self.held and self._others(holding) + cents > self.cents:
                return False
            if self._append(number + 1, {**holding, self.run: cents}):
                self.held = cents
                return True
            time.sleep(random.uniform(0.01, 0.2))  # noqa: S311 - so that two runners part
        raise StorageError(
            f"the store {self.remote.shown}: the budget is being changed all the time by others", hint="run again"
        )

    def _others(self, holding: Mapping[str, Decimal]) -> Decimal:
        runs = ({*holding, *self.ledgers}) - {self.run}
        return sum((max(holding.get(run, _NOTHING), self.ledgers.get(run, _NOTHING)) for run in runs), _NOTHING)

    @property
    def _folder(self) -> str:
        return budget_folder(self.project, self.provider)

    def _numbers(self) -> list[int]:
        names = (entry.name.rpartition("/")[2] for entry in self.remote.entries(self._folder))
        return sorted(int(name) for name in names if name.isdecimal())

    def _last(self) -> tuple[int, dict[str, Decimal]]:
        while True:
            numbers = self._numbers()
            if not numbers:
                return 0, {}
            data = self.remote.read(f"{self._folder}/{numbers[-1]}")
            if data is not None:
                return numbers[-1], self._read(data, numbers[-1])

    def _read(self, data: bytes, number: int) -> dict[str, Decimal]:
        try:
            return {run: Decimal(cents) for run, cents in orjson.loads(data)["runs"].items()}
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, InvalidOperation) as error:
            raise StorageError(
                f"the store {self.remote.shown}: {self._folder}/{number} cannot be read, so nobody knows what is left",
                hint="remove this object once no run is at work: the one before it then counts, and the ledgers",
            ) from error

    def _append(self, number: int, holding: Mapping[str, Decimal]) -> bool:
        """Whether ``number`` became ours, and the last."""
        name = f"{self._folder}/{number}"
        runs = {run: str(cents) for run, cents in sorted(holding.items())}
        data = orjson.dumps({"schema": 1, "nonce": secrets.token_hex(8), "runs": runs})
        if not self.remote.create(name, data) and self.remote.read(name) != data:
            return False
        numbers = self._numbers()
        if numbers[-1] > number + _KEPT // 2:  # ours was removed before, as an old one
            self.remote.remove([name])
            return False
        self.remote.remove([f"{self._folder}/{old}" for old in numbers if old <= number - _KEPT])
        return True
