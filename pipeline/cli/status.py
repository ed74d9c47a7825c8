"""``narrate status``: what is stored, what is missing, what is stale."""

from __future__ import annotations

import argparse
import sys

from pipeline.cli.arguments import Commands, add_api_url, add_engine, shown_duration
from pipeline.cli.several import add_projects


def add_parser(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "status",
        help="show what is stored, what is missing and what is stale",
        description="One line per chapter: how many of its takes are stored, and whether its outputs are current.",
        epilog="example: narrate status projects/lighthouse",
    )
    add_projects(parser)
    add_engine(parser)
    add_api_url(parser)
    parser.add_argument("--out", metavar="DIR", help="where the outputs are (default: build/)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Show the status."""
    from pathlib import Path

    from pipeline import workflow

    status = workflow.status(
        arguments.project,
        engine=arguments.engine,
        out=Path(arguments.out) if arguments.out else None,
        api_url=arguments.api_url,
    )
    plan = status.plan
    width = max(len(chapter.script.slug) for chapter in plan.chapters)
    lines = [f"{status.project.title}: engine {plan.engine}, model {plan.model}"]
    for chapter in plan.chapters:
        stored = [planned.take for planned in chapter.segments if planned.take is not None]
        length = shown_duration(sum(take.seconds for take in stored))
        outputs = status.outputs_of(chapter.script.slug)
        takes = f"{len(stored):4d}/{len(chapter.segments):<4d} takes"
        lines.append(f"  {chapter.script.slug:<{width}}  {takes}  {length:>12}  {outputs}")
    lines.append(f"book: {status.outputs_of(None)}")
    lines.append(f"ledger: {status.attempts} attempts in {status.runs} runs")
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0
