"""How many processes of an embedded engine, or of encoders, are worth having."""

from __future__ import annotations

import os
from pathlib import Path

_QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""What a container may use of its machine: microseconds of processor time in so many (Linux, cgroup v2)."""


def usable_cores(quota: Path = _QUOTA) -> int:
    """The processors that this process may use; in a container with a quota, as many as that is worth."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        most, period = quota.read_text().split()
        return min(cores, max(1, round(int(most) / int(period))))
    except (OSError, ValueError):  # no such file, or "max": no quota
        return cores
