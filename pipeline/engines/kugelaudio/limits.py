"""What an organisation's tier allows at once (KugelAudio API, "Limits per organisation")."""

from __future__ import annotations

from dataclasses import dataclass

MOST_CHARACTERS = 10_000
"""In one request, whatever the model and the tier say (OpenAPI, ``text``)."""


@dataclass(frozen=True, slots=True)
class Tier:
    """How many generations at once, and how many characters in one."""

    generations: int
    characters: int


TIERS = {1: Tier(1, 2_000), 2: Tier(5, 15_800), 3: Tier(10, 15_800), 4: Tier(20, 15_800)}

LEAST_TOKENS, MOST_TOKENS = 2_048, 8_192
"""The default and the bound of ``max_new_tokens`` (KugelAudio API, "Limits per organisation")."""
_TOKENS_PER_CHARACTER = 2


def max_new_tokens(characters: int) -> int:
    """What to allow a text, so that its audio is never cut off while a generation gone astray still ends."""
    return min(max(LEAST_TOKENS, _TOKENS_PER_CHARACTER * characters), MOST_TOKENS)
