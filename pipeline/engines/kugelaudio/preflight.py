"""What must be known of the provider before a script can be cut and priced, looked up once for a run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from pipeline.engines.providers import KUGELAUDIO, simulated
from pipeline.kugelaudio import KugelAudio, NotFoundError, VoiceDetail
from pipeline.kugelaudio.configuration import EU_URL, GLOBAL_URL, Configuration, is_loopback
from pipeline.kugelaudio.mapping import from_http, unreachable

_PROVIDER_HOSTS = frozenset(urlsplit(url).hostname for url in (GLOBAL_URL, EU_URL))
_HEALTH_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Preflight:
    """What was found out: who answers, the model's characters in one request, and the voices by their number.

    ``voices`` has None for a voice that the key cannot see.
    """

    provider: str
    model: str
    max_input_length: int
    voices: Mapping[int, VoiceDetail | None]


def look_up(client: KugelAudio, configuration: Configuration, model: str, voice_ids: Iterable[int]) -> Preflight:
    """Ask for everything. Raises NotFoundError for an unknown model, and what else the API raises."""
    models = {found.id: found for found in client.models.list()}
    if model not in models:
        raise NotFoundError(f"the provider has no model {model!r}; it has {', '.join(sorted(models))}")
    return Preflight(
        provider=provider_of(configuration),
        model=model,
        max_input_length=models[model].max_input_length,
        voices={voice_id: _voice(client, voice_id) for voice_id in sorted(set(voice_ids))},
    )


def provider_of(configuration: Configuration) -> str:
    """Who takes the money: ``kugelaudio`` for every host of the provider, ``local:ID`` for our local server.

    Any other host is ``host:HASH`` of its name and port: it may well pass requests on to the provider, so that
    nothing about it is taken for play money.
    """
    parts = urlsplit(configuration.api_url)
    if parts.hostname in _PROVIDER_HOSTS:
        return KUGELAUDIO
    server_id = _server_id(configuration.api_url)
    if server_id is not None:
        return simulated(server_id)
    return f"host:{hashlib.sha256(f'{parts.hostname}:{parts.port}'.encode()).hexdigest()[:16]}"


def _server_id(api_url: str) -> str | None:
    """The id that ``GET /health`` tells; asked without the key. None where there is none."""
    try:
        answer = httpx.get(f"{api_url}/health", timeout=_HEALTH_SECONDS, trust_env=not is_loopback(api_url))
    except httpx.HTTPError as error:
        raise unreachable("asking GET /health", error) from None
    if answer.status_code == httpx.codes.NOT_FOUND:
        return None
    if not answer.is_success:
        raise from_http(answer.status_code, answer.headers, answer.content)
    try:
        told = answer.json()
    except ValueError:
        return None
    server_id = told.get("server_id") if isinstance(told, dict) else None
    return server_id if isinstance(server_id, str) and server_id else None


def _voice(client: KugelAudio, voice_id: int) -> VoiceDetail | None:
    try:
        return client.voices.get(voice_id)
    except NotFoundError:
        return None
