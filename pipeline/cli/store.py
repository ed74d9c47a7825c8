"""``narrate store``: look at the store that machines share, send to it, bring from it, check it, and tidy it up."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from pipeline.cli.arguments import Commands, add_api_url, add_engine, add_project, add_store, shown_duration, shown_size
from pipeline.cli.quiet import add_quiet

if TYPE_CHECKING:
    from pipeline.store.shared.collecting import Waste
    from pipeline.store.shared.desk import Desk

_EPILOG = """\
examples:
  narrate store status --store s3://bucket/narration
  narrate store push projects/lighthouse
  narrate store verify --set-aside
  narrate store gc --keep main --keep v1.0 --keep other/project.yaml
"""
_LISTED = 20


def add_parser(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "store",
        help="look at, fill, check or tidy the store that machines share",
        description="Takes and ledgers between this project and the store that machines share (docs/store.md).",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    _action(actions, "status", _status, "what is in the store, what is only here, and who is at work")
    push = _action(actions, "push", _push, "send takes and ledgers that the store lacks")
    push.add_argument(
        "--replace", action="store_true", help="put intact takes from here in the place of those damaged in the store"
    )
    pull = _action(actions, "pull", _pull, "bring the takes that the project needs, and its ledgers")
    add_engine(pull)
    add_api_url(pull)
    pull.add_argument("--all", action="store_true", help="bring every take of the store, needed or not")
    verify = _action(actions, "verify", _verify, "read every take of the store and compare it with its checksum")
    verify.add_argument(
        "--set-aside", action="store_true", help="take what is damaged out of use; a render then makes it again"
    )
    _add_gc(actions)


def _add_gc(actions: Commands) -> None:
    gc = _action(actions, "gc", _gc, "remove takes that nothing needs, after showing them and what was paid for them")
    gc.add_argument(
        "--keep",
        action="append",
        default=[],
        metavar="WHAT",
        help="keep what this needs too: a git revision of the project, another folder or manifest; repeatable",
    )
    gc.add_argument(
        "--forget",
        action="append",
        default=[],
        metavar="PROJECT",
        help="do not mind another project of the store, by the name that it has there; repeatable",
    )
    gc.add_argument("--yes", action="store_true", help="do not ask")


def _action(
    actions: Commands, name: str, run: Callable[[argparse.Namespace, Desk], int], what: str
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")
    add_project(parser)
    add_store(parser)
    add_quiet(parser)
    parser.set_defaults(run=lambda arguments: _at_desk(arguments, run))
    return parser


def _at_desk(arguments: argparse.Namespace, run: Callable[[argparse.Namespace, Desk], int]) -> int:
    from pipeline.render.sharing import open_desk

    with open_desk(arguments.project, arguments.store, notice=_say) as desk:
        return run(arguments, desk)


def _status(_: argparse.Namespace, desk: Desk) -> int:
    from pipeline.store.shared.surveying import survey

    found = survey(desk.remote, desk.catalogue, desk.project, desk.runner)
    here = set(desk.takes.all_keys())
    _say(f"{desk.remote.shown}: {found.takes:,} takes, {shown_size(found.size_bytes)}, version 1")
    _say(f"  takes here that the store lacks: {len(here - desk.catalogue.keys):,}")
    _say(f"  takes in the store that are not here: {len(desk.catalogue.keys - here):,}")
    _say(f"  ledgers of {desk.project}: {found.ledgers:,}; claims: {found.claims:,}")
    _say(f"  at work now: {', '.join(found.runs) or 'nobody'}")
    return 0


def _push(arguments: argparse.Namespace, desk: Desk) -> int:
    from pipeline.reports.estimates import counted

    replaced = desk.replace_damaged() if arguments.replace else 0
    sent, ledgers = desk.push()
    _say(f"sent {counted(sent, 'take')} and {counted(ledgers, 'ledger')} to {desk.remote.shown}")
    if arguments.replace:
        _say(f"replaced {counted(replaced, 'damaged take')}")
    return 0


def _pull(arguments: argparse.Namespace, desk: Desk) -> int:
    from pipeline import workflow
    from pipeline.reports.estimates import counted

    if arguments.all:
        keys = [key for key in desk.catalogue.keys if desk.takes.stored(key) is None]
    else:
        plan = workflow.plan(
            arguments.project, engine=arguments.engine, api_url=arguments.api_url, store=arguments.store
        )
        keys = [planned.key for planned in plan.segments() if planned.elsewhere]
    came, ledgers = desk.pull(keys)
    _say(f"brought {counted(came, 'take')} and {counted(ledgers, 'ledger')} from {desk.remote.shown}")
    desk.require_intact()
    return 0


def _verify(arguments: argparse.Namespace, desk: Desk) -> int:
    from pipeline.errors import CheckFailed
    from pipeline.reports.estimates import counted
    from pipeline.store.shared.surveying import damaged_in_store, set_aside

    damaged = list(damaged_in_store(desk.remote, sorted(desk.catalogue.keys)))
    for error in damaged:
        if arguments.set_aside:
            set_aside(desk.remote, error.key, desk.catalogue)
        _say(f"  {error.message}")
    _say(f"{desk.remote.shown}: {len(desk.catalogue.keys):,} takes read, {len(damaged):,} damaged")
    if not damaged:
        return 0
    if arguments.set_aside:
        _say("they are in damaged/ now; `narrate store push` from a machine that has them brings them back")
        return 0
    raise CheckFailed(
        f"{counted(len(damaged), 'take')} in the store {'is' if len(damaged) == 1 else 'are'} damaged",
        hint=damaged[0].hint,
    )


def _gc(arguments: argparse.Namespace, desk: Desk) -> int:
    from pipeline import other_plans
    from pipeline.errors import UsageError
    from pipeline.store.shared.collecting import find_waste, marks_over, projects_in, remove_waste, require_quiet
    from pipeline.store.shared.surveying import sidecars_of

    require_quiet(desk.runner)
    needed, projects = other_plans.needed(arguments.project, arguments.keep)
    others = sorted(projects_in(desk.remote) - projects - set(arguments.forget))
    if others:
        raise UsageError(
            f"the store serves other projects too, whose takes would go: {', '.join(others)}",
            hint="name their manifests with --keep, or --forget them",
        )
    unsure = sorted(desk.catalogue.keys - needed.keys)
    waste = find_waste(desk.catalogue, sidecars_of(desk.remote, unsure), needed)
    kept = len(desk.catalogue.keys) - len(waste.takes)
    what = _shown(waste)
    if waste.unreadable:
        _say(f"{waste.unreadable} sidecars are damaged and stay (`narrate store verify`)")
    if not waste.names:
        _say(f"nothing to remove: all {kept:,} takes are needed")
        return 0
    for take in waste.takes[:_LISTED]:
        _say(f"  {take.key[:12]}  {shown_duration(take.seconds)}  {' '.join(str(take.inputs['text']).split())[:60]}")
    if len(waste.takes) > _LISTED:
        _say(f"  … and {len(waste.takes) - _LISTED:,} more")
    _say(f"{kept:,} takes stay")
    if not arguments.yes and not _confirmed(f"remove {what}?"):
        _say("everything stays")
        return 0
    remove_waste(desk.remote, waste, marks_over(desk.remote, desk.catalogue.keys))
    _say(f"removed {what}")
    return 0


def _shown(waste: Waste) -> str:
    from pipeline.reports.estimates import counted

    paid = [
        f"{cents.normalize():f} cents{'' if provider == 'kugelaudio' else f' at {provider}'}"
        for provider, cents in sorted(waste.cents.items())
    ]
    if waste.unknown:
        paid.append(f"{waste.unknown} of unknown price")
    length, size = shown_duration(waste.seconds), shown_size(waste.size_bytes)
    return f"{counted(len(waste.takes), 'take')}, {length} of audio, {size}, paid: {', '.join(paid) or 'nothing'}"


def _confirmed(question: str) -> bool:
    from pipeline.cli.render import confirm
    from pipeline.errors import UsageError

    if not sys.stdin.isatty():
        raise UsageError("removing takes needs an answer, and there is no terminal to ask", hint="add --yes")
    return confirm(question)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
