"""``narrate plan``: what a render would make, why, how long it takes and what it costs."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from typing import TYPE_CHECKING

from pipeline.cli.arguments import Commands, add_api_url, add_engine, add_project, shown_duration

if TYPE_CHECKING:
    from pipeline.render.plan import Plan, PlannedSegment

_ROWS = 20


def add_parser(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "plan",
        help="show what a render would make, why, and what it costs",
        description="Compare the script with the stored takes. Nothing is rendered and nothing is spent.",
        epilog="example: narrate plan --json | jq .totals",
    )
    add_project(parser)
    add_engine(parser)
    add_api_url(parser)
    parser.add_argument("--json", action="store_true", help="the whole plan as JSON (README, “Results for machines”)")
    parser.add_argument("--all", action="store_true", help=f"list every segment to be made, not only the first {_ROWS}")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Show the plan."""
    from pipeline import workflow
    from pipeline.reports.plan_json import plan_json

    plan = workflow.plan(arguments.project, engine=arguments.engine, api_url=arguments.api_url)
    if arguments.json:
        sys.stdout.buffer.write(plan_json(plan))
        return 0
    missing = plan.to_make()
    _say(_summary(plan, missing))
    if not missing:
        return 0
    for reason, count in Counter(planned.reason for planned in missing).most_common(10):
        _say(f"  {count:6,}  {reason}")
    shown = missing if arguments.all else missing[:_ROWS]
    width = max(len(_place(planned)) for planned in shown)
    for planned in shown:
        _say(f"  {_place(planned):<{width}}  {planned.key[:10]}  {planned.reason}: {_start(planned)}")
    if len(shown) < len(missing):
        _say(f"  … and {len(missing) - len(shown):,} more (--all lists them)")
    return 0


def _summary(plan: Plan, missing: list[PlannedSegment]) -> str:
    total = sum(1 for _ in plan.segments())
    if not missing:
        return f"all {total:,} segments are stored; a render makes nothing (engine {plan.engine})"
    estimate = plan.estimate
    length = f"{shown_duration(estimate.seconds_low)} to {shown_duration(estimate.seconds_high)}"
    if estimate.cents_high is None:
        cost = f"at an unknown price: add `{plan.model}` to `rates`"
    elif estimate.cents_high:
        cost = f"{estimate.cents_low} to {estimate.cents_high} cents"
    else:
        cost = "free of charge"
    return (
        f"{len(missing):,} of {total:,} segments are to be made with {plan.engine} ({plan.model}): "
        f"{length} of audio, {cost}; by {estimate.basis}"
    )


def _place(planned: PlannedSegment) -> str:
    return f"{planned.segment.chapter}:{planned.segment.index}"


def _start(planned: PlannedSegment) -> str:
    text = " ".join(planned.segment.text.split())
    return text if len(text) <= 50 else f"{text[:49]}…"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
