"""Where the service is, with which key, and how long to wait for it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from pipeline.kugelaudio.errors import AuthenticationError, ValidationError
from pipeline.kugelaudio.redaction import ApiKey

GLOBAL_URL: Final = "https://api.kugelaudio.com"
EU_URL: Final = "https://api.eu.kugelaudio.com"
REGIONS: Final[dict[str, str]] = {"eu": EU_URL, "us": GLOBAL_URL, "global": GLOBAL_URL}
"""The hosts of the regions; only ``eu`` has one of its own."""

KEY_VARIABLE: Final = "KUGELAUDIO_API_KEY"
URL_VARIABLE: Final = "KUGELAUDIO_API_URL"
MOST_RESTARTS: Final = 3
"""Rolling deploys that one call survives unless told otherwise."""


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Seconds after which waiting ends in a ConnectionError; nothing waits without one."""

    connect_s: float = 10.0
    first_audio_s: float = 60.0
    silence_s: float = 30.0
    """Between two frames once the answer has begun."""
    rest_s: float = 60.0
    """For one REST request; uploads and downloads count between bytes."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything a client needs to know; printing it shows no key."""

    key: ApiKey = field(repr=False)
    api_url: str
    tts_url: str
    limits: TimeLimits = TimeLimits()
    ping_interval_s: float | None = 17.0
    """Between pings on an open socket; proxies drop idle ones after 20 to 30 s. None sends none."""
    max_sockets: int = 10
    """Open at once per event loop; 10 is what the lowest tier allows."""
    key_in_query: bool = False
    """Send the key as ``api_key=`` of WebSocket URLs, for proxies that drop headers."""
    restarts: int = MOST_RESTARTS
    """Rolling deploys that one generation survives by asking again; 0 for a caller that accounts for every request."""

    def socket_url(self, path: str, query: Mapping[str, str] | None = None) -> str:
        """Return the WebSocket URL of a path, without the key; the query must already be URL-safe."""
        scheme, rest = self.tts_url.split("://", 1)
        url = f"{'wss' if scheme == 'https' else 'ws'}://{rest}{path}"
        return url + ("?" + "&".join(f"{name}={value}" for name, value in query.items()) if query else "")


def configure(
    api_key: str | None = None,
    *,
    api_url: str | None = None,
    tts_url: str | None = None,
    region: str | None = None,
    limits: TimeLimits | None = None,
    ping_interval_s: float | None = 17.0,
    max_sockets: int = 10,
    key_in_query: bool = False,
    restarts: int = MOST_RESTARTS,
    environment: Mapping[str, str] | None = None,
) -> Configuration:
    """Resolve what was given: argument before environment; URL before region before the key's prefix.

    A host other than the provider's is reached only through an explicit URL (argument or environment), so the key
    goes nowhere else. Raises AuthenticationError without a key, ValidationError for a URL or region that cannot be.
    """
    variables = os.environ if environment is None else environment
    given = (api_key or variables.get(KEY_VARIABLE, "")).strip()
    if not given:
        raise AuthenticationError(
            f"No API key: pass api_key or set {KEY_VARIABLE}", status_code=401, error_code="UNAUTHORIZED"
        )
    key, prefix = split_region(given)
    base = api_url or variables.get(URL_VARIABLE) or region_url(region or prefix)
    checked = checked_url(base)
    return Configuration(
        key=ApiKey(checked_key(key)),
        api_url=checked,
        tts_url=checked_url(tts_url) if tts_url else checked,
        limits=limits or TimeLimits(),
        ping_interval_s=ping_interval_s,
        max_sockets=max(1, max_sockets),
        key_in_query=key_in_query,
        restarts=max(0, restarts),
    )


def split_region(key: str) -> tuple[str, str | None]:
    """Take a region prefix off a key: ``eu-ka_…`` is ``ka_…`` in ``eu``."""
    for region in REGIONS:
        if key.startswith(f"{region}-"):
            return key[len(region) + 1 :], region
    return key, None


def region_url(region: str | None) -> str:
    """Return the API of a region; the geo-routed one when none is named."""
    if region is None:
        return GLOBAL_URL
    if region not in REGIONS:
        raise ValidationError(f"Region {region!r} is not known; use one of {', '.join(REGIONS)}")
    return REGIONS[region]


def checked_key(key: str) -> str:
    """Return the key, or refuse one that cannot stand in a header (without repeating it)."""
    if not key.isascii() or any(char.isspace() or not char.isprintable() for char in key):
        raise AuthenticationError("The API key contains characters that no key has; was it pasted whole?")
    return key


def checked_url(url: str) -> str:
    """Return the URL without a trailing slash, or refuse it."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        raise ValidationError("The API URL must be http://HOST or https://HOST, with an optional port and path")
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise ValidationError("The API URL must not carry credentials, a query or a fragment")
    return url.rstrip("/")


def is_loopback(url: str) -> bool:
    """Say whether a URL points at this machine."""
    host = urlsplit(url).hostname or ""
    return host in {"localhost", "::1"} or host.startswith("127.")
