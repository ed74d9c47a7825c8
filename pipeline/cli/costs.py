"""``narrate costs``: what was paid, for what, what was wasted, and whether the provider's statement agrees."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pipeline.cli.arguments import Commands

_FORMATS = ("table", "csv", "json", "markdown", "html")
_EPILOG = """\
examples:
  narrate costs projects/lighthouse
  narrate costs --by month,voice --by outcome --tz Europe/Berlin
  narrate costs book-1 book-2 --since 2026-11 --until 2026-11 --format csv
  narrate costs --format html --out costs.html
  narrate costs --ledger ci-cache/ledger --ledger laptop.jsonl
"""


def add_parser(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "costs",
        help="report what was paid, for what, and what was wasted",
        description="Add up the ledgers of one or more projects, exactly. Reads only; nothing is sent anywhere.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "projects", nargs="*", type=Path, metavar="PROJECT", help="folders or manifests (default: the current folder)"
    )
    parser.add_argument(
        "--by",
        action="append",
        default=[],
        metavar="LIST",
        help="chapter, voice, model, day, month, run, outcome, revision, engine, provider or project; "
        "several with commas in one table, each --by a table of its own",
    )
    parser.add_argument("--tz", default="UTC", metavar="ZONE", help="an IANA time zone, or local (default: UTC)")
    parser.add_argument("--since", metavar="WHEN", help="from this month, day or time on, such as 2026-11-23")
    parser.add_argument("--until", metavar="WHEN", help="until the end of this month or day, or before this time")
    parser.add_argument("--format", choices=_FORMATS, default="table", help="(default: table)")
    parser.add_argument("--json", action="store_const", const="json", dest="format", help="the same as --format json")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write to this file instead of standard output")
    parser.add_argument("--simulated", action="store_true", help="show the money of local servers too, apart")
    parser.add_argument(
        "--ledger",
        action="append",
        default=[],
        type=Path,
        metavar="PATH",
        help="a ledger from elsewhere, a file or a folder; repeatable, and copies count once",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Report."""
    from pipeline.reports.costs.formats import FORMATS, default_views
    from pipeline.reports.costs.grouping import read_by
    from pipeline.reports.costs.periods import read_period
    from pipeline.reports.costs.report import cost_report
    from pipeline.reports.costs.sources import find_sources

    views = read_by(arguments.by)
    period = read_period(arguments.tz, arguments.since, arguments.until)
    sources = find_sources(arguments.projects, arguments.ledger)
    several = len({source.project for source in sources}) > 1
    if several:
        views = [by if "project" in by else ("project", *by) for by in views]
    report = cost_report(sources, views or default_views(arguments.format, several=several), period)
    _write(FORMATS[arguments.format](report, arguments.simulated), arguments.out)
    return 0


def _write(data: bytes, out: Path | None) -> None:
    from pipeline.store.files import write_atomically

    if out is not None:
        write_atomically(out, data)
        sys.stdout.write(f"{out}\n")
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
