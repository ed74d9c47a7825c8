"""What the stored takes are worth, and removing them. Ledgers are never removed."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from decimal import Decimal

from pipeline.store.files import storage_errors
from pipeline.store.layout import Layout
from pipeline.store.takes import TakeStore


@dataclass(frozen=True, slots=True)
class Worth:
    """The stored takes: how many, how long, what was paid for them in EUR cents, and how many charges are unknown."""

    takes: int
    seconds: float
    cents: Decimal
    unknown: int


def takes_worth(layout: Layout) -> Worth:
    """Sum up all stored takes; a paid take without a known charge counts as unknown, never as zero."""
    takes, seconds, cents, unknown = 0, 0.0, Decimal(0), 0
    for key in layout.takes.all_keys():
        takes += 1
        try:
            take = layout.takes.load(key)
        except ValueError:
            unknown += 1
            continue
        if take is None:
            continue
        seconds += take.seconds
        if take.usage.cost_cents is not None:
            cents += take.usage.cost_cents
        elif take.inputs["engine"] == "kugelaudio":
            unknown += 1
    return Worth(takes, seconds, cents, unknown)


def remove_takes(layout: Layout) -> None:
    """Remove all takes and what was encoded from them. Raises StorageError."""
    for folder in (layout.takes.folder, layout.encoded):
        if folder.exists():
            with storage_errors(folder):
                shutil.rmtree(folder)


def damaged_takes(takes: TakeStore) -> list[str]:
    """The keys of all takes whose sidecar or audio is not what was stored; reads every byte."""
    damaged = []
    for key in takes.all_keys():
        try:
            take = takes.load(key)
        except ValueError:
            take = None
        if take is None or not takes.is_intact(take):
            damaged.append(key)
    return damaged
