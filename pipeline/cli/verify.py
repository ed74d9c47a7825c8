"""``narrate verify``: listen to what was made, report what is wrong with it, and re-make the worst."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli.annotations import add_annotations
from pipeline.cli.arguments import Commands, add_api_url, add_engine, add_project, add_spending
from pipeline.cli.plan import add_offline
from pipeline.cli.quiet import add_quiet

if TYPE_CHECKING:
    from pipeline.errors import NarrateError
    from pipeline.reports.quality.verifying import Verification

_DEFAULT_RETAKES = 5


def add_parser(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "verify",
        help="listen to the takes and the finished files, and report what is wrong",
        description="Decode every take and every finished file and measure them: levels against the manifest's "
        "profile, clipping, clicks, silence, pace, words against sound, files against the timeline. Errors exit 6.",
        epilog="example: narrate verify projects/lighthouse --junit verify.xml",
    )
    add_project(parser)
    add_engine(parser)
    add_api_url(parser)
    add_offline(parser)
    parser.add_argument("--chapters", metavar="LIST", help="only these, as in render; leaves out the book's files")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where the outputs are (default: build/)")
    parser.add_argument("--jobs", type=int, metavar="N", help="files at once (default: one for each core)")
    parser.add_argument("--json", action="store_true", help="the whole report as JSON on standard output")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML as well")
    parser.add_argument(
        "--transcribe", action="store_true", help="have a local recogniser write down English takes (extra asr)"
    )
    parser.add_argument(
        "--retake",
        nargs="?",
        type=int,
        const=_DEFAULT_RETAKES,
        metavar="N",
        help=f"make another take of the N worst segments (default: {_DEFAULT_RETAKES}) and keep the better one",
    )
    add_quiet(parser)
    add_spending(parser)
    add_annotations(parser)
    parser.set_defaults(run=run, command="verify")


def run(arguments: argparse.Namespace) -> int:
    """Listen, report, and fail where a limit is broken."""
    from pipeline.errors import CheckFailed
    from pipeline.reports.quality.findings import Severity

    report, stopped = _verified(arguments), None
    if arguments.retake is not None:
        report, stopped = _mended(report, arguments)
    _write(report, arguments)
    if stopped is not None:
        raise stopped
    errors = report.count(Severity.ERROR)
    if errors:
        raise CheckFailed(
            f"{errors} of {len(report.findings)} findings break a limit",
            hint=f"the worst: {report.findings[0].next_step}",
        )
    return 0


def _verified(arguments: argparse.Namespace) -> Verification:
    from pipeline import workflow

    return workflow.verify(
        arguments.project,
        engine=arguments.engine,
        api_url=arguments.api_url,
        offline=arguments.offline,
        chapters=arguments.chapters,
        out=arguments.out,
        jobs=arguments.jobs,
        transcribe=arguments.transcribe,
    )


def _mended(report: Verification, arguments: argparse.Namespace) -> tuple[Verification, NarrateError | None]:
    """Second takes of the worst segments, said on standard error so that a report on standard output stays whole."""
    from functools import partial

    from pipeline.cli.progress import receiver_for
    from pipeline.cli.render import confirm
    from pipeline.errors import UsageError
    from pipeline.second_takes import second_takes
    from pipeline.workflow import RenderOptions

    if arguments.retake < 1:
        raise UsageError(f"--retake {arguments.retake}: ask for one take or more", hint="such as --retake 3")
    options = RenderOptions(
        jobs=arguments.jobs,
        out=arguments.out,
        api_url=arguments.api_url,
        max_cost_cents=arguments.max_cost,
        allow_unknown_price=arguments.allow_unknown_price,
    )
    mended = second_takes(
        arguments.project,
        report,
        arguments.retake,
        verify=partial(_verified, arguments),
        engine=arguments.engine,
        offline=arguments.offline,
        options=options,
        receiver=receiver_for("none"),
        confirm=confirm if sys.stdin.isatty() and sys.stderr.isatty() else None,
    )
    lines = [take.told() for take in mended.takes] or ["no segment is worth another take"]
    if not arguments.quiet:
        sys.stderr.write("".join(f"{line}\n" for line in lines))
    return mended.report, mended.error


def _write(report: Verification, arguments: argparse.Namespace) -> None:
    from pipeline import workflow
    from pipeline.reports.quality.report_file import write_report
    from pipeline.reports.quality.report_json import report_json
    from pipeline.reports.quality.report_junit import report_junit
    from pipeline.reports.quality.report_text import report_lines
    from pipeline.store.files import write_atomically

    if arguments.chapters is None:
        write_report(arguments.out or workflow.layout(arguments.project).outputs, report)
    if arguments.junit is not None:
        write_atomically(arguments.junit, report_junit(report))
    if arguments.json:
        sys.stdout.write(report_json(report).decode())
    else:
        sys.stdout.write("".join(f"{line}\n" for line in report_lines(report)))
