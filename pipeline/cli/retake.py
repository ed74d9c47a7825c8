"""``narrate retake``: ask for another take of a segment, go back to an earlier one, or take the last choice back."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli.arguments import Commands, add_api_url, add_engine
from pipeline.cli.plan import add_offline
from pipeline.cli.quiet import add_quiet

if TYPE_CHECKING:
    from pipeline.render.plan import Plan
    from pipeline.render.retaking import Choice, Retaken


def add_parser(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "retake",
        help="ask for another take of a segment, or choose an earlier one",
        description="Record which take of a segment is used, in takes.yaml beside the manifest. The old take is kept; "
        "`narrate render` makes the new one. A line that stands several times in the book is one take.",
        epilog="example: narrate retake the-stairs:3 && narrate render",
    )
    parser.add_argument(
        "names",
        nargs="*",
        metavar="[PROJECT] SEGMENT",
        help="CHAPTER:INDEX (a slug, or a number from 1) or the first digits of a key, as `narrate plan` shows them; "
        "what is neither is the project (default: the current folder)",
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--choose", type=int, metavar="N", help="use take N, made before (0: the first)")
    how.add_argument("--undo", action="store_true", help="take the last choice back")
    how.add_argument("--list", action="store_true", help="show every choice, where it holds and which takes are stored")
    parser.add_argument(
        "--unheard", action="store_true", help="ask for another take although the present one is not stored here"
    )
    add_engine(parser)
    add_api_url(parser)
    add_offline(parser)
    add_quiet(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Record the choice and say what it comes to."""
    from pipeline import workflow
    from pipeline.errors import UsageError
    from pipeline.store.chosen_takes import MOST_TAKES

    project, segments = _sorted_out(arguments.names)
    common = {"engine": arguments.engine, "api_url": arguments.api_url, "offline": arguments.offline}
    if arguments.list:
        _list(workflow.choices(project, **common))
        return 0
    if not segments:
        raise UsageError(
            "retake of which segment?",
            hint="name one, such as the-stairs:3; build/index.html shows every segment with its number",
        )
    if arguments.choose is not None and not 0 <= arguments.choose <= MOST_TAKES:
        raise UsageError(
            f"--choose {arguments.choose}: takes are numbered from 0 to {MOST_TAKES}",
            hint="`narrate retake --list` shows which are stored",
        )
    retaken, plan = workflow.retake(
        project, segments, choose=arguments.choose, undo=arguments.undo, unheard=arguments.unheard, **common
    )
    for taken in retaken:
        _say(_told(taken))
    _say(_ahead(retaken, plan))
    return 0


def _sorted_out(names: Sequence[str]) -> tuple[Path, list[str]]:
    """Project and segments, in whatever order they came."""
    from pipeline.errors import UsageError
    from pipeline.render.retaking import looks_like_segment

    segments = [name for name in names if looks_like_segment(name)]
    projects = [name for name in names if not looks_like_segment(name)]
    unknown = next((name for name in projects if not Path(name).exists()), None)
    if unknown is not None or len(projects) > 1:
        hint = "a segment is CHAPTER:INDEX, or four digits or more of its key"
        raise UsageError(f"'{unknown or projects[1]}' is neither a segment nor the project", hint=hint)
    return Path(projects[0]) if projects else Path(), segments


def _told(taken: Retaken) -> str:
    from pipeline.store.chosen_takes import excerpt_of

    where = taken.places[0] if len(taken.places) == 1 else f"{taken.places[0]} and {len(taken.places) - 1} more places"
    if taken.take == taken.before:
        what = f"take {taken.take} is chosen already"
    else:
        what = f"take {taken.before} → {taken.take}"
    return f"{where}: {what}: {excerpt_of(taken.planned.segment.text)}"


def _ahead(retaken: Sequence[Retaken], plan: Plan) -> str:
    from pipeline.render.plan import estimate_of
    from pipeline.reports.estimates import counted, shown_cost, shown_range

    places = {place for taken in retaken for place in taken.places}
    missing = [
        planned
        for planned in plan.segments()
        if planned.take is None and f"{planned.segment.chapter}:{planned.segment.index}" in places
    ]
    if not missing:
        return "takes.yaml keeps it; `narrate render` assembles the stored take"
    estimate, count = estimate_of(missing, plan.pricing), len({planned.key for planned in missing})
    return (
        f"takes.yaml keeps it; `narrate render` makes {counted(count, 'take')}: "
        f"{shown_range(estimate)} of audio, {shown_cost(estimate)}; by {estimate.basis}"
    )


def _list(choices: Sequence[Choice]) -> None:
    if not choices:
        _say("no take was chosen: the first take of every segment is used")
    for choice in choices:
        where = ", ".join(choice.places[:3]) + (f" and {len(choice.places) - 3} more" if len(choice.places) > 3 else "")
        stored = ", ".join(map(str, choice.stored)) or "none"
        entry = choice.entry
        if choice.places:
            _say(f"  {where}: take {entry.take} (stored: {stored}): {entry.excerpt}")
        else:
            gone = "of a text that is not in the book now"
            _say(f"  {entry.chapter or entry.text}: take {entry.take} {gone}: {entry.excerpt}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
