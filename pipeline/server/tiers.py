"""The limits that an organisation's tier sets (KugelAudio API, "Limits per organisation")."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tier:
    """Limits of one organisation; None where there is none."""

    requests_per_minute: int | None
    concurrent_generations: int | None
    open_connections: int | None
    characters_per_request: int | None


TIERS = {
    0: Tier(None, None, None, None),
    1: Tier(60, 1, 10, 2_000),
    2: Tier(300, 5, 50, 15_800),
    3: Tier(600, 10, 100, 15_800),
    4: Tier(1_200, 20, 200, 15_800),
}
"""The four tiers of the API, and our own 0, without limits, for load tests."""
