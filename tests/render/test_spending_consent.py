"""Money is spent only on purpose: a budget, or a yes from a person; a key in the environment is neither."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from pipeline.engines.instant import InstantEngine
from pipeline.errors import UsageError
from pipeline.project.models import Budget
from pipeline.render.plan import Plan
from pipeline.render.running import render_missing
from pipeline.render.spending import require_consent

from .conftest import FailingEngine, MakePlan

Require = Callable[..., None]


@pytest.fixture
def plan(planned: MakePlan) -> Plan:
    made, _ = planned(FailingEngine())
    return replace(made, engine="kugelaudio", provider="kugelaudio", model="kugel-3")


def everything(plan: Plan) -> frozenset[str]:
    return frozenset(chapter.script.slug for chapter in plan.chapters)


def never(question: str) -> bool:
    pytest.fail(f"nobody is to be asked: {question}")


def test_a_paid_run_without_budget_and_terminal_is_refused_with_the_next_step(plan: Plan) -> None:
    with pytest.raises(UsageError) as refused:
        require_consent(plan, everything(plan), Budget(), paid=True, confirm=None)
    assert refused.value.exit_code == 2
    assert "budget" in str(refused.value.hint)


@pytest.mark.parametrize(
    "budget", [Budget(run_cents=Decimal(5)), Budget(project_cents=Decimal(500)), Budget(run_cents=Decimal(0))]
)
def test_a_budget_is_consent(plan: Plan, budget: Budget) -> None:
    require_consent(plan, everything(plan), budget, paid=True, confirm=never)


def test_a_limit_from_the_command_line_is_consent(plan: Plan) -> None:
    require_consent(plan, everything(plan), Budget(), paid=True, confirm=never, max_cost_cents=Decimal(5))


def test_a_free_engine_and_play_money_need_none(plan: Plan) -> None:
    require_consent(plan, everything(plan), Budget(), paid=False, confirm=None)
    local = replace(plan, provider="local:5f1c")
    require_consent(local, everything(plan), Budget(), paid=True, confirm=None)


@pytest.mark.parametrize("provider", ["host:0123456789abcdef", "localhost", "Local:5f1c"])
def test_whatever_is_not_our_own_server_is_real_money(plan: Plan, provider: str) -> None:
    with pytest.raises(UsageError):
        require_consent(replace(plan, provider=provider), everything(plan), Budget(), paid=True, confirm=None)


def test_a_person_is_asked_what_it_is_and_what_it_costs(plan: Plan) -> None:
    asked: list[str] = []

    def yes(question: str) -> bool:
        asked.append(question)
        return True

    priced = replace(plan, estimate=replace(plan.estimate, cents_low=Decimal("1.20"), cents_high=Decimal("2.40")))
    unpriced = replace(plan, estimate=replace(plan.estimate, cents_low=None, cents_high=None))
    for each in (priced, unpriced):
        require_consent(each, everything(plan), Budget(), paid=True, confirm=yes)
    require_consent(priced, frozenset({plan.chapters[0].script.slug}), Budget(), paid=True, confirm=yes)
    assert asked[0].endswith("characters) with kugelaudio kugel-3 for 1.20 to 2.40 cents?")
    assert "at an unknown price" in asked[1]
    assert "at most 2.40 cents" in asked[2]


def test_a_no_spends_nothing(plan: Plan) -> None:
    with pytest.raises(UsageError, match="nothing was spent"):
        require_consent(plan, everything(plan), Budget(), paid=True, confirm=lambda question: False)


def test_a_run_that_makes_nothing_needs_none(planned: MakePlan) -> None:
    engine: InstantEngine = FailingEngine()
    plan, layout = planned(engine)
    first = frozenset({plan.chapters[0].script.slug})
    rendered = render_missing(plan, engine, layout, run="r1", selected=first, receiver=lambda event: None)
    paid = replace(rendered.plan, provider="kugelaudio")
    require_consent(paid, first, Budget(), paid=True, confirm=None)
    with pytest.raises(UsageError):
        require_consent(paid, everything(plan), Budget(), paid=True, confirm=None)
