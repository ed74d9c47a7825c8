"""Keys, and the organisations that they belong to, with limits and wallet."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from pipeline.server.api_errors import unauthorized
from pipeline.server.limits import Limits
from pipeline.server.money import Wallet
from pipeline.server.storage import Database
from pipeline.server.tiers import TIERS

LOCAL_KEY = "ka_local"
"""The key that is accepted unless others are given."""

LOCAL_ORGANISATION = "local"


class KeyState(Enum):
    """What became of a key."""

    VALID = "valid"
    REVOKED = "revoked"


@dataclass(slots=True)
class Organisation:
    """Who pays, and within which limits; shared by all its keys."""

    id: str
    tier: int
    wallet: Wallet
    limits: Limits

    def public(self) -> dict[str, object]:
        """As the admin routes show it."""
        balance = self.wallet.balance
        return {
            "id": self.id,
            "tier": self.tier,
            "wallet_cents": None if balance is None else str(balance),
            "reserved_cents": str(self.wallet.reserved),
            "generations": self.limits.generations,
            "connections": self.limits.connections,
        }


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks."""

    key: str
    organisation: Organisation

    def rate_headers(self) -> dict[str, str]:
        """``X-RateLimit-*`` as they stand now."""
        return self.organisation.limits.headers(time.monotonic(), time.time())


class Accounts:
    """All keys and organisations, in memory and in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        rows = database.connection.execute("SELECT * FROM organisations").fetchall()
        self._organisations = {row["id"]: _organisation(row["id"], row["tier"], row["wallet_cents"]) for row in rows}
        keys = database.connection.execute("SELECT * FROM keys").fetchall()
        self._keys = {row["key"]: (str(row["organisation"]), KeyState(row["state"])) for row in keys}

    def open_local(self, keys: Sequence[str], tier: int, wallet_cents: Decimal | None) -> None:
        """Make sure of the organisation ``local`` with these keys; a wallet that is already there is kept."""
        known = self._organisations.get(LOCAL_ORGANISATION)
        balance = known.wallet.balance if known is not None and wallet_cents is not None else wallet_cents
        if known is None or known.tier != tier or known.wallet.balance != balance:
            self.put_organisation(LOCAL_ORGANISATION, tier, balance if balance is not None else wallet_cents)
        for key in keys:
            if key not in self._keys:
                self.put_key(key, LOCAL_ORGANISATION, KeyState.VALID)

    def caller(self, key: str | None) -> Caller:
        """Whose key this is. Raises ApiError 401."""
        if not key or key not in self._keys:
            raise unauthorized("Missing API key" if not key else "Invalid API key")
        organisation, state = self._keys[key]
        if state is KeyState.REVOKED:
            raise unauthorized("This API key was revoked")
        return Caller(key, self._organisations[organisation])

    def put_key(self, key: str, organisation: str, state: KeyState) -> None:
        """Add or change a key; its organisation is made (tier 3, wallet without end) where there is none."""
        if organisation not in self._organisations:
            self.put_organisation(organisation, 3, None)
        self._keys[key] = (organisation, state)
        self._database.connection.execute("REPLACE INTO keys VALUES (?, ?, ?)", (key, organisation, state.value))

    def put_organisation(self, organisation_id: str, tier: int, wallet_cents: Decimal | None) -> Organisation:
        """Add or change an organisation; generations under way keep what is set aside for them."""
        organisation = self._organisations.get(organisation_id)
        if organisation is None:
            organisation = _organisation(organisation_id, tier, None)
            self._organisations[organisation_id] = organisation
        organisation.tier = tier
        organisation.limits.change(TIERS[tier])
        organisation.wallet = Wallet(wallet_cents, organisation.wallet.reserved)
        self._database.connection.execute(
            "REPLACE INTO organisations VALUES (?, ?, ?)",
            (organisation_id, tier, None if wallet_cents is None else str(wallet_cents)),
        )
        return organisation

    def organisation(self, organisation_id: str) -> Organisation | None:
        """The organisation of that id."""
        return self._organisations.get(organisation_id)

    def public(self) -> dict[str, object]:
        """Everything, for the admin routes."""
        return {
            "organisations": [organisation.public() for organisation in self._organisations.values()],
            "keys": [
                {"key": key, "organisation": organisation, "state": state.value}
                for key, (organisation, state) in self._keys.items()
            ],
        }


def _organisation(organisation_id: str, tier: int, wallet_cents: str | None) -> Organisation:
    balance = None if wallet_cents is None else Decimal(wallet_cents)
    return Organisation(organisation_id, tier, Wallet(balance), Limits(TIERS[tier]))
