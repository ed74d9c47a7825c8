"""The paid engine for planning without asking the provider: on a machine without key or network, such as CI of a fork.

Whatever a content key needs stands in the manifest; what the provider would tell is assumed and said.
"""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from pipeline.engines.kugelaudio.engine import KugelAudioEngine
from pipeline.engines.kugelaudio.preflight import Preflight
from pipeline.engines.providers import KUGELAUDIO
from pipeline.errors import UsageError
from pipeline.kugelaudio import AsyncKugelAudio, VoiceDetail
from pipeline.kugelaudio.configuration import EU_URL, GLOBAL_URL, URL_VARIABLE
from pipeline.project.models import Project

MODEL_CHARACTERS = 5_000
"""In one request: ``max_input_length`` of every model that is published (KugelAudio API, "Limits": the default)."""
_NOWHERE = "http://127.0.0.1:9"
"""The discard port of this machine: an engine for planning reaches nobody."""
_NO_KEY = "offline"


def open_offline(project: Project, *, api_url: str | None = None, provider: str | None = None) -> KugelAudioEngine:
    """An engine that keys and cuts as :func:`open_kugelaudio`'s does for a model of the usual limit, and cannot speak.

    ``provider`` is who would be paid, where that is known. Raises UsageError for an API elsewhere than at the
    provider, since who answers there is only known by asking.
    """
    settings = project.engines.kugelaudio
    bound = {voice.kugelaudio.voice_id for voice in project.voices.values() if voice.kugelaudio is not None}
    found = Preflight(
        provider=provider or _provider(api_url or os.environ.get(URL_VARIABLE)),
        model=settings.model,
        max_input_length=MODEL_CHARACTERS,
        voices={voice_id: VoiceDetail(id=voice_id, name=f"voice {voice_id}") for voice_id in bound},
    )
    client = AsyncKugelAudio(_NO_KEY, api_url=_NOWHERE)
    return KugelAudioEngine(client, found, settings, project.entries)


def assumptions(engine: KugelAudioEngine, why: str) -> str:
    """What a plan with such an engine rests on, in words; ``why`` the provider was not asked."""
    return (
        f"kugelaudio was not asked ({why}): taken to have the voices and to accept "
        f"{engine.max_input_length:,} characters at once"
    )


def _provider(api_url: str | None) -> str:
    hosts = {urlsplit(url).hostname for url in (GLOBAL_URL, EU_URL)}
    if not api_url or urlsplit(api_url).hostname in hosts:
        return KUGELAUDIO
    raise UsageError(
        "who answers at the given API URL is only known by asking it",
        hint="plan without --offline, with a key; or without the URL, for the provider itself",
    )
