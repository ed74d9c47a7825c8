"""Attempts that a crash left open: an answer that is here closes its attempt, the rest are suspected."""

from __future__ import annotations

from pathlib import Path

from pipeline.engines.protocol import Usage
from pipeline.store.ledger import Ledger, LedgerLine, read_ledger, utc_now
from pipeline.store.rejected import read_rejected
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
    """Write the missing ``ended`` line of every attempt whose answer is here; return the attempts still open.

    Call it with the project's lock held. Raises StorageError.
    """
    suspected = []
    for line in open_attempts(ledgers):
        found = _answer_of(line, store)
        if found is None:
            suspected.append(line)
            continue
        ended = line.model_copy(
            update={"at": utc_now(), "event": "ended", "because": "recovered after a crash", **found}
        )
        with Ledger(ledgers / f"{line.run}.jsonl", line.run) as ledger:
            ledger.append(ended, durable=True)
    return suspected


def _answer_of(line: LedgerLine, store: TakeStore) -> dict[str, object] | None:
    """What the ``ended`` line of an open attempt says: its answer was stored, kept apart, or stored and torn since."""
    rejected = read_rejected(store, line.attempt)
    if rejected is not None:
        return {"outcome": "rejected", "error_code": "REJECTED", **_charged(rejected)}
    try:
        take = store.load(line.key)
    except ValueError:
        return None
    if take is None or take.attempt != line.attempt:
        return None
    if store.has_size(take):
        return {"outcome": "stored", **_charged(take.usage)}
    return {"outcome": "lost", "error_code": "STORAGE", **_charged(take.usage)}


def _charged(usage: Usage) -> dict[str, object]:
    return {
        "request_id": usage.request_id,
        "audio_seconds": usage.audio_seconds,
        "cost_cents": usage.cost_cents,
    }
