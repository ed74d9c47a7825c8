"""``narrate captions``: caption files made from the timeline without rendering, and caption files checked."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli.arguments import Commands
from pipeline.cli.quiet import add_quiet
from pipeline.project.formats import OutputFormat

if TYPE_CHECKING:
    from pipeline.captions.checking.checking import CheckedCaptions
    from pipeline.project.outputs import Output

_MOST_SHOWN = 100
"""Findings of one file that a person reads."""
_MOST_BYTES = 64_000_000
"""Twenty times the captions of a long novel with the times of its words."""
_FORMATS = tuple(str(each) for each in OutputFormat if each.written_by)


def add_parser(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "captions",
        help="make captions from the timeline, or check caption files of any origin",
        description="Without --check: write a project's captions from build/timeline.json, rendering nothing. "
        "With --check: judge SRT, WebVTT, ASS and LRC files. Errors break playing (encoding, syntax, overlaps, "
        "captions out of order), warnings break readability rules; errors, and with --strict warnings too, exit 6.",
        epilog="examples: narrate captions projects/lighthouse --format vtt --granularity word --out captions\n"
        "          narrate captions --check --rules bbc episode.srt",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("paths", nargs="*", type=Path, metavar="PROJECT | FILE", help="a project; with --check, files")
    parser.add_argument("--check", action="store_true", help="check the FILEs")
    parser.add_argument("--rules", choices=("netflix", "bbc"), help="whose readability rules (default: netflix)")
    add_quiet(parser)
    making = parser.add_argument_group("making")
    making.add_argument("--format", choices=_FORMATS, help="what to write (default: vtt)")
    making.add_argument("--granularity", choices=("caption", "sentence", "word"), help="what gets a time of its own")
    making.add_argument("--speakers", choices=("none", "names", "colours"), help="how voices are told apart")
    making.add_argument("--out", type=Path, metavar="DIR", help="where to write (default: captions/ in the project)")
    checking = parser.add_argument_group("checking")
    checking.add_argument("--language", metavar="TAG", help="language of the captions (BCP 47; default: en)")
    checking.add_argument("--strict", action="store_true", help="let warnings fail the check as well")
    checking.add_argument("--json", action="store_true", help="all findings as JSON on standard output")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Check, or make."""
    return _check(arguments) if arguments.check else _make(arguments)


def _make(arguments: argparse.Namespace) -> int:
    from pipeline.cli.arguments import shown_size
    from pipeline.errors import UsageError
    from pipeline.project.loading import load_project
    from pipeline.reports.caption_files import remake_captions
    from pipeline.store.layout import Layout

    _refuse(arguments, {"language": "--language", "strict": "--strict", "json": "--json"}, "is for --check")
    if len(arguments.paths) > 1:
        raise UsageError("one project at a time", hint="to check files, add --check")
    output = _output(arguments)
    project = load_project(arguments.paths[0] if arguments.paths else Path())
    folder = arguments.out or project.folder / "captions"
    for path in remake_captions(project, Layout.of(project).outputs, output, folder):
        sys.stdout.write(f"{path}  {shown_size(path.stat().st_size)}\n")
    return 0


def _output(arguments: argparse.Namespace) -> Output:
    from pydantic import ValidationError

    from pipeline.errors import UsageError
    from pipeline.project.outputs import Output

    asked = {
        "format": arguments.format or "vtt",
        "granularity": arguments.granularity,
        "rules": arguments.rules,
        "speakers": arguments.speakers,
    }
    try:
        return Output.model_validate(asked)
    except ValidationError as error:
        problem = error.errors()[0]
        key = (problem.get("ctx") or {}).get("at", ("format",))[0]
        raise UsageError(
            f"--{key} {asked[key]}: expected {problem['msg']}", hint="see `narrate captions --help`"
        ) from error


def _check(arguments: argparse.Namespace) -> int:
    from pipeline.captions.checking.checking import check_captions
    from pipeline.captions.checking.findings import Level
    from pipeline.captions.rules import RULE_SETS
    from pipeline.errors import CheckFailed, UsageError

    _refuse(
        arguments,
        {"format": "--format", "granularity": "--granularity", "speakers": "--speakers", "out": "--out"},
        "is for making captions",
    )
    if not arguments.paths:
        raise UsageError("--check needs a FILE", hint="such as: narrate captions --check build/srt/*.srt")
    rules = RULE_SETS[arguments.rules or "netflix"]
    checked = [
        (path, check_captions(_read(path), path.suffix[1:], rules, arguments.language)) for path in arguments.paths
    ]
    sys.stdout.write(
        _as_json(checked, arguments) if arguments.json else "".join(_as_text(path, result) for path, result in checked)
    )
    failing = [Level.ERROR, Level.WARNING] if arguments.strict else [Level.ERROR]
    failed = [path for path, result in checked if any(result.count(level) for level in failing)]
    if failed:
        names = ", ".join(map(str, failed[:5])) + ("…" if len(failed) > 5 else "")
        raise CheckFailed(
            f"{len(failed)} of {len(checked)} caption files failed: {names}",
            hint="mend the lines that are named above; captions of your own come anew from `narrate captions`",
        )
    return 0


def _refuse(arguments: argparse.Namespace, flags: dict[str, str], why: str) -> None:
    from pipeline.errors import UsageError

    for name, flag in flags.items():
        if getattr(arguments, name):
            raise UsageError(f"{flag} {why}", hint="see `narrate captions --help`")


def _read(path: Path) -> bytes:
    from pipeline.errors import InputError, Problem

    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InputError([Problem(str(path), 0, 0, f"larger than {_MOST_BYTES // 1_000_000} MB: no caption file")])
        return path.read_bytes()
    except OSError as error:
        raise InputError([Problem(str(path), 0, 0, (error.strerror or str(error)).lower())]) from error


def _as_text(path: Path, checked: CheckedCaptions) -> str:
    from pipeline.captions.checking.clocks import shown
    from pipeline.captions.checking.findings import Level

    lines = []
    for finding in checked.findings[:_MOST_SHOWN]:
        place = "" if finding.caption is None else f"caption {finding.caption}"
        place += "" if finding.start_ms is None else f" at {shown(finding.start_ms)}"
        message = f"{finding.message} ({place})" if place else finding.message
        lines.append(f"{path}:{finding.line}: {finding.level}: {finding.fault}: {message}")
    if len(checked.findings) > _MOST_SHOWN:
        lines.append(f"… and {len(checked.findings) - _MOST_SHOWN} more; --json lists all")
    counts = ", ".join(f"{fault} {count}" for fault, count in checked.counts().items())
    lines.append(
        f"{path}: {len(checked.captions)} captions, {checked.count(Level.ERROR)} errors, "
        f"{checked.count(Level.WARNING)} warnings{f' ({counts})' if counts else ''}"
    )
    return "".join(f"{line}\n" for line in lines)


def _as_json(checked: list[tuple[Path, CheckedCaptions]], arguments: argparse.Namespace) -> str:
    import orjson

    from pipeline.captions.checking.findings import Level

    files = [
        {
            "path": str(path),
            "format": result.format,
            "language": result.language,
            "captions": len(result.captions),
            "errors": result.count(Level.ERROR),
            "warnings": result.count(Level.WARNING),
            "counts": result.counts(),
            "findings": result.findings,
        }
        for path, result in checked
    ]
    document = {"schema": 1, "rules": arguments.rules or "netflix", "strict": arguments.strict, "files": files}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n"
