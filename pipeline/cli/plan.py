"""``narrate plan``: what a render would make, why, its length and its price; by itself or against another plan."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from typing import TYPE_CHECKING

from pipeline.cli.annotations import add_annotations, add_comment
from pipeline.cli.arguments import Commands, add_api_url, add_engine, add_store
from pipeline.cli.several import add_projects

if TYPE_CHECKING:
    from pipeline.render.comparing import PlanComparison
    from pipeline.render.plan import Plan, PlannedSegment

_ROWS = 20


def add_parser(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "plan",
        help="show what a render would make, why, and what it costs",
        description="Compare the script with the stored takes, or with another plan. Nothing is rendered and nothing "
        "is spent.",
        epilog="example: narrate plan --against main --format markdown",
    )
    add_projects(parser)
    add_engine(parser)
    add_api_url(parser)
    parser.add_argument(
        "--against",
        metavar="REV",
        help="what has to be made that REV did not need: a git revision, a folder or another manifest; no takes needed",
    )
    parser.add_argument(
        "--format",
        choices=("table", "json", "markdown"),
        default="table",
        help="how to show it (markdown: for the summary of a pull request; needs --against)",
    )
    parser.add_argument("--json", action="store_const", const="json", dest="format", help="the same as --format json")
    parser.add_argument("--all", action="store_true", help=f"list every segment to be made, not only the first {_ROWS}")
    add_store(parser)
    add_offline(parser)
    add_annotations(parser)
    add_comment(parser)
    parser.set_defaults(run=run, command="plan")


def add_offline(parser: argparse.ArgumentParser) -> None:
    """``--offline``: the paid engine's provider is not asked."""
    parser.add_argument(
        "--offline",
        action="store_true",
        help="do not ask the paid engine's provider for its model and voices (as without a key)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Show the plan, or the comparison."""
    from pipeline import planning
    from pipeline.errors import UsageError

    common = {"engine": arguments.engine, "api_url": arguments.api_url, "offline": arguments.offline}
    if arguments.against is not None:
        from pipeline import other_plans

        comparison = other_plans.compare(arguments.project, arguments.against, store=arguments.store, **common)
        _tell_server(comparison, arguments)
        _show_comparison(comparison, arguments)
        return 0
    for option, given in (
        ("--format markdown", arguments.format == "markdown"),
        ("--summary", arguments.summary is not None),
        ("--comment", arguments.comment is not None),
    ):
        if given:
            raise UsageError(f"{option} is for comparisons", hint="add --against REV")
    plan = planning.plan(arguments.project, store=arguments.store, **common)
    if arguments.format == "json":
        from pipeline.reports.plan_json import plan_json

        sys.stdout.buffer.write(plan_json(plan))
    else:
        _show(plan, everything=arguments.all)
    return 0


def _show(plan: Plan, *, everything: bool) -> None:
    missing = plan.to_make()
    _say(_summary(plan, missing))
    for reason, count in Counter(planned.reason for planned in missing).most_common(10):
        _say(f"  {count:6,}  {reason}")
    shown = missing if everything else missing[:_ROWS]
    width = max((len(_place(planned)) for planned in shown), default=0)
    for planned in shown:
        _say(f"  {_place(planned):<{width}}  {planned.key[:10]}  {planned.reason}: {_start(planned)}")
    if len(shown) < len(missing):
        _say(f"  … and {len(missing) - len(shown):,} more (--all lists them)")


def _summary(plan: Plan, missing: list[PlannedSegment]) -> str:
    from pipeline.reports.estimates import shown_cost, shown_range

    total = sum(1 for _ in plan.segments())
    shared = len({planned.key for planned in plan.segments() if planned.elsewhere})
    fetched = f"; {shared:,} takes come from the store" if shared else ""
    if not missing:
        return f"all {total:,} segments are stored; a render makes nothing (engine {plan.engine}){fetched}"
    cost = shown_cost(plan.estimate)
    if plan.estimate.cents_high is None:
        cost += f" (add `{plan.model}` to `rates`)"
    return (
        f"{len(missing):,} of {total:,} segments are to be made with {plan.engine} ({plan.model}): "
        f"{shown_range(plan.estimate)} of audio, {cost}; by {plan.estimate.basis}{fetched}"
    )


def _show_comparison(comparison: PlanComparison, arguments: argparse.Namespace) -> None:
    from pipeline.reports.plan_comparison import comparison_json, comparison_markdown, comparison_summary

    if arguments.format == "json":
        sys.stdout.buffer.write(comparison_json(comparison))
    elif arguments.format == "markdown":
        _say(comparison_markdown(comparison))
    else:
        _say(f"against {comparison.against}: {comparison_summary(comparison)}")
        _list_comparison(comparison, everything=arguments.all)


def _tell_server(comparison: PlanComparison, arguments: argparse.Namespace) -> None:
    from pipeline.reports.ci.summaries import append_summary, write_comment
    from pipeline.reports.plan_comparison import comparison_markdown

    if arguments.summary is not None:
        append_summary(arguments.summary, comparison_markdown(comparison))
    if arguments.comment is not None:
        write_comment(arguments.comment, comparison_markdown(comparison), project=arguments.project.name or ".")


def _list_comparison(comparison: PlanComparison, *, everything: bool) -> None:
    from pipeline.render.comparing import Change
    from pipeline.render.word_diff import word_diff
    from pipeline.reports.estimates import counted

    for change in comparison.manifest:
        _say(f"  manifest: {change}")
    rows = [row for chapter in comparison.chapters for row in chapter.segments]
    left = len(rows) if everything else _ROWS
    for chapter in comparison.chapters:
        if chapter.change is not Change.UNCHANGED:
            _say(f"  {chapter.change} chapter {chapter.slug}: {counted(len(chapter.segments), 'segment')}")
        for row in chapter.segments[: max(left, 0)]:
            before = row.before.segment.text if row.before else ""
            now = row.now.segment.text if row.now else ""
            stored = " (stored)" if row.now is not None and row.now.take is not None else ""
            size = f"{len(row.planned.segment.text):,} characters"
            _say(f"    {_place(row.planned)}  {size}  {row.why}{stored}: {word_diff(before, now)}")
        left -= len(chapter.segments)
    if left < 0:
        _say(f"  … and {-left:,} more (--all lists them)")


def _place(planned: PlannedSegment) -> str:
    return f"{planned.segment.chapter}:{planned.segment.index}"


def _start(planned: PlannedSegment) -> str:
    text = " ".join(planned.segment.text.split())
    return text if len(text) <= 50 else f"{text[:49]}…"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
