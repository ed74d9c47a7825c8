"""``narrate doctor``: is this machine fit to render this project, and what to do where it is not."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from pipeline.cli.arguments import Commands, add_api_url, add_engine, add_project, add_store
from pipeline.cli.quiet import add_quiet

if TYPE_CHECKING:
    from pipeline.reports.health.finding import Finding


def add_parser(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "doctor",
        help="examine the machine and the project, and tell the next step",
        description="Look at the environment, the engines, the key, the project's folder, lock and ledger. Nothing is "
        "rendered and nothing is spent; the provider is asked only with --online, or where the project's engine is "
        "the paid one. Exits with 6 where something fails.",
        epilog="example: narrate doctor projects/lighthouse",
    )
    add_project(parser)
    add_engine(parser)
    add_api_url(parser)
    add_store(parser)
    parser.add_argument("--online", action="store_true", help="ask the provider too: does it answer, has it the voices")
    parser.add_argument("--json", action="store_true", help="as a JSON array")
    add_quiet(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Examine, and tell."""
    from pipeline.errors import CheckFailed
    from pipeline.reports.health.examining import examine
    from pipeline.reports.health.finding import Level

    findings = []
    for finding in examine(
        arguments.project,
        engine=arguments.engine,
        api_url=arguments.api_url,
        store=arguments.store,
        online=arguments.online,
    ):
        findings.append(finding)
        if not arguments.json:
            sys.stdout.write(_line(finding))
            sys.stdout.flush()
    if arguments.json:
        _write_json(findings)
    failed = [finding for finding in findings if finding.level is Level.FAIL]
    if failed:
        names = ", ".join(f"{finding.area} {finding.name}" for finding in failed)
        raise CheckFailed(f"not fit to render: {names}", hint=failed[0].next_step)
    return 0


def _line(finding: Finding) -> str:
    place = f"{finding.area}: {finding.name}"
    step = f"\n      → {finding.next_step}" if finding.next_step else ""
    return f"{finding.level:<4}  {place}: {finding.message}{step}\n"


def _write_json(findings: list[Finding]) -> None:
    rows = [
        {"area": each.area, "name": each.name, "level": each.level, "message": each.message, "next": each.next_step}
        for each in findings
    ]
    sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")
