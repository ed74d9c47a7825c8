"""``narrate clean``: remove outputs; with ``--takes`` the takes too, after naming what they are worth."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli.arguments import Commands, add_project, shown_duration
from pipeline.cli.quiet import add_quiet

if TYPE_CHECKING:
    from pipeline.store.layout import Layout


def add_parser(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "clean",
        help="remove the outputs (and, if you insist, the takes)",
        description="Remove build/. Takes stay unless --takes is given; a ledger is never deleted.",
        epilog="example: narrate clean --takes projects/lighthouse",
    )
    add_project(parser)
    parser.add_argument("--out", type=Path, metavar="DIR", help="where the outputs are (default: build/)")
    parser.add_argument("--takes", action="store_true", help="remove the stored takes too; names their price and asks")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_quiet(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Remove what was asked for."""
    from pipeline import workflow
    from pipeline.store.locking import project_lock

    layout = workflow.layout(arguments.project)
    with ExitStack() as within:
        if layout.state.exists():
            within.enter_context(project_lock(layout.state))
        return _cleaned(layout, arguments)


def _cleaned(layout: Layout, arguments: argparse.Namespace) -> int:
    from pipeline.reports.run_record import remove_outputs
    from pipeline.store.cleaning import remove_takes, takes_worth

    removed = sum(remove_outputs(folder) for folder in _folders(arguments.out, layout.outputs))
    sys.stdout.write(f"removed {removed} output files\n")
    if not arguments.takes:
        return 0
    worth = takes_worth(layout)
    price = "nothing" if not worth.cents and not worth.unknown else f"{worth.cents} cents"
    if worth.unknown:
        price += f" and {worth.unknown} takes of unknown price"
    what = f"{worth.takes} takes, {shown_duration(worth.seconds)} of audio, paid: {price}"
    if not arguments.yes and not _confirmed(f"remove {what}?"):
        sys.stdout.write("the takes stay\n")
        return 0
    remove_takes(layout)
    sys.stdout.write(f"removed {what}\n")
    return 0


def _folders(out: Path | None, outputs: Path) -> list[Path]:
    """Where outputs are: the folder asked for, or the project's own, with those of a preview in it."""
    from pipeline.reports.listening.stage import PREVIEW_FOLDER

    return [out] if out is not None else [outputs / PREVIEW_FOLDER, outputs]


def _confirmed(question: str) -> bool:
    from pipeline.cli.render import confirm
    from pipeline.errors import UsageError

    if not sys.stdin.isatty():
        raise UsageError("removing takes needs an answer, and there is no terminal to ask", hint="add --yes")
    return confirm(question)
