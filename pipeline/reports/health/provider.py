"""The paid engine: the key, what the tier allows, and, where it may be asked, the provider itself."""

from __future__ import annotations

import os
from collections.abc import Iterator

from pipeline.engines.kugelaudio.failures import told_to_the_user
from pipeline.engines.kugelaudio.limits import TIERS
from pipeline.engines.kugelaudio.preflight import Preflight, look_up
from pipeline.engines.providers import is_simulated
from pipeline.errors import NarrateError
from pipeline.kugelaudio import KugelAudio
from pipeline.kugelaudio.configuration import KEY_VARIABLE, configure
from pipeline.project.engines import EngineName
from pipeline.project.models import KugelAudioSettings, Project
from pipeline.reports.estimates import counted
from pipeline.reports.health.finding import Finding, fail, ok, warn

_AREA = "kugelaudio"


def paid_engine(project: Project | None, *, api_url: str | None, online: bool) -> Iterator[Finding]:
    """Key, limits and prices; with ``online``, or where the project's engine is the paid one and there is a key, who
    answers and which voices it has. Asking costs nothing."""
    wanted = project is not None and project.engine is EngineName.KUGELAUDIO
    key = bool(os.environ.get(KEY_VARIABLE, "").strip())
    yield _key(present=key, wanted=wanted)
    if project is not None and (wanted or project.engines.kugelaudio != KugelAudioSettings()):
        yield _limits(project)
        yield from _money(project, wanted=wanted)
    if key and (online or wanted):
        yield from _answers(project, api_url)
        yield _wallet()
    elif online:
        yield fail(_AREA, "api", "not asked, since there is no key", f"set {KEY_VARIABLE}")


def _key(*, present: bool, wanted: bool) -> Finding:
    if present:
        return ok(_AREA, "key", f"set in {KEY_VARIABLE} (it is used only where a run names the engine kugelaudio)")
    if wanted:
        return fail(
            _AREA, "key", f"the project's engine needs one, and {KEY_VARIABLE} is not set", f"set {KEY_VARIABLE}"
        )
    return ok(_AREA, "key", f"none in {KEY_VARIABLE}, and none is needed")


def _limits(project: Project) -> Finding:
    tier = TIERS[project.engines.kugelaudio.tier]
    shown = (
        f"tier {project.engines.kugelaudio.tier}: {tier.requests} requests a minute, {tier.generations} at once, "
        f"{tier.characters:,} characters each"
    )
    return ok(_AREA, "limits", shown, "`engines.kugelaudio.tier` in the manifest must be the organisation's")


def _money(project: Project, *, wanted: bool) -> Iterator[Finding]:
    model = project.engines.kugelaudio.model
    rate = project.rates.get(model)
    if rate is None:
        yield warn(
            _AREA, "price", f"`rates` has no {model}: a plan cannot say what it costs", f"set rates: {{{model}: …}}"
        )
    else:
        yield ok(_AREA, "price", f"{model}: {rate} cents a minute of audio, net")
    budget = project.budget
    limits = [
        f"{cents} cents a {what}"
        for what, cents in (("run", budget.run_cents), ("project", budget.project_cents))
        if cents is not None
    ]
    if limits:
        yield ok(_AREA, "budget", ", ".join(limits))
    elif wanted:
        step = "set budget: {run_cents: …}, or give --max-cost; without either a run asks first"
        yield warn(_AREA, "budget", "there is none", step)


def _wallet() -> Finding:
    """The API has no call for the balance (its description lists none): it shows only when a request is refused."""
    return ok(
        _AREA,
        "wallet",
        "not known: the API cannot be asked for the balance; an empty wallet ends a run with exit 4, resumable",
        "your account at the provider shows it; `narrate plan` says what is needed, `narrate costs` what was spent",
    )


def _answers(project: Project | None, api_url: str | None) -> Iterator[Finding]:
    settings = project.engines.kugelaudio if project is not None else KugelAudioSettings()
    bound = {
        name: voice.kugelaudio.voice_id
        for name, voice in (project.voices.items() if project is not None else ())
        if voice.kugelaudio is not None
    }
    try:
        with told_to_the_user():
            configuration = configure(api_url=api_url, region=settings.region)
            with KugelAudio(api_url=api_url, region=settings.region) as client:
                found = look_up(client, configuration, settings.model, bound.values())
    except NarrateError as error:
        yield fail(_AREA, "api", error.message, error.hint or "run again later")
        return
    simulated = ", a local server: its money is not real" if is_simulated(found.provider) else ""
    yield ok(_AREA, "api", f"{found.provider} answers and takes the key{simulated}; model {settings.model} is there")
    yield from _voices(bound, found)


def _voices(bound: dict[str, int], found: Preflight) -> Iterator[Finding]:
    missing = [f"{name} ({number})" for name, number in bound.items() if found.voices.get(number) is None]
    if missing:
        step = "`narrate voices` lists those that the key can use; set their number as voice_id"
        yield fail(_AREA, "voices", f"the key cannot see {', '.join(missing)}", step)
    elif bound:
        yield ok(_AREA, "voices", f"{counted(len(bound), 'bound voice')} found")
