"""Which segments another take is worth asking for, and which of two takes verified better."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.reports.quality.findings import Finding, Severity

Faults = tuple[int, int, float]
"""Errors, warnings, and how far beyond their limits: compared in this order."""


@dataclass(frozen=True, slots=True)
class SecondTake:
    """What came of a second take: its text, where it is heard first, the takes' numbers and faults, which was kept."""

    segment: str
    before: int
    take: int
    faults_before: Faults
    faults: Faults | None

    @property
    def kept(self) -> bool:
        """Whether the second take is the better one."""
        return self.faults is not None and self.faults < self.faults_before

    def told(self) -> str:
        """In one line."""
        if self.faults is None:
            return f"{self.segment}: take {self.take} was not made; take {self.before} stays"
        counts = f"{_counted(self.faults_before)} before, {_counted(self.faults)} now"
        if self.kept:
            return f"{self.segment}: take {self.take} is better and kept: {counts}"
        return f"{self.segment}: take {self.take} is no better, take {self.before} stays: {counts}"


def _counted(faults: Faults) -> str:
    return f"{faults[0]} errors, {faults[1]} warnings"


def faults_by_segment(findings: Iterable[Finding]) -> dict[str, Faults]:
    """What the takes themselves are found to have; what a file has is not mended by another take."""
    counted: dict[str, list[float]] = defaultdict(lambda: [0, 0, 0.0])
    for finding in findings:
        if finding.file is None and finding.segment is not None:
            errors_and_warnings = counted[finding.segment]
            errors_and_warnings[0 if finding.severity is Severity.ERROR else 1] += 1
            errors_and_warnings[2] += finding.excess
    return {segment: (int(errors), int(warnings), excess) for segment, (errors, warnings, excess) in counted.items()}


def worst_segments(findings: Sequence[Finding], most: int) -> list[str]:
    """The segments to ask another take for, at most ``most``, the one whose worst finding comes first first.

    A text that is heard in several places has one take: it is named once.
    """
    by_key: dict[str, str] = {}
    for finding in findings:
        if finding.file is None and finding.segment is not None and finding.key is not None:
            by_key.setdefault(finding.key, finding.segment)
    return list(by_key.values())[:most]


def none() -> Faults:
    """Nothing is wrong."""
    return 0, 0, 0.0


def faults_of(faults: Mapping[str, Faults], segment: str) -> Faults:
    """Those of a segment."""
    return faults.get(segment, none())
