"""Who is paid for a take: the ``provider`` in content keys, ledgers and reports (DESIGN, "Content key")."""

from __future__ import annotations

CONNECTION_PREFIX = "connection:"
"""Before an id that is not a request's own but that of the connection on which it was answered with others."""
KUGELAUDIO = "kugelaudio"
"""Every host of the provider."""
_SIMULATED = "local:"


def simulated(server_id: str) -> str:
    """The provider that a local server with this id is."""
    return f"{_SIMULATED}{server_id}"


def is_simulated(provider: str) -> bool:
    """Whether the provider is a local server, whose money is not real and never added to real money."""
    return provider.startswith(_SIMULATED)
