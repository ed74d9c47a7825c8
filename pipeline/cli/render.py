"""``narrate render``: make what is missing, assemble, caption, report."""

from __future__ import annotations

import argparse
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli.annotations import add_annotations
from pipeline.cli.arguments import (
    Commands,
    add_api_url,
    add_engine,
    add_spending,
    add_store,
    shown_duration,
    shown_size,
)
from pipeline.cli.quiet import add_quiet
from pipeline.cli.several import add_projects

if TYPE_CHECKING:
    from pipeline.reports.outcome import Outcome
    from pipeline.reports.run_record import RunRecord


def add_parser(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "render",
        help="render projects to finished files",
        description="Make the takes that are missing, then assemble what changed. Run again to go on after anything.",
        epilog="examples: narrate render projects/lighthouse --chapters 1,3-4\n"
        "          narrate render projects/* --max-cost 2000",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_projects(parser)
    add_engine(parser)
    add_api_url(parser)
    parser.add_argument(
        "--chapters", metavar="LIST", help="only these: numbers, ranges or slugs, such as 1,3-4,the-end"
    )
    parser.add_argument("--jobs", type=_positive, metavar="N", help="segments at once (default: what suits the engine)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where to put the outputs (default: build/)")
    parser.add_argument(
        "--force", action="store_true", help="assemble everything again; makes and buys no take that is stored"
    )
    parser.add_argument(
        "--allow-partial", action="store_true", help="make the book from whole chapters only, named .partial"
    )
    parser.add_argument(
        "--events",
        choices=("auto", "bar", "plain", "json", "none"),
        default="auto",
        help="how progress is shown (auto: a bar on a terminal, else plain lines; json: one object a line on stdout)",
    )
    add_quiet(parser)
    add_spending(parser)
    add_store(parser)
    parser.add_argument(
        "--shared",
        action="store_true",
        help="other machines render this book at the same time: refuse a store that cannot keep them apart",
    )
    parser.add_argument(
        "--wait-lock",
        type=_seconds,
        default=0.0,
        metavar="SECONDS",
        help="wait so long for another run on this project to end (default: do not)",
    )
    add_annotations(parser)
    parser.set_defaults(run=run, command="render")


def run(arguments: argparse.Namespace) -> int:
    """Render, and say where everything is."""
    from pipeline.reports.unchanged import nothing_to_do

    outcome = None
    if not (arguments.force or arguments.chapters or arguments.shared or has_store(arguments)):
        outcome = nothing_to_do(arguments.project, engine=arguments.engine, out=arguments.out)
    outcome = outcome or _rendered(arguments)
    if arguments.events != "json" and not arguments.quiet:
        sys.stdout.write("".join(f"{line}\n" for line in _summary(outcome)))
    if arguments.summary is not None:
        from pipeline.reports.ci.run_summaries import run_summary_markdown
        from pipeline.reports.ci.summaries import append_summary

        append_summary(arguments.summary, run_summary_markdown(outcome))
        arguments.summarised = True
    if outcome.error is not None:
        raise outcome.error
    return 0


def has_store(arguments: argparse.Namespace) -> bool:
    """Whether takes may still have to be sent although every output is current."""
    from pipeline.project.loading import load_project
    from pipeline.render.store_wish import store_wish

    project = load_project(arguments.project, engine=arguments.engine)
    return store_wish(project, arguments.store).address is not None


def _rendered(arguments: argparse.Namespace) -> Outcome:
    from pipeline import workflow
    from pipeline.cli.progress import receiver_for

    # Outside the event loop SIGTERM ends a run the way Ctrl-C does: temporary files are removed, takes are kept.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return workflow.render(
        arguments.project,
        engine=arguments.engine,
        options=workflow.RenderOptions(
            chapters=arguments.chapters,
            jobs=arguments.jobs,
            out=arguments.out,
            force=arguments.force,
            allow_partial=arguments.allow_partial,
            api_url=arguments.api_url,
            max_cost_cents=arguments.max_cost,
            allow_unknown_price=arguments.allow_unknown_price,
            wait_for_lock_seconds=arguments.wait_lock,
            together=arguments.together,
            store=arguments.store,
            shared=arguments.shared,
        ),
        receiver=receiver_for("none" if arguments.quiet else arguments.events),
        confirm=confirm if sys.stdin.isatty() and sys.stderr.isatty() else None,
    )


def _summary(outcome: Outcome) -> list[str]:
    from pipeline.project.profiles import profile_name
    from pipeline.reports.estimates import counted

    record = outcome.record
    made = counted(record.takes_made, "take")
    takes = f"{made} made, {record.takes_reused:,} reused, {record.segments_failed:,} failed"
    length, spent = shown_duration(record.audio_seconds), shown_duration(record.wall_seconds)
    lines = [f"{outcome.project.title}: {length} of audio, {takes}, in {spent}"]
    if outcome.nothing_to_do:
        lines.append("nothing to do: every output is current")
    if record.spent_cents or record.unknown_charges:
        lines.append(f"  {_spent(record)}")
    for folder, count, size in outcome.file_groups():
        lines.append(f"  {folder}  {f'{count} files, ' if count > 1 else ''}{shown_size(size)}")
    lines += _stale(record)
    for file in record.files:
        if file.sound is not None and file.sound.outside:
            name = profile_name(outcome.project.profile)
            lines.append(f"  technical check ({name}): {file.path}: {'; '.join(file.sound.outside)}")
    return lines


def _stale(record: RunRecord) -> list[str]:
    """Outputs of earlier runs, those of a folder together: some will be made again, others are no longer asked for."""
    everything_was_made = record.inputs and record.status == "done" and record.chapters == record.chapters_whole
    if everything_was_made:
        why = "no longer an output; `narrate clean`, then `narrate render` takes it away"
    else:
        why = "older than the manuscript"
    folders = Counter(path.rpartition("/")[0] for path in record.stale)
    alone = [path for path in record.stale if "/" not in path or folders[path.rpartition("/")[0]] == 1]
    together = [f"{folder}/  {count:,} files" for folder, count in folders.items() if folder and count > 1]
    return [f"  stale: {what} ({why})" for what in [*alone, *together]]


def _spent(record: RunRecord) -> str:
    real = "" if record.provider == "kugelaudio" else f" at {record.provider}"
    unknown = f"; {record.unknown_charges} charges unknown, at most {record.reserved_cents} cents in all"
    return f"spent: {record.spent_cents.normalize():f} cents{real}{unknown if record.unknown_charges else ''}"


def confirm(question: str) -> bool:
    """Ask on the terminal; only a plain yes is one."""
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds")
    return value
