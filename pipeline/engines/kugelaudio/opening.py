"""Opening the paid engine: the key, the address, and the look-ups that must precede a script."""

from __future__ import annotations

import hashlib
import os
from urllib.parse import urlsplit

from pipeline.engines.kugelaudio.engine import KugelAudioEngine
from pipeline.engines.kugelaudio.failures import told_to_the_user
from pipeline.engines.kugelaudio.limits import TIERS
from pipeline.engines.kugelaudio.preflight import look_up
from pipeline.errors import UsageError
from pipeline.kugelaudio import AsyncKugelAudio, KugelAudio
from pipeline.kugelaudio.configuration import KEY_VARIABLE, URL_VARIABLE, configure, is_loopback
from pipeline.project.models import Project


def open_kugelaudio(project: Project, *, jobs: int | None = None, api_url: str | None = None) -> KugelAudioEngine:
    """The paid engine for a project, with model and bound voices looked up (nothing that costs money is asked).

    The key comes from KUGELAUDIO_API_KEY; ``api_url`` (else KUGELAUDIO_API_URL) points elsewhere than at the
    provider, which a manifest cannot. Raises UsageError without a key or for what the provider does not know,
    AuthenticationStopped, SegmentsFailed where the provider cannot be reached.
    """
    require_key(api_url)
    settings = project.engines.kugelaudio
    voice_ids = [voice.kugelaudio.voice_id for voice in project.voices.values() if voice.kugelaudio is not None]
    with told_to_the_user():
        configuration = configure(api_url=api_url, region=settings.region)
        with KugelAudio(api_url=api_url, region=settings.region) as asking:
            found = look_up(asking, configuration, settings.model, voice_ids)
    sockets = jobs or TIERS[settings.tier].generations
    # a restart of the server is a failed attempt like any other: every request must have its lines in the ledger
    client = AsyncKugelAudio(api_url=api_url, region=settings.region, max_sockets=sockets, restarts=0)
    account = account_of(configuration.key.reveal())
    return KugelAudioEngine(client, found, settings, project.entries, jobs, account)


def account_of(key: str) -> str:
    """What the ledger calls the wallet behind a key: a hash of the key, which cannot be turned back."""
    return hashlib.sha256(f"narrate account {key}".encode()).hexdigest()[:16]


def require_key(api_url: str | None = None) -> None:
    """Raise UsageError, with the next step, where no key is in the environment."""
    if os.environ.get(KEY_VARIABLE, "").strip():
        return
    url = api_url or os.environ.get(URL_VARIABLE) or ""
    if "//" in url and urlsplit(url).scheme and is_loopback(url):
        hint = f"`narrate serve` takes {KEY_VARIABLE}=ka_local unless it was given other keys"
    else:
        hint = f"set {KEY_VARIABLE} to your key, or use engine: hibari, which is free"
    raise UsageError("the engine kugelaudio needs an API key", hint=hint)
