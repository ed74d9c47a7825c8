"""An attempt: what its ledger lines say together, however many copies of them there are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple

import orjson

from pipeline.engines.providers import is_simulated
from pipeline.reports.costs.exact import ZERO

KILLED = "killed"
"""The outcome of an attempt that nothing ended: the run was killed while the request was under way."""
SETTLED_BY = "settled by "
"""How the reason of a line begins that a statement told the charge of (:mod:`pipeline.reports.costs.settling`)."""
_NANOSECOND = Decimal("1e-9")
_EMBEDDED = "embedded"
_ANOTHER_TAKE = re.compile(r"(^|, )(retake asked|take [0-9]+ → [0-9]+)")


class Money(Enum):
    """Whose money an attempt is about. A ``host:…`` counts as real: it may well pass requests on to the provider."""

    REAL = "real"
    SIMULATED = "simulated"
    FREE = "free"


class Waste(Enum):
    """Why money for an attempt bought nothing new."""

    RETAKE = "retake"
    REPEATED = "repeated"
    REJECTED = "rejected"
    LOST = "lost"
    KILLED = "killed"
    FAILED = "failed"


class Attempt(NamedTuple):
    """One attempt. ``at`` is when its request left, UTC; ``cost`` None is unknown, never zero; ``rate`` the price
    per minute that was known then. ``source`` is the position of the first file that tells of it.
    """

    id: str
    source: int
    at: datetime
    ended_at: datetime | None
    run: str
    key: str
    chapter: str
    segment_index: int
    engine: str
    provider: str
    account: str | None
    model: str
    voice: str
    outcome: str
    error_code: str | None
    request_id: str | None
    characters: int
    audio_seconds: Decimal | None
    reserved: Decimal | None
    cost: Decimal | None
    rate: Decimal | None
    because: str | None
    revision: str | None

    @property
    def place(self) -> str:
        """The segment as people name it: ``chapter:index``."""
        return f"{self.chapter}:{self.segment_index}"

    @property
    def money(self) -> Money:
        """Whose money; the embedded voices cost nothing."""
        if is_simulated(self.provider):
            return Money.SIMULATED
        return Money.FREE if self.provider == _EMBEDDED and not self.cost else Money.REAL

    def waste(self, *, repeated: bool, retake: bool) -> Waste | None:
        """Why its money was wasted, None where it was not. ``repeated``: the same take had been stored before;
        ``retake``: the take was asked for instead of another one of the same text.
        """
        if self.outcome == "stored":
            return Waste.REPEATED if repeated else Waste.RETAKE if retake else None
        if self.outcome == "failed":
            return None if self.cost == ZERO else Waste.FAILED
        return next((waste for waste in Waste if waste.value == self.outcome), None)


class Conflict(NamedTuple):
    """Two lines that claim to be the same event of the same attempt and differ in ``fields``; ``kept`` is the cost
    that counts, ``others`` those that do not (None: unknown).
    """

    attempt: str
    event: str
    chapter: str
    segment_index: int
    fields: tuple[str, ...]
    kept: Decimal | None
    others: tuple[Decimal | None, ...]


class Merged(NamedTuple):
    """An attempt, how many lines were copies of others, and which contradicted each other."""

    attempt: Attempt
    duplicates: int
    conflicts: tuple[Conflict, ...]


def asks_for_another_take(because: str | None) -> bool:
    """Whether the reason of an attempt says that somebody wanted another take (see pipeline.render.reasons)."""
    return because is not None and "take" in because and _ANOTHER_TAKE.search(because) is not None


def merged_attempt(lines: Sequence[tuple[str, int, bytes]]) -> Merged:
    """All lines (event, source, raw) of one attempt as one: copies count once.

    Where copies differ, real money goes before any other, a known charge before an unknown one, then the greater,
    then the later; the order of the lines and of the files never matters.
    """
    source = min(line[1] for line in lines)
    if len(lines) == 2 and lines[0][0] != lines[1][0]:
        first, second = (orjson.loads(line[2]) for line in lines)
        started, ended = (first, second) if lines[0][0] == "started" else (second, first)
        return Merged(paired_attempt(started, ended, source), 0, ())
    conflicts = []
    kept: dict[str, Any] = {}
    for event in ("started", "ended"):
        raws = sorted({line[2] for line in lines if line[0] == event})
        versions = _distinct([orjson.loads(raw) for raw in raws])
        if versions:
            kept[event] = max(versions, key=_weight)
        others = [each for each in versions if each is not kept[event] and not _settles(kept[event], each)]
        if others:
            conflicts.append(_conflict(kept[event], others))
    return Merged(
        paired_attempt(kept.get("started"), kept.get("ended"), source), len(lines) - len(kept), tuple(conflicts)
    )


def _settles(kept: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether a statement has told the charge since, which the other line calls unknown."""
    return other.get("cost_cents") is None and (kept.get("because") or "").startswith(SETTLED_BY)


def _distinct(versions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for position, each in enumerate(versions) if each not in versions[:position]]


def _weight(fields: dict[str, Any]) -> tuple[bool, bool, Decimal, Decimal, datetime, bytes]:
    cost, reserved = _cents(fields, "cost_cents"), _cents(fields, "reserved_cents")
    whole = orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)
    real = fields["provider"] != _EMBEDDED and not is_simulated(fields["provider"])
    return real, cost is not None, cost or ZERO, reserved or ZERO, _time(fields["at"]), whole


def _conflict(kept: dict[str, Any], others: list[dict[str, Any]]) -> Conflict:
    names = {name for other in others for name in {*kept, *other} if kept.get(name) != other.get(name)}
    return Conflict(
        attempt=kept["attempt"],
        event=kept["event"],
        chapter=kept["chapter"],
        segment_index=kept["index"],
        fields=tuple(sorted(names)),
        kept=_cents(kept, "cost_cents"),
        others=tuple(_cents(other, "cost_cents") for other in others),
    )


def paired_attempt(started: dict[str, Any] | None, ended: dict[str, Any] | None, source: int) -> Attempt:
    """The attempt that two lines tell of, or one of them alone; they have been found right."""
    fields = ended or started
    assert fields is not None
    get = fields.get
    seconds, reserved = get("audio_seconds"), get("reserved_cents")
    if reserved is None and started:
        reserved = started.get("reserved_cents")
    cost, rate = ended.get("cost_cents") if ended else None, get("rate")
    return Attempt(  # by position: a million times, that is
        fields["attempt"],
        source,
        _time((started or fields)["at"]),
        _time(ended["at"]) if ended else None,
        fields["run"],
        fields["key"],
        fields["chapter"],
        fields["index"],
        fields["engine"],
        fields["provider"],
        get("account"),
        fields["model"],
        fields["voice"],
        (ended.get("outcome") or "unknown") if ended else KILLED,
        get("error_code"),
        get("request_id"),
        fields["characters"],
        None if seconds is None else Decimal(repr(seconds)).quantize(_NANOSECOND),
        None if reserved is None else Decimal(reserved),
        None if cost is None else Decimal(cost),
        None if rate is None else Decimal(rate),
        get("because"),
        get("revision"),
    )


def _cents(fields: dict[str, Any], name: str) -> Decimal | None:
    text = fields.get(name)
    return None if text is None else Decimal(text)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
