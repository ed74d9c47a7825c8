"""``narrate costs``: what was paid, for what, what was wasted, and whether the provider's statement agrees."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli.arguments import Commands

if TYPE_CHECKING:
    from pipeline.reports.costs.periods import Period
    from pipeline.reports.costs.reconciliation import Reconciliation
    from pipeline.reports.costs.sources import Source

_FORMATS = ("table", "csv", "json", "markdown", "html")
_EPILOG = """\
examples:
  narrate costs projects/lighthouse
  narrate costs --by month,voice --by outcome --tz Europe/Berlin
  narrate costs book-1 book-2 --since 2026-11 --until 2026-11 --format csv
  narrate costs --format html --out costs.html
  narrate costs --ledger ci-cache/ledger --ledger laptop.jsonl
  narrate costs --check statement.csv --columns request_id=ID,at=Created,eur=Amount
"""


def add_parser(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "costs",
        help="report what was paid, for what, and what was wasted",
        description="Add up the ledgers of one or more projects, exactly. Reads only, but for --settle; nothing is "
        "sent anywhere.",
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
    _add_check(parser)
    parser.set_defaults(run=run)


def _add_check(parser: argparse.ArgumentParser) -> None:
    check = parser.add_argument_group("comparing with a statement")
    check.add_argument(
        "--check",
        type=Path,
        metavar="STATEMENT.csv",
        help="compare with the provider's statement; exit 6 if they differ",
    )
    check.add_argument(
        "--columns",
        action="append",
        default=[],
        metavar="NAME=COLUMN,…",
        help="the statement's columns for request_id, at, audio_seconds, cents or eur (default: these names)",
    )
    check.add_argument(
        "--settle",
        action="store_true",
        help="where all else agrees, write what the statement tells of unknown charges into the project's ledger, so "
        "that they weigh on its budget no longer at what they might have cost",
    )
    check.add_argument("--decimal", choices=(".", ","), help="the statement's decimal mark (default: found from it)")
    check.add_argument(
        "--window",
        type=_seconds,
        default=120,
        metavar="SECONDS",
        help="how far apart the clocks may be where a charge has no request id (default: 120)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Report."""
    from pipeline.reports.costs.formats import FORMATS, default_views
    from pipeline.reports.costs.grouping import read_by
    from pipeline.reports.costs.periods import read_period
    from pipeline.reports.costs.report import cost_report
    from pipeline.reports.costs.sources import find_sources

    _require_sense(arguments)
    views = read_by(arguments.by)
    period = read_period(arguments.tz, arguments.since, arguments.until)
    sources = find_sources(arguments.projects, arguments.ledger)
    if arguments.check is not None:
        return _check(arguments, sources, period)
    several = len({source.project for source in sources}) > 1
    if several:
        views = [by if "project" in by else ("project", *by) for by in views]
    report = cost_report(sources, views or default_views(arguments.format, several=several), period)
    _write(FORMATS[arguments.format](report, arguments.simulated), arguments.out)
    return 0


def _require_sense(arguments: argparse.Namespace) -> None:
    """Raise UsageError for options that say nothing beside the others, instead of passing over them."""
    from pipeline.errors import UsageError

    if arguments.check is None and (arguments.columns or arguments.decimal or arguments.settle):
        raise UsageError("--columns, --decimal and --settle need a statement", hint="name it: --check FILE.csv")
    if arguments.settle and (len(arguments.projects) > 1 or (arguments.ledger and not arguments.projects)):
        raise UsageError("--settle writes into the ledger of one project", hint="name one project at a time")
    if arguments.check is not None and arguments.by:
        raise UsageError("--by groups a report; --check compares charge by charge", hint="give one of the two")


def _check(arguments: argparse.Namespace, sources: Sequence[Source], period: Period) -> int:
    from pipeline.errors import CheckFailed
    from pipeline.reports.costs.attempts import Money
    from pipeline.reports.costs.check_formats import CHECK_FORMATS
    from pipeline.reports.costs.reconciliation import reconcile
    from pipeline.reports.costs.sources import own_ledgers
    from pipeline.reports.costs.statement import read_columns, read_statement

    columns = read_columns(arguments.columns)
    if arguments.settle:
        _recover(own_ledgers(next(iter(arguments.projects), Path())))
    result = reconcile(
        sources,
        read_statement(arguments.check, columns, period.zone, arguments.decimal),
        statement=arguments.check.name,
        money=Money.SIMULATED if arguments.simulated else Money.REAL,
        period=period,
        window=timedelta(seconds=arguments.window),
    )
    _write(CHECK_FORMATS[arguments.format](result), arguments.out)
    if not result.agrees:
        raise CheckFailed(
            f"the ledger and {arguments.check.name} disagree: {len(result.different)} amounts differ, "
            f"in the statement only: {len(result.statement_only)}, in the ledger only: {len(result.ledger_only)}",
            hint="--since and --until limit the comparison to the statement's period; --ledger adds other machines",
        )
    if arguments.settle:
        _settle(result, own_ledgers(next(iter(arguments.projects), Path())))
    return 0


def _recover(ledgers: Path) -> None:
    """Close what a crash left open and whose answer is here: that is no unknown charge."""
    from pipeline.store.locking import project_lock
    from pipeline.store.recovery import close_open_attempts
    from pipeline.store.takes import TakeStore

    with project_lock(ledgers.parent):
        close_open_attempts(ledgers, TakeStore(ledgers.parent / "takes"))


def _settle(result: Reconciliation, ledgers: Path) -> None:
    from pipeline.reports.costs.exact import plain
    from pipeline.reports.costs.settling import settle
    from pipeline.store.locking import project_lock

    with project_lock(ledgers.parent):
        done = settle(result, ledgers)
    lines = [f"settled: {done.charged} charges, {plain(done.cents)} cents in all; {done.free} were not charged"]
    if done.elsewhere:
        lines.append(f"{done.elsewhere} more stand in ledgers of other places: settle them there")
    sys.stderr.write("".join(f"{line}\n" for line in lines))


def _seconds(text: str) -> int:
    if not text.isdecimal() or int(text) > 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds up to a day")
    return int(text)


def _write(data: bytes, out: Path | None) -> None:
    from pipeline.store.files import write_atomically

    if out is not None:
        write_atomically(out, data)
        sys.stdout.write(f"{out}\n")
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
