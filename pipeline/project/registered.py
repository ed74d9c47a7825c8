"""What a line of registration names is imported when it is first asked for."""

from __future__ import annotations

import importlib
from typing import Any


def load(place: str) -> Any:
    """The function at ``module:function``."""
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)
