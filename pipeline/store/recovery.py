"""Attempts that a crash left open: a stored take closes its attempt, the rest are suspected."""

from __future__ import annotations

from pathlib import Path

from pipeline.store.ledger import Ledger, LedgerLine, read_ledger, utc_now
from pipeline.store.takes import TakeStore


def open_attempts(ledgers: Path) -> list[LedgerLine]:
    """The ``started`` lines that no ``ended`` line answers, oldest first."""
    pending: dict[str, LedgerLine] = {}
    over: set[str] = set()
    for line in read_ledger(ledgers):
        if line.event == "ended":
            over.add(line.attempt)
            pending.pop(line.attempt, None)
        elif line.attempt not in over:  # ledgers that were merged need not keep the order
            pending[line.attempt] = line
    return list(pending.values())


def close_open_attempts(ledgers: Path, store: TakeStore) -> list[LedgerLine]:
    """Write the missing ``ended`` line of every attempt whose take was stored; return the attempts still open.

    Call it with the project's lock held. Raises StorageError.
    """
    suspected = []
    for line in open_attempts(ledgers):
        take = store.stored(line.key)
        if take is None or take.attempt != line.attempt:
            suspected.append(line)
            continue
        ended = line.model_copy(
            update={
                "at": utc_now(),
                "event": "ended",
                "outcome": "stored",
                "request_id": take.usage.request_id,
                "audio_seconds": take.usage.audio_seconds,
                "cost_cents": take.usage.cost_cents,
                "because": "recovered after a crash",
            }
        )
        with Ledger(ledgers / f"{line.run}.jsonl", line.run) as ledger:
            ledger.append(ended, durable=True)
    return suspected
