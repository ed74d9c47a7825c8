"""Checked values of voice bindings."""

from __future__ import annotations


def number_in(name: str, value: object, lowest: float, highest: float) -> float:
    """``value`` as a float between the limits. Raises ValueError, with a message for the user, where it is not."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not lowest <= value <= highest:
        raise ValueError(f"{name} is {value!r}; it must be a number from {lowest:g} to {highest:g}")
    return float(value)
