"""Money is spent only on purpose: what must be settled before a paid engine is asked for anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from pipeline.engines.providers import is_simulated
from pipeline.errors import InputError, Problem, UsageError
from pipeline.project.engines import EngineName
from pipeline.project.models import Budget, Project
from pipeline.render.plan import Plan, PlannedSegment
from pipeline.script.model import Script

Confirm = Callable[[str], bool]
"""Asks the person at the terminal a question; True for yes."""


def require_consent(
    plan: Plan,
    selected: frozenset[str],
    budget: Budget,
    *,
    paid: bool,
    confirm: Confirm | None,
    max_cost_cents: Decimal | None = None,
) -> None:
    """Return where the run may spend: it spends nothing in the ``selected`` chapters, has a budget, or somebody agrees.

    ``confirm`` is None where nobody can be asked. A zero budget is a budget; ``max_cost_cents`` comes from the
    command line. Raises UsageError where neither is there, or the answer is no.
    """
    missing = [planned for planned in plan.to_make() if planned.segment.chapter in selected]
    if not paid or is_simulated(plan.provider) or not missing:
        return
    if any(limit is not None for limit in (budget.run_cents, budget.project_cents, max_cost_cents)):
        return
    hint = "give --max-cost CENTS, or set `budget: {run_cents: …}` in the manifest"
    if confirm is None:
        raise UsageError(f"{plan.engine} costs money, and nobody said how much it may be", hint=hint)
    if not confirm(question(plan, missing)):
        raise UsageError("nothing was sent and nothing was spent", hint=f"{hint} to be asked no more")


def question(plan: Plan, missing: Sequence[PlannedSegment]) -> str:
    """What is about to be spent on the ``missing`` takes of the plan, as a question."""
    low, high = plan.estimate.cents_low, plan.estimate.cents_high
    if high is None:
        cost = f"at an unknown price (`rates` has no {plan.model})"
    elif len(missing) < len(plan.to_make()):
        cost = f"for at most {high} cents"
    else:
        cost = f"for {low} to {high} cents"
    characters = sum(len(planned.segment.text) for planned in missing)
    return f"Make {len(missing):,} takes ({characters:,} characters) with {plan.engine} {plan.model} {cost}?"


def require_dictionary_project(script: Script, project: Project) -> None:
    """Raise InputError where the paid engine would need a dictionary and no project at the provider can hold it."""
    if project.engine is not EngineName.KUGELAUDIO or project.engines.kugelaudio.project_id is not None:
        return
    segments = [segment for chapter in script.chapters for segment in chapter.segments if segment.entries]
    if not segments:
        return
    word = segments[0].entries[0].word
    message = (
        f"the dictionary entry “{word}” applies to {segments[0].source}, and kugelaudio keeps dictionaries by project; "
        "set engines.kugelaudio.project_id to the provider's project"
    )
    raise InputError([Problem(project.manifest.name, 0, 0, message)])
