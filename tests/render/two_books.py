"""What the server billed beside what the ledger says, text by text and to the cent."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipeline.render.plan import Plan, PlannedSegment
from pipeline.render.recutting import halves
from pipeline.store.ledger import LedgerLine, read_ledger
from pipeline.store.takes import TakeStore

PAID = frozenset({"billed", "lost"})
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Charge:
    """One generation that the server took money for."""

    text: str
    cents: Decimal
    request_id: str


@dataclass(slots=True)
class Reckoning:
    """How the two sides compare; ``faults`` says, a sentence each, what cannot be explained."""

    billed: Decimal = _NOTHING
    known: Decimal = _NOTHING
    unknown_billed: Decimal = _NOTHING
    """What the server took for attempts whose charge the ledger calls unknown."""
    unknown_at_most: Decimal = _NOTHING
    attempts: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    lost: Decimal = _NOTHING
    """Cents that no line explains."""
    twice: Decimal = _NOTHING
    """Cents paid again for a text although no line of a rejected, lost or suspected attempt says why."""
    faults: list[str] = field(default_factory=list)


def texts_of(plan: Plan) -> dict[str, str]:
    """What is sent for each key of the plan, and for each piece that its segments may be cut into."""
    texts: dict[str, str] = {}
    for planned in plan.segments():
        for each in (planned, *_pieces(planned)):
            texts[each.key] = hashlib.sha256(unicodedata.normalize("NFC", each.segment.text).encode()).hexdigest()
    return texts


def bought_whole_and_in_pieces(plan: Plan, ledgers: Path) -> list[str]:
    """The places of segments (or pieces) that were bought, and pieces of them too."""
    bought = {
        (line.chapter, line.index, line.key) for line in read_ledger(ledgers) if line.outcome == "stored"
    }  # with the place, since two segments may have a piece in common
    each = [one for planned in plan.segments() for one in (planned, *_pieces(planned))]
    return [
        f"{one.segment.chapter}:{one.segment.index}"
        for one in each
        if _place(one) in bought and any(_place(piece) in bought for piece in _pieces(one))
    ]


def _place(planned: PlannedSegment) -> tuple[str, int, str]:
    return planned.segment.chapter, planned.segment.index, planned.key


def _pieces(planned: PlannedSegment) -> Iterator[PlannedSegment]:
    for _, piece in halves(planned):
        if piece.segment.text != planned.segment.text:
            yield piece
            yield from _pieces(piece)


def reckon(texts: Mapping[str, str], ledgers: Path, books: Sequence[Mapping[str, Any]], store: TakeStore) -> Reckoning:
    """Compare the ``books`` (lines of ``/admin/books``) with the ledgers; ``texts`` are those of the plan's keys."""
    found = Reckoning()
    attempts = _attempts(read_ledger(ledgers))
    charges = [
        Charge(line["text_sha256"], Decimal(line["cents"]), line["request_id"])
        for line in books
        if line["outcome"] in PAID
    ]
    found.attempts = len(attempts)
    found.billed = sum((charge.cents for charge in charges), _NOTHING)
    by_text: dict[str, list[LedgerLine]] = defaultdict(list)
    for line in attempts:
        found.outcomes[line.outcome or "killed"] += 1
        by_text[texts[line.key]].append(line)
        _check_attempt(line, store, found)
    paid: dict[str, list[Charge]] = defaultdict(list)
    for charge in charges:
        paid[charge.text].append(charge)
    asked = Counter(line["text_sha256"] for line in books)
    for text in {*by_text, *paid, *asked}:
        _compare(by_text[text], paid[text], found)
        if asked[text] > len(by_text[text]):
            found.faults.append(f"{asked[text]} requests left, and {len(by_text[text])} were written down")
    if found.known + found.unknown_billed + found.lost != found.billed:
        found.faults.append(f"{found.known} + {found.unknown_billed} + {found.lost} is not {found.billed}")
    return found


def _attempts(lines: Iterator[LedgerLine]) -> list[LedgerLine]:
    latest: dict[str, LedgerLine] = {}
    for line in lines:
        if line.event == "ended" or line.attempt not in latest:
            latest[line.attempt] = line
    return list(latest.values())


def _check_attempt(line: LedgerLine, store: TakeStore, found: Reckoning) -> None:
    """What a line says must be there."""
    if line.cost_cents is not None:
        found.known += line.cost_cents
    else:
        found.unknown_at_most += line.reserved_cents or _NOTHING
    if line.outcome == "failed" and line.cost_cents != 0:
        found.faults.append(f"a failed attempt has the cost {line.cost_cents}")
    if line.outcome == "stored" and store.stored(line.key) is None:
        found.faults.append(f"attempt {line.attempt} is said to be stored and is not")
    kept = store.folder.parent / "rejected" / f"{line.attempt}.json"
    if line.outcome == "rejected" and not kept.is_file():
        found.faults.append(f"attempt {line.attempt} was rejected and is not kept")


def _compare(attempts: Sequence[LedgerLine], charges: Sequence[Charge], found: Reckoning) -> None:
    """The charges for one text against its attempts: first those whose cost is known, then unknown ones."""
    left = Counter(charge.cents for charge in charges)
    for line in attempts:
        if line.cost_cents:
            if not left[line.cost_cents]:
                found.faults.append(
                    f"{line.chapter}:{line.index} is said to have cost {line.cost_cents}: nobody took it"
                )
            left[line.cost_cents] -= 1
    surplus = sorted((+left).elements(), reverse=True)
    unknown = sorted(
        (line.reserved_cents for line in attempts if line.cost_cents is None and line.reserved_cents), reverse=True
    )
    for number, cents in enumerate(surplus):
        if number < len(unknown) and cents <= unknown[number]:
            found.unknown_billed += cents
        else:
            found.lost += cents
            found.faults.append(f"{cents} cents were taken and no line explains them")
    excused = sum(line.outcome in (None, "rejected", "lost") for line in attempts)
    again = len(charges) - 1 - excused
    if again > 0:
        found.twice += sum(sorted((charge.cents for charge in charges), reverse=True)[:again], _NOTHING)
        found.faults.append(f"a text was paid {len(charges)} times, {excused} of them with a reason")
