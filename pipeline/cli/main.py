"""The command line: parses, calls one command, and turns errors into messages and exit codes, here and only here."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence

from pipeline import __version__
from pipeline.cli import (
    captions,
    check,
    clean,
    completion,
    costs,
    dictionaries,
    doctor,
    explain,
    init,
    models,
    plan,
    preview,
    render,
    retake,
    schema,
    serve,
    status,
    store,
    verify,
    voices,
)
from pipeline.cli.annotations import annotate_error, guarded_output
from pipeline.cli.parsing import Parser
from pipeline.cli.quiet import quietened
from pipeline.cli.several import run_each
from pipeline.errors import InputError, Interrupted, NarrateError
from pipeline.project.wording import printable

_EXIT_CODES = """\
exit codes:
  0 done   1 internal error   2 wrong usage, manifest, manuscript or voice   3 segments failed, the rest is kept;
  or the service cannot be reached
  4 stopped by budget or empty wallet   5 the key is refused   6 a check failed   7 another run holds the lock
  8 storage: disk full or read-only   130 interrupted; run again to go on
"""

_UNDONE = {"render": "; nothing was rendered"}
_MOST_PROBLEMS = 200
"""What a person reads and a log keeps."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``narrate`` and return its exit code."""
    parser = build_parser()
    with guarded_output(os.environ):
        arguments = parser.parse_args(argv)
        if not hasattr(arguments, "each_project"):
            return _run(arguments)
        try:
            return run_each(arguments, _run)
        except NarrateError as error:
            return _ended(error, arguments)


def _run(arguments: argparse.Namespace) -> int:
    try:
        with quietened(arguments):
            code: int = arguments.run(arguments)
        sys.stdout.flush()
    except NarrateError as error:
        return _ended(error, arguments)
    except KeyboardInterrupt:
        told = Interrupted("interrupted", hint="what was finished is kept; run the same command to go on")
        return _ended(told, arguments)
    except BrokenPipeError:
        # The reader of our output (head, less) has gone: nothing is wrong, and nobody is left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE if hasattr(signal, "SIGPIPE") else 1
    except Exception as error:  # the last line of defence: a traceback shown to a user is a bug
        if os.environ.get("NARRATE_TRACEBACK"):
            raise
        return _ended(_internal(error), arguments)
    return code


def _ended(error: NarrateError, arguments: argparse.Namespace) -> int:
    """Say what went wrong, to people and to the CI server; its exit code."""
    _report(error, getattr(arguments, "command", ""))
    try:
        annotate_error(error, arguments)
    except NarrateError as second:  # the summary cannot be written: the first error's code tells more
        _report(second, "")
    return error.exit_code


def build_parser() -> Parser:
    """The parser with all commands."""
    parser = Parser(
        prog="narrate",
        description="Narration as a build: a manuscript in, a finished audiobook with captions out.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"narrate {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in (
        init,
        check,
        plan,
        render,
        retake,
        status,
        verify,
        captions,
        costs,
        store,
        doctor,
        explain,
        schema,
        completion,
        clean,
        preview,
        serve,
        voices,
        models,
        dictionaries,
    ):
        command.add_parser(commands)
    return parser


def _report(error: NarrateError, command: str) -> None:
    if isinstance(error, InputError):
        count = len(error.problems)
        lines = [printable(str(problem)) for problem in error.problems[:_MOST_PROBLEMS]]
        if count > _MOST_PROBLEMS:
            lines.append(f"… and {count - _MOST_PROBLEMS} more")
        lines.append(f"narrate: {count} problem{'s' if count != 1 else ''} found{_UNDONE.get(command, '')}")
    else:
        lines = [f"narrate: {printable(error.message)}"]
    if error.hint:
        lines.append(f"  {error.hint}")
    sys.stdout.flush()
    print("\n".join(lines), file=sys.stderr)  # noqa: T201 - this is the terminal


def _internal(error: Exception) -> NarrateError:
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return NarrateError(
        f"internal error: {what}",
        hint="this is a bug in narrate; what was finished is kept. NARRATE_TRACEBACK=1 shows where it happened",
    )


if __name__ == "__main__":
    sys.exit(main())
