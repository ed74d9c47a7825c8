"""How many processes of an embedded engine are worth having."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
