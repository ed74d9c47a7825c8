"""``narrate dictionaries``: a project's dictionary files beside those of the same name at the provider."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli.arguments import Commands, add_api_url, add_project

if TYPE_CHECKING:
    from pipeline.engines.kugelaudio.dictionary_sync import Difference
    from pipeline.kugelaudio import KugelAudio
    from pipeline.project.dictionaries import DictionaryEntry
    from pipeline.project.models import Project

_EPILOG = """\
A file names.yaml is the dictionary “names” at the provider, once for each language of its entries. Renders do not
depend on it: they make dictionaries of their own, named narrate-…, from the files.

example: narrate dictionaries diff projects/lighthouse
"""


def add_parser(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "dictionaries",
        help="compare dictionary files with the provider's, send them or fetch them",
        description="Keep the project's pronunciation dictionaries and those at the provider alike. Costs nothing.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("action", choices=("diff", "push", "pull"), help="compare, make there what is here, or back")
    add_project(parser)
    parser.add_argument("--delete", action="store_true", help="remove what the other side does not have")
    parser.add_argument("--json", action="store_true", help="diff: as a JSON array")
    add_api_url(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Carry out the action on every dictionary file of the project."""
    from pipeline.cli.provider import provider_client
    from pipeline.engines.kugelaudio.dictionary_sync import difference, fetch
    from pipeline.project.dictionaries import load_dictionary
    from pipeline.project.loading import load_project

    project = load_project(arguments.project)
    settings, shown = project.engines.kugelaudio, []
    with provider_client(arguments.api_url, settings.region) as client:
        for path in project.dictionaries:
            name, here = _shown(path, project), load_dictionary(path)
            there = fetch(client, path.stem, settings.project_id)
            differing = difference(here, there)
            if arguments.action == "push":
                _push(client, project, path, here, differing, delete=arguments.delete)
            elif arguments.action == "pull":
                _pull(path, name, here, there, differing, delete=arguments.delete)
            elif arguments.json:
                shown.append(_as_json(name, differing))
            else:
                _say_difference(name, differing)
    if not project.dictionaries:
        sys.stderr.write("the manifest names no dictionaries\n")
    if arguments.action == "diff" and arguments.json:
        _write_json(shown)
    return 0


def _shown(path: Path, project: Project) -> str:
    return path.relative_to(project.folder).as_posix() if path.is_relative_to(project.folder) else path.name


def _push(
    client: KugelAudio,
    project: Project,
    path: Path,
    here: tuple[DictionaryEntry, ...],
    differing: Difference,
    *,
    delete: bool,
) -> None:
    from pipeline.engines.kugelaudio.dictionary_sync import send

    name = _shown(path, project)
    if not differing:
        _say(f"{name}: nothing to send")
        return
    _refuse_loss(name, differing.only_there, "only at the provider", "`narrate dictionaries pull`", delete)
    total = send(client, path.stem, project.engines.kugelaudio.project_id, here)
    _say(f"{name}: {_counts(differing)}; “{path.stem}” holds {total} entries now")


def _pull(
    path: Path,
    name: str,
    here: tuple[DictionaryEntry, ...],
    there: list[DictionaryEntry],
    differing: Difference,
    *,
    delete: bool,
) -> None:
    from pipeline.engines.kugelaudio.dictionary_sync import merged
    from pipeline.store.dictionary_files import write_dictionary

    if not differing:
        _say(f"{name}: nothing to fetch")
        return
    _refuse_loss(name, differing.only_here, "only in the file", "`narrate dictionaries push`", delete)
    write_dictionary(path, merged(here, there))
    _say(f"{name}: {_counts(differing)}; the file holds {len(there)} entries now")


def _refuse_loss(name: str, lost: tuple[DictionaryEntry, ...], where: str, other: str, delete: bool) -> None:
    """Raises UsageError where entries would be removed that nobody said to remove."""
    from pipeline.errors import UsageError

    if lost and not delete:
        words = ", ".join(f"“{entry.word}”" for entry in lost[:5]) + (" …" if len(lost) > 5 else "")
        raise UsageError(
            f"{name}: {len(lost)} entries are {where} and would be removed: {words}",
            hint=f"{other} keeps them, --delete removes them",
        )


def _counts(differing: Difference) -> str:
    counts = ((len(differing.only_here), "only here"), (len(differing.only_there), "only there"))
    return ", ".join(f"{count} {what}" for count, what in (*counts, (len(differing.changed), "changed")) if count)


def _say_difference(name: str, differing: Difference) -> None:
    _say(f"{name}: {_counts(differing) or 'the same'}")
    for entry in differing.only_here:
        _say(f"  + {_described(entry)}")
    for entry in differing.only_there:
        _say(f"  - {_described(entry)}")
    for here, there in differing.changed:
        _say(f"  ~ {_described(here)}  (there: {_described(there)})")


def _described(entry: DictionaryEntry) -> str:
    notes = ", ".join(note for note in (entry.language, "as written" if entry.case_sensitive else None) if note)
    ipa = f" /{entry.ipa}/" if entry.ipa else ""
    return f"{entry.word} → {entry.replacement}{ipa}" + (f" ({notes})" if notes else "")


def _as_json(name: str, differing: Difference) -> dict[str, object]:
    from dataclasses import asdict

    return {"file": name, **asdict(differing)}


def _write_json(value: object) -> None:
    import json

    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
