"""What an organisation's tier allows at once (KugelAudio API, "Limits per organisation")."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.engines.protocol import Limits

MOST_CHARACTERS = 10_000
"""In one request, whatever the model and the tier say (OpenAPI, ``text``)."""


@dataclass(frozen=True, slots=True)
class Tier:
    """Requests in any 60 seconds, generations at once, open connections, and characters in one request."""

    requests: int
    generations: int
    connections: int
    characters: int


TIERS = {
    1: Tier(60, 1, 10, 2_000),
    2: Tier(300, 5, 50, 15_800),
    3: Tier(600, 10, 100, 15_800),
    4: Tier(1_200, 20, 200, 15_800),
}


def limits_of(tier: Tier, jobs: int | None) -> Limits:
    """What to ask at once; ``jobs`` (None: as many as the tier allows) stands instead of its generations."""
    return Limits(tier.requests, jobs or tier.generations, tier.connections)


LEAST_TOKENS, MOST_TOKENS = 2_048, 8_192
"""The default and the bound of ``max_new_tokens`` (KugelAudio API, "Limits per organisation")."""
_TOKENS_PER_CHARACTER = 2


def max_new_tokens(characters: int) -> int:
    """What to allow a text, so that its audio is never cut off while a generation gone astray still ends."""
    return min(max(LEAST_TOKENS, _TOKENS_PER_CHARACTER * characters), MOST_TOKENS)
