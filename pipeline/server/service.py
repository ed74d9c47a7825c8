"""All that a running server holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from pipeline.server.accounts import LOCAL_KEY, Accounts
from pipeline.server.books import Books
from pipeline.server.dictionary_store import DictionaryStore
from pipeline.server.faults import NO_FAULTS, Faults, FaultScript
from pipeline.server.money import Billing
from pipeline.server.speaking import Speaker
from pipeline.server.storage import Database
from pipeline.server.voice_store import VoiceStore

IDLE_FLUSH_SECONDS = 5.0
"""After so long without text a session speaks what it holds, and warns (KugelAudio API, "WebSockets")."""

IDLE_CONTEXT_SECONDS = 20.0
"""After so long without a message a context is closed."""


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How the server is set up. ``wallet_cents`` None: a wallet that never empties."""

    state: Path | None = None
    keys: Sequence[str] = ()
    tier: int = 3
    wallet_cents: Decimal | None = None
    billing: Billing = Billing.EXACT
    faults: FaultScript = NO_FAULTS
    silent: bool = False
    jobs: int | None = None
    idle_flush_seconds: float = IDLE_FLUSH_SECONDS
    idle_context_seconds: float = IDLE_CONTEXT_SECONDS


@dataclass(frozen=True, slots=True)
class Service:
    """The parts that the routes share."""

    options: ServerOptions
    database: Database
    accounts: Accounts
    voices: VoiceStore
    dictionaries: DictionaryStore
    books: Books
    faults: Faults
    speaker: Speaker

    @property
    def server_id(self) -> str:
        """Stable as long as the state is kept."""
        return self.database.server_id


def open_service(options: ServerOptions, speaker: Speaker) -> Service:
    """Open the state and everything on it. Raises StorageError."""
    database = Database(options.state)
    accounts = Accounts(database)
    accounts.open_local(options.keys or (LOCAL_KEY,), options.tier, options.wallet_cents)
    return Service(
        options,
        database,
        accounts,
        VoiceStore(database),
        DictionaryStore(database),
        Books(database),
        Faults(options.faults),
        speaker,
    )
