"""Which ledger lines need to be held against others, found with a few bytes a line while they are read.

Nearly every attempt has its two lines and nothing else to do with any other: one that started it, one that ended it,
and a take that no other attempt stored. Attempts and keys are told apart by their hashes here; where two that differ
share one, both are merged with care, and nothing is lost but time.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from pipeline.reports.costs.attempts import asks_for_another_take
from pipeline.reports.costs.lines import Line

_MOST_CONTESTED = 100_000
"""Hashes that are kept in memory; where there are more, every line is merged with care."""


@dataclass(frozen=True, slots=True)
class Survey:
    """``contested`` are hashes of attempts with several lines of one event, and of keys that were stored several times;
    None: too many to tell. ``retakes`` are the keys of takes that were asked for instead of another one, ``mute`` says
    that an attempt stored one of them without saying so itself.
    """

    contested: frozenset[int] | None
    retakes: frozenset[str]
    mute: bool

    @property
    def plain(self) -> bool:
        """Whether every attempt tells for itself all that there is to know of it."""
        return self.contested is not None and not self.contested and not self.mute

    def apart(self, line: Line) -> bool:
        """Whether the line's attempt and take have nothing to do with others."""
        if self.contested is None:
            return False
        return hash(line.fields["attempt"]) not in self.contested and hash(line.fields["key"]) not in self.contested


@dataclass(slots=True)
class Surveyor:
    """Looks at lines as they pass."""

    _started: array[int] = field(default_factory=lambda: array("q"))
    _ended: array[int] = field(default_factory=lambda: array("q"))
    _stored: array[int] = field(default_factory=lambda: array("q"))
    _unsaid: array[int] = field(default_factory=lambda: array("q"))
    _retakes: set[str] = field(default_factory=set)

    def watched(self, lines: Iterable[Line]) -> Iterator[Line]:
        """The lines, each noted. Raises what ``lines`` raises."""
        started, ended, stored, unsaid = self._started, self._ended, self._stored, self._unsaid
        for line in lines:
            fields = line.fields
            because = fields.get("because")
            retake = because is not None and "take" in because and asks_for_another_take(because)
            if retake:
                self._retakes.add(fields["key"])
            if fields["event"] == "started":
                started.append(hash(fields["attempt"]))
            else:
                ended.append(hash(fields["attempt"]))
                if fields.get("outcome") == "stored":
                    (stored if retake else unsaid).append(hash(fields["key"]))
            yield line

    def survey(self) -> Survey:
        """What the lines so far showed."""
        unsaid = np.frombuffer(self._unsaid, np.int64)
        mute = bool(np.isin(unsaid, np.array([hash(key) for key in self._retakes], np.int64)).any())
        contested: set[int] = set()
        for hashes in (self._started, self._ended, self._stored + self._unsaid):
            several = _several(np.frombuffer(hashes, np.int64))
            if len(contested) + len(several) > _MOST_CONTESTED:
                return Survey(None, frozenset(self._retakes), mute)
            contested.update(several)
        return Survey(frozenset(contested), frozenset(self._retakes), mute)


def _several(hashes: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[int]:
    """What occurs more than once."""
    ordered = np.sort(hashes)
    several: list[int] = np.unique(ordered[1:][ordered[1:] == ordered[:-1]]).tolist()
    return several
